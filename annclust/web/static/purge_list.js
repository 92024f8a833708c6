/** Purges of the past, and bringing their files back. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { bytes, moment, number, plural } from "./words.js";

const STATES = {
  "in trash": "in the trash",
  restored: "brought back",
  partly: "partly brought back",
  empty: "trash emptied",
};

/**
 * @param {object} app
 * @param {object[]} purges
 * @param {() => void} again shows them anew
 * @returns {HTMLElement}
 */
export function purgeList(app, purges, again) {
  if (!purges.length) return h("p.secondary", { text: "None yet." });
  return h(
    "ul.purges",
    {},
    purges.map((purge) => row(app, purge, again)),
  );
}

/** @param {object} app @param {string | number} id @returns {Promise<boolean>} whether its files are back */
export async function undoPurge(app, id) {
  try {
    const result = await app.jobs.run({ kind: "undo", purge: id });
    app.toasts.tell(restored(result));
    return true;
  } catch (error) {
    app.toasts.fail(error);
    return false;
  }
}

function restored(result) {
  if (!result) return "The files are back.";
  const left = result.not_restored
    ? ` ${plural(result.not_restored, "file")} could not be put back.`
    : "";
  return `${plural(result.files, "file is", "files are")} back where they were.${left}`;
}

function row(app, purge, again) {
  const label = `Undo the purge of ${moment(purge.began)}`;
  const attributes = { testid: "undo-purge", "aria-label": label };
  const undo = h("button.button.small", attributes, icon("undo", 18), "Undo");
  undo.addEventListener("click", async () => {
    undo.disabled = true;
    if (await undoPurge(app, purge.id)) again();
    else undo.disabled = false;
  });
  const counts = [plural(purge.photos, "photo"), plural(purge.files, "file"), bytes(purge.bytes)];
  const words = h("p.secondary", { text: [...counts, state(purge)].join(" · ") });
  const name = h("strong", { text: moment(purge.began) });
  return h(
    "li.purge.panel",
    { testid: "purge" },
    h("div", {}, name, words),
    purge.can_undo && undo,
  );
}

function state({ state: name, in_trash: inTrash }) {
  return name === "partly" ? `${number(inTrash)} still in the trash` : (STATES[name] ?? name);
}

/** Purges of the past, and bringing their files back. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { leftBehind, leftIn } from "./left_behind.js";
import { bytes, moment, number, plural } from "./words.js";

const STATES = {
  "in trash": "in the trash",
  restored: "brought back",
  empty: "trash emptied",
  interrupted: "interrupted half-way",
};

/**
 * @param {object} app
 * @param {object[]} purges
 * @param {(result: object) => void} again shows them anew after one was undone
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

/**
 * @param {object} app
 * @param {number} id
 * @returns {Promise<object | null>} what came of it; null if it failed, which was told
 */
export async function undoPurge(app, id) {
  try {
    const result = await app.jobs.run({ kind: "undo", purge: id });
    app.toasts.tell(restored(result));
    return result ?? {};
  } catch (error) {
    app.toasts.fail(error);
    return null;
  }
}

/** @param {object} result of undoing @returns {HTMLElement | null} the files that could not be put back */
export function notRestored(result) {
  const told = (files) => `${files} could not be put back`;
  const list = leftBehind(...leftIn(result, "not_restored"), told);
  return list && h("div.panel", { role: "status", testid: "not-restored" }, list);
}

function restored(result) {
  if (!result) return "The files are back.";
  return `${plural(result.files, "file is", "files are")} back where they were.`;
}

function row(app, purge, again) {
  const label = `Undo the purge of ${moment(purge.began)}`;
  const attributes = { testid: "undo-purge", "aria-label": label };
  const undo = h("button.button.small", attributes, icon("undo", 18), "Undo");
  undo.addEventListener("click", async () => {
    undo.disabled = true;
    const result = await undoPurge(app, purge.id);
    if (result) again(result);
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

function state({ state: name, files, in_trash: inTrash }) {
  const isPart = inTrash > 0 && inTrash < files;
  return isPart ? `${number(inTrash)} still in the trash` : (STATES[name] ?? name);
}

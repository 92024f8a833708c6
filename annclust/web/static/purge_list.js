/** Purges of the past, and bringing their files back. */

import { h } from "./dom.js";
import { undoButton } from "./purge_outcome.js";
import { bytes, moment, number, plural } from "./words.js";

const STATES = {
  "in trash": "in the trash",
  restored: "brought back",
  empty: "trash emptied",
  "not moved": "nothing was moved",
  interrupted: "interrupted half-way",
};

/**
 * @param {object} app
 * @param {object[]} purges
 * @param {import("./purge_outcome.js").Place} place which shows them anew after one was undone
 * @returns {HTMLElement}
 */
export function purgeList(app, purges, place) {
  if (!purges.length) return h("p.secondary", { text: "None yet." });
  return h(
    "ul.purges",
    {},
    purges.map((purge) => row(app, purge, place)),
  );
}

function row(app, purge, place) {
  const label = `Undo the purge of ${moment(purge.began)}`;
  const attributes = { class: "small", testid: "undo-purge", "aria-label": label };
  const counts = [plural(purge.photos, "photo"), plural(purge.files, "file"), bytes(purge.bytes)];
  const words = h("p.secondary", { text: [...counts, state(purge)].join(" · ") });
  const name = h("strong", { text: moment(purge.began) });
  return h(
    "li.purge.panel",
    { testid: "purge" },
    h("div", {}, name, words),
    purge.can_undo && undoButton(app, purge.id, place, attributes),
  );
}

function state({ state: name, files, in_trash: inTrash }) {
  const isPart = inTrash > 0 && inTrash < files;
  return isPart ? `${number(inTrash)} still in the trash` : (STATES[name] ?? name);
}

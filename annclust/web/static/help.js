/** What the keys do, on one sheet; docs/review.md has them in a table. */

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";

const keysOf = ({ can_text: canText }) => ({
  Everywhere: [
    [["1"], ["…"], ["5"], "groups, one-offs, map, decisions, purge"],
    [["/"], canText ? "find look-alikes of a text or a file" : "find look-alikes of a file"],
    [["T"], "theme"],
    [["?"], "this sheet"],
    [["Esc"], "close, or back"],
  ],
  Groups: [
    [["←"], ["→"], ["↑"], ["↓"], "from group to group"],
    [["Page Up"], ["Page Down"], "a screen up, down"],
    [["Home"], ["End"], "first, last group"],
    [["Enter"], "open"],
    [["V"], "select, to join groups"],
    [["A"], "accept all suggestions"],
    [["←"], ["→"], "on the slider: finer, coarser"],
    [["Page Up"], ["Page Down"], "on the slider: from mark to mark"],
  ],
  "One group": [
    [["←"], ["→"], ["↑"], ["↓"], "from photo to photo"],
    [["P"], "keep"],
    [["X"], "reject"],
    [["U"], "clear the mark"],
    [["Enter"], "accept the suggestion, go to the next open group"],
    [["S"], "skip, go on"],
    [["["], ["]"], "group before, group after"],
    [["Space"], "look at it large"],
    [["Z"], "look at it at 100 %"],
    [["C"], "compare"],
    [["N"], "not the same: split it off"],
    [["B"], "belongs together with…"],
    [["L"], "look-alikes"],
  ],
  Large: [
    [["←"], ["→"], ["↑"], ["↓"], "other photo; move, when zoomed"],
    [["Z"], "whole picture or 100 %"],
    [["+"], ["−"], ["0"], "zoom in, out, fit"],
    [["P"], ["X"], ["U"], "keep, reject, clear the mark"],
    [["Space"], ["Esc"], "close"],
  ],
  Compare: [
    [["1"], ["…"], ["4"], "choose a side: marks and arrows are about it"],
    [["←"], ["→"], ["↑"], ["↓"], "another photo there; move, when zoomed"],
    [["S"], ["F"], ["D"], "side by side, swap in place, what differs"],
    [["A"], "one more photo"],
    [["Z"], ["+"], ["−"], ["0"], ["P"], ["X"], ["U"], "as in Large"],
  ],
  Map: [
    [["+"], ["−"], ["0"], "zoom"],
    [["←"], ["→"], ["↑"], ["↓"], "move"],
    [["Enter"], "open what is in the middle"],
  ],
});

/** @param {object} app */
export function showHelp(app) {
  const sheet = h(
    "div.key-sheet",
    { tabindex: 0, role: "region", "aria-label": "Keys of all views" },
    Object.entries(keysOf(app.store.get().collection ?? {})).map(section),
  );
  openDialog(app, {
    title: "Keys",
    wide: true,
    testid: "help-dialog",
    body: [sheet],
    focus: sheet,
  });
}

function section([title, rows]) {
  return h("section", {}, h("h3", { text: title }), h("dl.keys", {}, rows.map(row)));
}

function row(parts) {
  const keys = parts.slice(0, -1).map(([key]) => (key === "…" ? "–" : h("kbd", { text: key })));
  return h("div", {}, h("dt", {}, keys), h("dd", { text: parts.at(-1) }));
}

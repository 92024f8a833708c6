/** What the keys do, on one sheet. docs/review.md has the same table. */

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
    [["Enter"], "open"],
    [["V"], "select, to join groups"],
    [["A"], "accept all suggestions"],
    [["←"], ["→"], "on the slider: finer, coarser"],
    [["Page Up"], ["Page Down"], "on the slider: from mark to mark"],
  ],
  "One group": [
    [["←"], ["→"], "from photo to photo"],
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
  "Large and compare": [
    [["Z"], "whole picture or 100 %"],
    [["+"], ["−"], ["0"], "zoom in, out, fit"],
    [["←"], ["→"], "other photo"],
    [["F"], "compare: swap in place"],
    [["D"], "compare: what differs"],
    [["1"], ["2"], "compare: choose a side"],
    [["A"], "compare: one more photo"],
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

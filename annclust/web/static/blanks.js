/** What stands where nothing is to be seen: nothing there, not there yet, or something went wrong. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plural } from "./words.js";

/** @param {string} title @param {string} text @param {string} [drawing] @param {Node[]} [actions] */
export function nothingHere(title, text, drawing = "groups", actions = []) {
  return h(
    "div.blank",
    { testid: "blank" },
    h("div.blank-icon", {}, icon(drawing, 32)),
    h("h2", { text: title }),
    h("p", { text }),
    h("div.blank-actions", {}, actions),
  );
}

/** @param {Error} error @param {() => void} retry */
export function trouble(error, retry) {
  const button = h("button.button", { click: retry }, "Try again");
  return nothingHere("That did not work", error.message, "warning", [button]);
}

/** Offers a grouping, the first one or another after photos came or went. @param {object} app */
export function notGroupedYet(app) {
  const { photos } = app.store.get().collection;
  const button = h("button.button.primary", { testid: "cluster" }, "Group the photos");
  button.addEventListener("click", async () => {
    button.disabled = true;
    await app.groupAgain();
    button.disabled = false;
  });
  const known = `${plural(photos, "photo is", "photos are")} not grouped as they are now.`;
  const words = [
    known,
    "What you marked and decided stays.",
    "A few thousand photos take seconds, a hundred thousand minutes.",
  ].join(" ");
  return nothingHere("The photos are to be grouped", words, "groups", [button]);
}

/** A view that is on its way. @param {number} [cells] */
export function loadingCells(cells = 6) {
  const cell = () => h("div.skeleton.loading-cell", {});
  return h(
    "div.loading-cells",
    { "aria-busy": "true", "aria-label": "Loading", role: "status" },
    Array.from({ length: cells }, cell),
  );
}

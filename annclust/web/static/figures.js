/** Numbers under their names. */

import { h } from "./dom.js";

/** @param {[string, string][]} pairs @returns {HTMLElement} */
export function figures(pairs) {
  const pair = ([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }));
  return h("dl.figures", {}, pairs.map(pair));
}

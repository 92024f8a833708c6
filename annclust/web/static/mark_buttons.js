/** Keep and reject over a large picture. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {(mark: "keep" | "reject" | null) => void} choose
 * @returns {{element: HTMLElement, show: (photo: object) => void}}
 */
export function markButtons(choose) {
  const element = h("div", { class: "mark-buttons", role: "group", "aria-label": "Mark" });
  const button = (photo, mark, drawing, text, key) => h("button", {
    class: `mark-button ${mark}`, type: "button", "aria-pressed": String(photo.mark === mark), "aria-label": text, title: `${text} (${key})`,
    "data-testid": `large-${mark}`, on: { click: () => choose(photo.mark === mark ? null : mark) },
  }, icon(drawing), h("span", { text }));
  return {
    element,
    show(photo) {
      const focused = element.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
      fill(element, button(photo, "keep", "check", "Keep", "P"), button(photo, "reject", "cross", "Reject", "X"));
      if (focused) element.querySelector(`[data-testid="${focused}"]`).focus();
    },
  };
}

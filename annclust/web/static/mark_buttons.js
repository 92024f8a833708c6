/** Keep and reject over a large picture. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {(mark: "keep" | "reject" | null) => void} choose
 * @returns {{element: HTMLElement, show: (photo: object) => void}}
 */
export function markButtons(choose) {
  const element = h("div.mark-buttons", { role: "group", "aria-label": "Mark" });
  const show = (photo) => {
    const hasFocus = element.contains(document.activeElement);
    const focused = hasFocus && document.activeElement.dataset.testid;
    fill(element, markButton(photo, KEEP, choose), markButton(photo, REJECT, choose));
    if (focused) element.querySelector(`[data-testid="${focused}"]`).focus();
  };
  return { element, show };
}

const KEEP = { mark: "keep", drawing: "check", text: "Keep", key: "P" };
const REJECT = { mark: "reject", drawing: "cross", text: "Reject", key: "X" };

function markButton(photo, { mark, drawing, text, key }, choose) {
  const attributes = {
    class: `mark-button ${mark}`,
    "aria-pressed": String(photo.mark === mark),
    "aria-label": text,
    title: `${text} (${key})`,
    testid: `large-${mark}`,
    click: () => choose(photo.mark === mark ? null : mark),
  };
  return h("button", attributes, icon(drawing), h("span", { text }));
}

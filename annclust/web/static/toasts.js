/** Short words over the page about what just happened, with a way to take it back. */

import { h } from "./dom.js";

const LASTS_MS = 6000;

/** @returns {{element: HTMLElement, tell: Function, fail: Function}} */
export function makeToasts() {
  const element = h("div.toasts", { role: "status", "aria-live": "polite", testid: "toasts" });
  const bringForward = makeForward(element);
  const tell = (text, { undo, label = "Undo", lasts = LASTS_MS, kind = "said" } = {}) => {
    const toast = h("div", { class: `toast ${kind}`, testid: "toast" }, h("span", { text }));
    const gone = () => toast.remove();
    if (undo) toast.append(undoButton(label, undo, gone));
    bringForward();
    element.replaceChildren(toast);
    waitToLeave(toast, lasts, gone);
    return gone;
  };
  return {
    element,
    /** @param {string} text @param {{undo?: () => void, label?: string, lasts?: number}} [options] */
    tell,
    /** @param {Error} error whose message a person can read; what was given up or stopped is no error */
    fail(error) {
      if (error.state === "stopped") tell(error.message);
      else if (error.name !== "AbortError")
        tell(error.message, { kind: "failed", lasts: 2 * LASTS_MS });
    },
  };
}

/** A dialog lies over all of the page: as long as one is open, what is told is told in it. */
function makeForward(element) {
  const home = document.createComment("toasts");
  const goInto = (dialog) => {
    if (!home.isConnected) element.replaceWith(home);
    dialog.append(element);
    const leave = () => element.parentNode === dialog && bringForward();
    dialog.addEventListener("close", leave, { once: true });
  };
  const bringForward = () => {
    const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
    if (!dialog) home.replaceWith(element);
    else if (element.parentNode !== dialog) goInto(dialog);
  };
  return bringForward;
}

function undoButton(label, undo, gone) {
  return h(
    "button.button.quiet",
    {
      click: () => {
        gone();
        undo();
      },
    },
    label,
  );
}

/** It stays while the pointer or the focus is on it. */
function waitToLeave(toast, lasts, gone) {
  let timer = setTimeout(gone, lasts);
  const hold = () => clearTimeout(timer);
  const go = () => (timer = setTimeout(gone, lasts));
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, hold);
  for (const kind of ["pointerleave", "focusout"]) toast.addEventListener(kind, go);
}

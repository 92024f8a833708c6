/** Dialogs that ask or show something, over the page. Esc and a click beside them close them. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** How soon and how near the second click of a double one comes. */
const DOUBLE_MS = 300;
const NEAR_PX = 12;

/** The last click in a dialog. */
let lastClick = { clientX: 0, clientY: 0, timeStamp: -DOUBLE_MS };

/**
 * Opens a dialog; the keys of what lies below rest meanwhile.
 * @param {{keys: object}} app
 * @param {{title: string, body: Node[], actions?: Node[], wide?: boolean, testid?: string, focus?: Node}} content
 * @returns {{element: HTMLDialogElement, close: () => void, closed: Promise<void>}}
 */
export function openDialog(
  app,
  { title, body, actions = [], wide = false, testid = "dialog", focus = null },
) {
  const heading = h("h2", { id: `${testid}-title`, text: title });
  const element = h("dialog", {
    class: wide ? "dialog wide" : "dialog",
    "aria-labelledby": heading.id,
    testid: testid,
  });
  const close = () => element.close();
  element.append(h("header", {}, heading, closeButton(close)), h("div.dialog-body", {}, ...body));
  if (actions.length) element.append(h("footer", {}, ...actions));
  return { element, close, closed: show(app, element, focus) };
}

/**
 * Asks, with Cancel focused: a key pressed by mistake does nothing.
 * @param {{keys: object}} app
 * @param {{title: string, body: Node[], yes: string | Node, wide?: boolean, testid?: string}} question
 * @returns {Promise<boolean>}
 */
export async function confirm(app, { title, body, yes, wide = false, testid = "confirm" }) {
  let said = false;
  const cancel = h("button.button", { testid: "cancel" }, "Cancel");
  const accept = h("button.button.primary", { testid: "confirm-yes" }, yes);
  const { close, closed } = openDialog(app, {
    title,
    body,
    actions: [cancel, accept],
    wide,
    testid,
    focus: cancel,
  });
  cancel.addEventListener("click", close);
  accept.addEventListener("click", () => {
    said = true;
    close();
  });
  await closed;
  return said;
}

/** Shows any dialog element modally until it is closed, then takes it away. */
export function show(app, element, focus = null) {
  const before = document.activeElement;
  const release = app.keys.add({}, { alone: true });
  document.body.append(element);
  element.addEventListener("click", (event) => (lastClick = event), true);
  element.addEventListener(
    "click",
    (event) => event.target === element && isBeside(element, event) && element.close(),
  );
  element.showModal();
  focus?.focus();
  return new Promise((done) => {
    element.addEventListener(
      "close",
      () => {
        release();
        swallowSecondClick();
        element.remove();
        if (before?.isConnected) before.focus({ preventScroll: true });
        done();
      },
      { once: true },
    );
  });
}

/** The second click of a double one that closed a dialog is not for what lies below. */
function swallowSecondClick() {
  const { clientX: x, clientY: y, timeStamp } = lastClick;
  if (performance.now() - timeStamp > DOUBLE_MS) return;
  const swallow = (event) => {
    const isSame = Math.hypot(event.clientX - x, event.clientY - y) < NEAR_PX;
    if (event.detail === 0 || !isSame) return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("click", swallow, true);
  setTimeout(() => document.removeEventListener("click", swallow, true), DOUBLE_MS);
}

function isBeside(element, event) {
  const box = element.getBoundingClientRect();
  const inside =
    event.clientX >= box.left &&
    event.clientX <= box.right &&
    event.clientY >= box.top &&
    event.clientY <= box.bottom;
  return !inside;
}

function closeButton(close) {
  return h("button.icon-button", { "aria-label": "Close", click: close }, icon("cross"));
}

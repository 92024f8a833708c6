/** What came of moving files to the trash, or back: shown where that began, or told wherever one is by then. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { leftBehind, leftIn } from "./left_behind.js";
import { bytes, capital, plural } from "./words.js";

/**
 * @typedef {object} Place where an outcome is shown, as long as it is on the page
 * @property {HTMLElement} element
 * @property {(panel: Node | null) => void} show
 */

const WORDS = {
  apply: ({ files }) => `${plural(files, "file")} moved to the trash.`,
  undo: ({ files }) => `${plural(files, "file is", "files are")} back where they were.`,
};

/**
 * Tells it to whoever left the view meanwhile, or reloaded the page; "Show" has the rest.
 * @param {object} app @param {{kind: string, result: object | null}} job that is over
 */
export function tellOutcome(app, { kind, result }) {
  if (!result || !(kind in WORDS)) return;
  const show = () => {
    app.store.set({ outcome: { kind, result } });
    app.router.go("/purge");
  };
  app.toasts.tell(WORDS[kind](result), { label: "Show", undo: show });
}

/**
 * What was told and is to be shown now, once.
 * @param {object} app @param {Place} place
 * @returns {HTMLElement | null}
 */
export function takeOutcome(app, place) {
  const { outcome } = app.store.get();
  if (!outcome) return null;
  app.store.set({ outcome: null });
  const { kind, result } = outcome;
  return kind === "apply" ? movedPanel(app, result, place) : notRestored(result);
}

/**
 * @param {object} app
 * @param {object} result of moving
 * @param {Place} place where undoing that is shown
 * @returns {HTMLElement}
 */
export function movedPanel(app, result, place) {
  const words = [
    h("strong", { text: `${capital(plural(result.files, "file"))} moved to the trash` }),
    h("p.secondary", { text: `${bytes(result.bytes)} can be won by emptying the trash.` }),
  ];
  const isThere = typeof result.purge === "number";
  return h(
    "div.panel",
    { role: "status", testid: "purged" },
    h(
      "div.done",
      {},
      h("span.done-icon", {}, icon("check", 24)),
      h("div", {}, words),
      isThere && undoButton(app, result.purge, place, { testid: "undo-now" }),
    ),
    notMoved(result),
  );
}

/** @param {object} result of moving @returns {HTMLElement | null} the files that stayed, if there are any */
export function notMoved(result) {
  return leftBehind(...leftIn(result, "not_moved"), (files) => `${files} stayed in place`);
}

/** The files that could not be put back, if there are any. */
function notRestored(result) {
  const told = (files) => `${files} could not be put back`;
  const list = leftBehind(...leftIn(result, "not_restored"), told);
  return list && h("div.panel", { role: "status", testid: "not-restored" }, list);
}

/**
 * Puts back what a purge moved.
 * @param {object} app @param {number} purge @param {Place} place @param {Record<string, any>} attributes
 * @returns {HTMLElement}
 */
export function undoButton(app, purge, place, attributes) {
  const button = h("button.button", attributes, icon("undo"), "Undo");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const result = await app.jobs.run({ kind: "undo", purge });
      if (!place.element.isConnected) return tellOutcome(app, { kind: "undo", result });
      app.toasts.tell(WORDS.undo(result));
      return place.show(notRestored(result));
    } catch (error) {
      button.disabled = false;
      return app.toasts.fail(error);
    }
  });
  return button;
}

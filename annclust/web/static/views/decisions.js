/** All that a person said of pairs of photos, and taking it back. */

import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { thumbnail } from "../pictures.js";
import { plural } from "../words.js";

/** @param {object} app */
export function decisionsView(app) {
  const count = h("span", { class: "secondary", role: "status" });
  const body = h("div", {}, loadingCells(4));
  showAll(app, count, body);
  return {
    title: "Decisions",
    element: h("section", { class: "view narrow", "aria-label": "Decisions" },
      h("header", { class: "view-head" }, h("h1", { text: "Decisions" }), count, h("p", { class: "secondary", text: "What you said of photos. It is kept by content, so that it outlives renaming and grouping again." })), body),
  };
}

async function showAll(app, count, body) {
  try {
    const { decisions } = await app.api.decisions();
    count.textContent = plural(decisions.length, "decision");
    const again = () => showAll(app, count, body);
    if (decisions.length) fill(body, h("ul", { class: "decisions" }, decisions.map((decision) => row(app, decision, again))));
    else fill(body, nothingHere("No decisions yet", "Open a group and say “not the same”, or “belongs together with…”.", "decisions"));
  } catch (error) {
    fill(body, trouble(error, () => showAll(app, count, body)));
  }
}

function row(app, decision, again) {
  const { first, second, together, digests } = decision;
  const forget = h("button", { class: "button small", type: "button", "data-testid": "forget", "aria-label": `Forget: ${first.name} and ${second.name}` }, "Forget");
  forget.addEventListener("click", async () => {
    forget.disabled = true;
    try {
      await app.api.forget(digests);
      const undo = undoOf(app, decision, again);
      app.toasts.tell("Forgotten.", undo ? { undo } : {});
      await again();
    } catch (error) {
      forget.disabled = false;
      app.toasts.fail(error);
    }
  });
  return h("li", { class: "decision", "data-testid": "decision" }, side(first),
    h("span", { class: `chip ${together ? "together" : "apart"}`, text: together ? "belong together" : "not the same" }), side(second), forget);
}

/** Only photos that are still there can be spoken of again. */
function undoOf(app, { first, second, together }, again) {
  if (first.id === null || second.id === null) return null;
  return () => app.api.decide(together ? "together" : "apart", [first.id, second.id]).then(again, app.toasts.fail);
}

function side({ id, name }) {
  const words = h("span", { class: "decision-name", text: name });
  if (id === null) return h("span", { class: "decision-side" }, h("span", { class: "decision-gone" }), words);
  return h("a", { class: "decision-side", href: `/similar/${id}` }, thumbnail({ id }), words);
}

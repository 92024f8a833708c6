/** All that a person said of pairs of photos, and taking it back. */

import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { thumbnail } from "../pictures.js";
import { plural } from "../words.js";

/** @param {object} app */
export function decisionsView(app) {
  const count = h("span.secondary", { role: "status" });
  const body = h("div", {}, loadingCells(4));
  showAll(app, count, body);
  return {
    title: "Decisions",
    element: h(
      "section.view.narrow",
      { "aria-label": "Decisions" },
      h(
        "header.view-head",
        {},
        h("h1", { text: "Decisions" }),
        count,
        h("p.secondary", {
          text: "What you said of photos. It is kept by content, so that it outlives renaming and grouping again.",
        }),
      ),
      body,
    ),
  };
}

async function showAll(app, count, body) {
  const again = () => showAll(app, count, body);
  try {
    const { decisions } = await app.api.decisions();
    count.textContent = plural(decisions.length, "decision");
    fill(body, decisions.length ? list(app, decisions, again) : none());
  } catch (error) {
    fill(body, trouble(error, again));
  }
}

function list(app, decisions, again) {
  const rows = decisions.map((decision) => row(app, decision, again));
  return h("ul.decisions", {}, rows);
}

function none() {
  const how = "Open a group and say “not the same”, or “belongs together with…”.";
  return nothingHere("No decisions yet", how, "decisions");
}

function row(app, decision, again) {
  const { first, second, together } = decision;
  const label = `Forget: ${first.name} and ${second.name}`;
  const button = h("button.button.small", { testid: "forget", "aria-label": label }, "Forget");
  button.addEventListener("click", () => forget(app, decision, button, again));
  const [kind, words] = together ? ["together", "belong together"] : ["apart", "not the same"];
  const chip = h("span", { class: `chip ${kind}`, text: words });
  return h("li.decision", { testid: "decision" }, side(first), chip, side(second), button);
}

async function forget(app, decision, button, again) {
  button.disabled = true;
  try {
    await app.api.forget(decision.digests);
    const undo = undoOf(app, decision, again);
    app.toasts.tell("Forgotten.", undo ? { undo } : {});
    await again();
  } catch (error) {
    button.disabled = false;
    app.toasts.fail(error);
  }
}

/** Only photos that are still there can be spoken of again. */
function undoOf(app, { first, second, together }, again) {
  if (first.id === null || second.id === null) return null;
  return () =>
    app.api
      .decide(together ? "together" : "apart", [first.id, second.id])
      .then(again, app.toasts.fail);
}

function side({ id, name }) {
  const words = h("span.decision-name", { text: name });
  if (id === null) return h("span.decision-side", {}, h("span.decision-gone", {}), words);
  return h("a.decision-side", { href: `/similar/${id}` }, thumbnail({ id }), words);
}

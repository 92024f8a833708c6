/** Moving rejected photos to the trash: a plan, a look at it, the move, and undoing it. */

import { loadingCells, notGroupedYet, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { planPage } from "../plan_page.js";
import { purgeList } from "../purge_list.js";
import { takeOutcome } from "../purge_outcome.js";
import { levelName } from "../words.js";

const HOW =
  "Rejected photos are moved to a trash folder beside your photos, never deleted. A plan comes first:" +
  " nothing is touched until you have seen it, and every move can be undone.";

const CHOICES = {
  resolved: ["Groups that are done", "Only what you have looked through or accepted."],
  all: ["All groups", "Groups that are open follow the suggestions, too."],
};

/** @param {object} app @param {import("../router.js").Route} route */
export function purgeView(app, route) {
  const element = h("section.view.narrow.purge-view", { "aria-label": "Purge" });
  const plan = route.query.get("plan");
  const show = (panel) => (view.past = showStart(app, element, panel));
  const [start, view] = [{ element, show }, { past: null, page: null }];
  if (plan) view.page = planPage(app, start, plan);
  else show(takeOutcome(app, start));
  const unwatch = app.store.watch((now, before) => {
    if (now.collection?.revision !== before.collection?.revision && view.past?.isConnected)
      showPast(app, view.past, [...view.past.querySelectorAll("[data-testid=not-restored]")]);
  });
  return {
    title: "Purge",
    element,
    close: () => [unwatch(), view.page?.close()],
    keys: plan ? { Escape: () => app.router.go("/purge") } : {},
  };
}

/** What was moved can be brought back whether or not the photos are grouped now. */
function showStart(app, element, panel) {
  const past = h("div", {}, loadingCells(2));
  const head = [h("h1", { text: "Purge" }), h("p.secondary", { text: HOW })];
  fill(
    element,
    h("header.view-head", {}, head),
    panel,
    app.store.get().collection.clustered ? planForm(app) : notGroupedYet(app),
    h("h2", { text: "Past purges" }),
    past,
  );
  showPast(app, past);
  queueMicrotask(() => takeFocus(element));
  return past;
}

/** Whoever came by a key has the button next that this view is for; nobody loses their place. */
function takeFocus(element) {
  if (document.activeElement === document.body)
    element
      .querySelector("[data-testid=undo-now], [data-testid=make-plan], [data-testid=cluster]")
      ?.focus();
}

/** @param {Node | Node[] | null} told of the one that was undone last */
async function showPast(app, past, told = null) {
  try {
    const { purges } = await app.api.purges();
    const place = { element: past, show: (panel) => showPast(app, past, panel) };
    fill(past, told, purgeList(app, purges, place));
  } catch (error) {
    fill(
      past,
      trouble(error, () => showPast(app, past)),
    );
  }
}

function planForm(app) {
  const button = h("button.button.primary", { type: "submit", testid: "make-plan" }, "Make a plan");
  const legend = h("legend", { text: "Which groups?" });
  const choices = h("fieldset.choices", {}, legend, Object.entries(CHOICES).map(choice));
  const form = h("form.plan-form.panel", {}, choices, cutNow(app), button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    makePlan(app, new FormData(form).get("only"), button);
  });
  return form;
}

function choice([name, [title, words]]) {
  const isFirst = name === "resolved";
  return h(
    "label.choice",
    {},
    h("input", { type: "radio", name: "only", value: name, checked: isFirst }),
    h("span", {}, h("strong", { text: title }), h("span.secondary", { text: words })),
  );
}

function cutNow(app) {
  const { granularity, collection } = app.store.get();
  const name = levelName(granularity, collection.levels);
  const words = `Groups as cut now: ${name} (${granularity.toFixed(2)}).`;
  return h("p.secondary", { text: `${words} Change that with the slider over the groups.` });
}

async function makePlan(app, only, button) {
  const { granularity } = app.store.get();
  button.disabled = true;
  try {
    const { plan } = await app.jobs.run({ kind: "plan", granularity, only });
    const show = () => app.router.go(`/purge?plan=${encodeURIComponent(plan)}`);
    if (button.isConnected) show();
    else app.toasts.tell("The plan is made.", { label: "Show", undo: show });
  } catch (error) {
    button.disabled = false;
    app.toasts.fail(error);
  }
}

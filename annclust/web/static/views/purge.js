/** Moving rejected photos to the trash: a plan, a look at it, the move, and undoing it. */

import { figures } from "../accept_all.js";
import { loadingCells, notGroupedYet, trouble } from "../blanks.js";
import { confirm } from "../dialogs.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { leftBehind, leftIn } from "../left_behind.js";
import { planTable } from "../plan_table.js";
import { notRestored, purgeList, undoPurge } from "../purge_list.js";
import { bytes, capital, levelName, moment, number, plural } from "../words.js";

const HOW =
  "Rejected photos are moved to a trash folder beside your photos, never deleted. A plan comes first:" +
  " nothing is touched until you have seen it, and every move can be undone.";

const CHECKED =
  "Every file is compared with the plan once more before it is moved. You can undo this.";

const CHOICES = {
  resolved: ["Groups that are done", "Only what you have looked through or accepted."],
  all: ["All groups", "Groups that are open follow the suggestions, too."],
};

/** @param {object} app @param {import("../router.js").Route} route */
export function purgeView(app, route) {
  if (!app.store.get().collection.clustered) return { title: "Purge", element: notGroupedYet(app) };
  const element = h("section.view.narrow.purge-view", { "aria-label": "Purge" });
  const plan = route.query.get("plan");
  const closing = [];
  if (plan) showPlan(app, element, plan, closing);
  else showStart(app, element);
  return {
    title: "Purge",
    element,
    close: () => closing.forEach((close) => close()),
    keys: plan ? { Escape: () => app.router.go("/purge") } : {},
  };
}

function showStart(app, element, result = null) {
  const past = h("div", {}, loadingCells(2));
  fill(
    element,
    h(
      "header.view-head",
      {},
      h("h1", { text: "Purge" }),
      h("p.secondary", {
        text: HOW,
      }),
    ),
    result,
    planForm(app),
    h("h2", { text: "Past purges" }),
    past,
  );
  showPast(app, past);
}

async function showPast(app, past, result = null) {
  try {
    const { purges } = await app.api.purges();
    const list = purgeList(app, purges, (result) => showPast(app, past, result));
    fill(past, notRestored(result), list);
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

async function showPlan(app, element, id, closing) {
  fill(element, loadingCells(3));
  try {
    const plan = await app.api.plan(id);
    const table = planTable(app, plan);
    closing.push(table.close);
    fill(
      element,
      planHead(app, plan),
      plan.photos ? [table.element, planFoot(app, element, plan)] : null,
    );
  } catch (error) {
    fill(
      element,
      trouble(error, () => showPlan(app, element, id, closing)),
    );
  }
}

function planHead(app, plan) {
  const back = h(
    "a.icon-button",
    { href: "/purge", "aria-label": "Back to purges", title: "Back (Esc)" },
    icon("back"),
  );
  const words = plan.photos
    ? `Made ${moment(plan.made)}, over ${plan.level}. Nothing has been touched yet.`
    : "There is nothing to move: no photo of these groups is rejected.";
  return h(
    "header.view-head.plan-head",
    {},
    h("div.group-title", {}, back, h("h1", { text: "Plan" })),
    h("p.secondary", { text: words }),
    figures([
      ["Groups", number(plan.groups)],
      ["Photos to move", number(plan.photos)],
      ["Files with companions", number(plan.files)],
      ["To win", bytes(plan.bytes)],
      ["Left alone", number(plan.left_alone)],
    ]),
  );
}

function planFoot(app, element, plan) {
  const text = `Move ${plural(plan.files, "file")} to the trash…`;
  const button = h(
    "button.button.primary",
    { testid: "apply", click: () => apply(app, element, plan, button) },
    icon("purge"),
    text,
  );
  return h(
    "div.action-bar",
    {},
    h("span.secondary", { text: `${bytes(plan.bytes)} to win` }),
    h("a.button", { href: "/purge" }, "Not now"),
    button,
  );
}

async function apply(app, element, plan, button) {
  if (!(await isSure(app, plan))) return;
  button.disabled = true;
  try {
    const result = await app.jobs.run({ kind: "apply", plan: plan.id, digest: plan.digest });
    if (element.isConnected) showDone(app, element, plan, result);
    else app.toasts.tell(`${plural(result?.files ?? plan.files, "file")} moved to the trash.`);
  } catch (error) {
    button.disabled = false;
    app.toasts.fail(error);
  }
}

function isSure(app, plan) {
  const files = plural(plan.files, "file");
  const [photos, groups] = [plural(plan.photos, "photo"), plural(plan.groups, "group")];
  const all = `${photos} of ${groups}, ${bytes(plan.bytes)} in all.`;
  const body = [
    h("p", { text: `${all} At least one photo of each group stays where it is.` }),
    h("p.secondary", { text: CHECKED }),
  ];
  const yes = `Move ${files} to the trash`;
  return confirm(app, { title: `${yes}?`, yes, testid: "purge-dialog", body });
}

function showDone(app, element, plan, result) {
  app.router.note({ plan: null });
  showStart(app, element, done(app, element, plan, result));
  scrollTo({ top: 0 });
  element.querySelector("[data-testid=undo-now]")?.focus();
}

function done(app, element, plan, result) {
  const files = result?.files ?? plan.files;
  const size = result?.bytes ?? plan.bytes;
  const undo = h("button.button", { testid: "undo-now" }, icon("undo"), "Undo");
  undo.addEventListener("click", async () => {
    undo.disabled = true;
    const undone = await undoPurge(app, result.purge);
    if (undone) showStart(app, element, notRestored(undone));
    else undo.disabled = false;
  });
  const told = (stayed) => `${stayed} stayed where they were`;
  const stayed = leftBehind(...leftIn(result, "not_moved"), told);
  return h(
    "div.panel.done",
    { role: "status", testid: "purged" },
    h("span.done-icon", {}, icon("check", 24)),
    h(
      "div",
      {},
      h("strong", { text: `${capital(plural(files, "file"))} moved to the trash` }),
      h("p.secondary", { text: `${bytes(size)} can be won by emptying the trash.` }),
      stayed,
    ),
    result && undo,
  );
}

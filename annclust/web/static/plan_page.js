/** A plan as it is looked at before it is obeyed, while it is, and afterwards: the move, and undoing it. */

import { loadingCells, trouble } from "./blanks.js";
import { confirm } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { figures } from "./figures.js";
import { icon } from "./icons.js";
import { planTable } from "./plan_table.js";
import { movedPanel, notMoved, tellOutcome, undoButton } from "./purge_outcome.js";
import { bytes, moment, number, plural } from "./words.js";

const CHECKED =
  "Every file is compared with the plan once more before it is moved. You can undo this.";

/**
 * @param {object} app
 * @param {import("./purge_outcome.js").Place} start the view, which then shows what came of the plan
 * @param {string} id of the plan
 * @returns {{close: () => void}}
 */
export function planPage(app, start, id) {
  const page = { app, element: start.element, start, id, close: () => {} };
  showPlan(page);
  return { close: () => page.close() };
}

async function showPlan(page) {
  const { app, element, id } = page;
  page.close();
  fill(element, loadingCells(3));
  try {
    const [plan, purge, job] = await standing(app, id);
    const isMoving = job?.state === "running" && ["apply", "undo"].includes(job.kind);
    const table = planTable(app, plan);
    page.close = table.close;
    const title = h("h1", { text: "Plan", tabindex: -1 });
    const bar = plan.photos && actions(page, plan, purge, isMoving);
    const body = plan.photos && h("div.plan-body", {}, bar, table.element);
    fill(element, planHead(plan, title, words(plan, purge, isMoving)), stayed(job, purge), body);
    if (!document.querySelector("dialog[open]")) title.focus({ preventScroll: true });
  } catch (error) {
    const again = () => showPlan(page);
    fill(element, trouble(error, again));
  }
}

/** The plan, the purge that has files of it in the trash, and the job that runs or ended last. */
async function standing(app, id) {
  const { api } = app;
  const answers = [api.plan(id), api.purges(), api.currentJob()];
  const [plan, { purges }, { job }] = await Promise.all(answers);
  const purge = purges.find((each) => each.plan === id && each.in_trash > 0) ?? null;
  return [plan, purge, job];
}

/** Whoever reloaded the page while files were moved sees here which of them stayed. */
function stayed(job, purge) {
  const isOfThis = purge && job?.kind === "apply" && job.result?.purge === purge.id;
  const list = isOfThis && notMoved(job.result);
  return list && h("div.panel", {}, list);
}

function words(plan, purge, isMoving) {
  const made = `Made ${moment(plan.made)}, over ${plan.level}.`;
  if (!plan.photos) return "There is nothing to move: no photo of these groups is rejected.";
  if (isMoving) return `${made} Files are being moved now.`;
  if (!purge) return `${made} Nothing has been touched yet.`;
  const moved = `${number(purge.in_trash)} of ${plural(plan.files, "file")}`;
  return `${made} ${moved} ${purge.in_trash === 1 ? "is" : "are"} in the trash.`;
}

function planHead(plan, title, text) {
  const back = h(
    "a.icon-button",
    { href: "/purge", "aria-label": "Back to purges", title: "Back (Esc)" },
    icon("back"),
  );
  return h(
    "header.view-head.plan-head",
    {},
    h("div.group-title", {}, back, title),
    h("p.secondary", { text, testid: "plan-words" }),
    figures([
      ["Groups", number(plan.groups)],
      ["Photos to move", number(plan.photos)],
      ["Files with companions", number(plan.files)],
      ["To win", bytes(plan.bytes)],
      ["Left alone", number(plan.left_alone)],
    ]),
  );
}

/** Before the table, though it is seen below it: nobody has to go through all photos to get there. */
function actions(page, plan, purge, isMoving) {
  const rest = plan.files - (purge?.in_trash ?? 0);
  const undoing = { testid: "undo-plan", disabled: isMoving };
  return h(
    "div.action-bar",
    { role: "group", "aria-label": "The plan" },
    h("span.secondary", { text: `${bytes(plan.bytes)} to win` }),
    !purge && h("a.button", { href: "/purge" }, "Not now"),
    purge && undoButton(page.app, purge.id, page.start, undoing),
    rest > 0 && moveButton(page, plan, moveWords(rest, purge), isMoving),
  );
}

function moveWords(rest, purge) {
  const files = plural(rest, purge ? "more file" : "file");
  return `Move ${files} to the trash`;
}

function moveButton(page, plan, words, disabled) {
  const button = h(
    "button.button.primary",
    { testid: "apply", disabled, click: () => apply(page, plan, words, button) },
    icon("purge"),
    `${words}…`,
  );
  return button;
}

async function apply(page, plan, words, button) {
  const { app, element } = page;
  if (!(await isSure(app, plan, words))) return;
  button.disabled = true;
  try {
    const result = await app.jobs.run({ kind: "apply", plan: plan.id, digest: plan.digest });
    if (element.isConnected) showDone(page, result);
    else tellOutcome(app, { kind: "apply", result });
  } catch (error) {
    app.toasts.fail(error);
    if (element.isConnected) showPlan(page);
  }
}

function isSure(app, plan, yes) {
  const [photos, groups] = [plural(plan.photos, "photo"), plural(plan.groups, "group")];
  const all = `${photos} of ${groups}, ${bytes(plan.bytes)} in all.`;
  const body = [
    h("p", { text: `${all} At least one photo of each group stays where it is.` }),
    h("p.secondary", { text: CHECKED }),
  ];
  return confirm(app, { title: `${yes}?`, yes, testid: "purge-dialog", body });
}

function showDone(page, result) {
  page.close();
  page.app.router.note({ plan: null });
  page.start.show(movedPanel(page.app, result, page.start));
  scrollTo({ top: 0 });
  page.element.querySelector("[data-testid=undo-now]")?.focus();
}

/** A plan as it is looked at before it is obeyed, while it is, and afterwards: the move, and undoing it. */

import { figures } from "./accept_all.js";
import { loadingCells, trouble } from "./blanks.js";
import { confirm } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { leftBehind, leftIn } from "./left_behind.js";
import { planTable } from "./plan_table.js";
import { notRestored, undoPurge } from "./purge_list.js";
import { bytes, capital, moment, number, plural } from "./words.js";

const CHECKED =
  "Every file is compared with the plan once more before it is moved. You can undo this.";

/**
 * @param {object} app
 * @param {HTMLElement} element the view
 * @param {string} id of the plan
 * @param {(result?: Node | null) => void} leave shows the start of the view, with what came of the plan
 * @returns {{close: () => void}}
 */
export function planPage(app, element, id, leave) {
  const page = { app, element, id, leave, close: () => {} };
  showPlan(page);
  return { close: () => page.close() };
}

async function showPlan(page) {
  const { app, element, id } = page;
  page.close();
  fill(element, loadingCells(3));
  try {
    const [plan, purge, isMoving] = await standing(app, id);
    const table = planTable(app, plan);
    page.close = table.close;
    const title = h("h1", { text: "Plan", tabindex: -1 });
    const bar = plan.photos && actions(page, plan, purge, isMoving);
    const body = plan.photos && h("div.plan-body", {}, bar, table.element);
    fill(element, planHead(plan, title, words(plan, purge, isMoving)), body);
    if (!document.querySelector("dialog[open]")) title.focus({ preventScroll: true });
  } catch (error) {
    const again = () => showPlan(page);
    fill(element, trouble(error, again));
  }
}

/** The plan, the purge that has files of it in the trash, and whether files are being moved now. */
async function standing(app, id) {
  const { api } = app;
  const answers = [api.plan(id), api.purges(), api.currentJob()];
  const [plan, { purges }, { job }] = await Promise.all(answers);
  const purge = purges.find((each) => each.plan === id && each.in_trash > 0) ?? null;
  return [plan, purge, job?.state === "running" && ["apply", "undo"].includes(job.kind)];
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
  return h(
    "div.action-bar",
    { role: "group", "aria-label": "The plan" },
    h("span.secondary", { text: `${bytes(plan.bytes)} to win` }),
    !purge && h("a.button", { href: "/purge" }, "Not now"),
    purge && undoButton(page, purge.id, "undo-plan", isMoving),
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

function undoButton({ app, leave }, purge, testid, disabled = false) {
  const button = h("button.button", { testid, disabled }, icon("undo"), "Undo");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const undone = await undoPurge(app, purge);
    if (!button.isConnected) return;
    if (undone) leave(notRestored(undone));
    else button.disabled = false;
  });
  return button;
}

async function apply(page, plan, words, button) {
  const { app, element } = page;
  if (!(await isSure(app, plan, words))) return;
  button.disabled = true;
  try {
    const result = await app.jobs.run({ kind: "apply", plan: plan.id, digest: plan.digest });
    if (element.isConnected) showDone(page, plan, result);
    else app.toasts.tell(`${plural(result?.files ?? plan.files, "file")} moved to the trash.`);
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

function showDone(page, plan, result) {
  page.close();
  page.app.router.note({ plan: null });
  page.leave(done(page, plan, result));
  scrollTo({ top: 0 });
  page.element.querySelector("[data-testid=undo-now]")?.focus();
}

function done(page, plan, result) {
  const files = result?.files ?? plan.files;
  const size = result?.bytes ?? plan.bytes;
  const isThere = typeof result?.purge === "number";
  const told = (stayed) => `${stayed} stayed where they were`;
  const words = [
    h("strong", { text: `${capital(plural(files, "file"))} moved to the trash` }),
    h("p.secondary", { text: `${bytes(size)} can be won by emptying the trash.` }),
  ];
  return h(
    "div.panel",
    { role: "status", testid: "purged" },
    h(
      "div.done",
      {},
      h("span.done-icon", {}, icon("check", 24)),
      h("div", {}, words),
      isThere && undoButton(page, result.purge, "undo-now"),
    ),
    leftBehind(...leftIn(result, "not_moved"), told),
  );
}

/** The strip at the bottom that shows long work wherever one is, with a way to stop it. */

import { fill, h } from "./dom.js";
import { capital, number } from "./words.js";

const NAMES = {
  cluster: "Grouping the photos",
  examine: "Looking closely",
  accept: "Accepting suggestions",
  plan: "Making the plan",
  apply: "Moving files to the trash",
  undo: "Bringing files back",
  map: "Making the map",
};

/** @param {object} app @returns {HTMLElement} */
export function makeJobStrip(app) {
  const element = h("div.job-strip", {
    hidden: true,
    role: "region",
    "aria-label": "Work in progress",
    testid: "job",
  });
  const parts = strip(app, element);
  app.store.watch(({ job }, before) => {
    if (job === before.job) return;
    element.hidden = !job;
    if (job) show(job, parts);
  });
  return element;
}

function strip(app, element) {
  const name = h("strong", { role: "status" });
  const words = h("span.secondary", {});
  const bar = h("progress.bar", { "aria-label": "Progress" });
  const stop = h(
    "button.button.small",
    { click: () => app.jobs.stop().catch(app.toasts.fail) },
    "Stop",
  );
  fill(element, h("div.job-words", {}, name, words), stop, bar);
  return { name, words, bar };
}

function show(job, { name, words, bar }) {
  const text = NAMES[job.kind] ?? capital(job.kind);
  if (name.textContent !== text) name.textContent = text;
  const count = job.total ? `${number(job.done)} of ${number(job.total)}` : "";
  words.textContent = [job.stage, count].filter(Boolean).join(" · ");
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else bar.removeAttribute("value");
}

/** The groups of a plan: what stays, what is moved and why, what is left alone. Rows come as one scrolls. */

import { fill, h } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { thumbnail } from "./pictures.js";
import { capital, plural } from "./words.js";

const PORTION = 40;
/** Photos of one row; the rest is counted. */
const SHOWN = 6;

/**
 * @param {object} app
 * @param {{id: string}} plan
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function planTable(app, plan) {
  const body = h("tbody", {});
  const end = h("div", { class: "photos-end" });
  const head = h("thead", {}, h("tr", {}, ["Stays", "Moved to the trash", "Left alone"].map((text) => h("th", { scope: "col", text }))));
  const rows = { next: null, isLoading: false, isDone: false };
  const more = () => loadMore(app, plan, body, rows);
  const watcher = new IntersectionObserver(([seen]) => seen.isIntersecting && more(), { rootMargin: "1000px" });
  watcher.observe(end);
  return {
    element: h("div", {}, h("table", { class: "plan-table", "data-testid": "plan-table" }, h("caption", { class: "unseen", text: "Groups of the plan" }), head, body), end),
    close: () => watcher.disconnect(),
  };
}

async function loadMore(app, plan, body, rows) {
  if (rows.isLoading || rows.isDone) return;
  rows.isLoading = true;
  try {
    const { groups, next } = await app.api.planGroups(plan.id, { after: rows.next, limit: PORTION });
    body.append(...groups.map((group) => row(app, group)));
    Object.assign(rows, { next, isDone: next === null });
  } catch (error) {
    app.toasts.fail(error);
  }
  rows.isLoading = false;
}

function row(app, { keep, move, left }) {
  const photos = [...keep, ...move, ...left].map(({ photo }) => photo);
  const open = (photo) => openLightbox(app, { photos, place: photos.indexOf(photo), mark: null });
  const cell = (label, name, entries, why) => h("td", { "data-label": label, class: entries.length ? "" : "none" }, entries.length ? chosen(entries, name, why, open) : null);
  return h("tr", {}, cell("Stays", "keep", keep, ({ reasons }) => capital(reasons.join(" · "))),
    cell("Moved", "reject", move, ({ why, companions }) => capital([why, companions.length ? `with ${companions.join(", ")}` : ""].filter(Boolean).join(" · "))),
    cell("Left alone", "leave", left, ({ why }) => capital(why)));
}

function chosen(entries, name, why, open) {
  const list = h("ul", { class: "plan-photos" }, entries.slice(0, SHOWN).map((entry) => planPhoto(entry, name, why, open)));
  if (entries.length <= SHOWN) return list;
  const rest = h("button", { class: "button small", type: "button" }, `and ${plural(entries.length - SHOWN, "more photo", "more photos")}`);
  rest.addEventListener("click", () => {
    fill(list, entries.map((entry) => planPhoto(entry, name, why, open)));
    rest.remove();
  });
  return [list, rest];
}

function planPhoto(entry, name, why, open) {
  const { photo } = entry;
  return h("li", { class: `plan-photo is-${name}` },
    h("button", { class: "plan-thumbnail", type: "button", "aria-label": `${photo.name}, large`, on: { click: () => open(photo) } }, thumbnail(photo)),
    h("div", {}, h("span", { class: "plan-name", text: photo.name, title: photo.folder }), h("span", { class: "secondary", text: why(entry) })));
}

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
  const body = h("tbody");
  const end = h("div.photos-end");
  const rows = { next: null, isLoading: false, isDone: false };
  const more = () => loadMore(app, plan, body, rows);
  const watcher = new IntersectionObserver(([seen]) => seen.isIntersecting && more(), {
    rootMargin: "1000px",
  });
  watcher.observe(end);
  const parts = [h("caption.unseen", { text: "Groups of the plan" }), tableHead(), body];
  const table = h("table.plan-table", { testid: "plan-table" }, parts);
  return { element: h("div", {}, table, end), close: () => watcher.disconnect() };
}

function tableHead() {
  const columns = ["Stays", "Moved to the trash", "Left alone"];
  const cells = columns.map((text) => h("th", { scope: "col", text }));
  return h("thead", {}, h("tr", {}, cells));
}

async function loadMore(app, plan, body, rows) {
  if (rows.isLoading || rows.isDone) return;
  rows.isLoading = true;
  try {
    const { groups, next } = await app.api.planGroups(plan.id, {
      after: rows.next,
      limit: PORTION,
    });
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
  const cell = (label, name, entries, why) =>
    h(
      "td",
      { "data-label": label, class: entries.length ? "" : "none" },
      entries.length ? chosen(entries, name, why, open) : null,
    );
  return h(
    "tr",
    {},
    cell("Stays", "keep", keep, ({ reasons }) => capital(reasons.join(" · "))),
    cell("Moved", "reject", move, ({ why, companions }) =>
      capital(
        [why, companions.length ? `with ${companions.join(", ")}` : ""].filter(Boolean).join(" · "),
      ),
    ),
    cell("Left alone", "leave", left, ({ why }) => capital(why)),
  );
}

function chosen(entries, name, why, open) {
  const list = h(
    "ul.plan-photos",
    {},
    entries.slice(0, SHOWN).map((entry) => planPhoto(entry, name, why, open)),
  );
  if (entries.length <= SHOWN) return list;
  const rest = h(
    "button.button.small",
    {},
    `and ${plural(entries.length - SHOWN, "more photo", "more photos")}`,
  );
  rest.addEventListener("click", () => {
    fill(
      list,
      entries.map((entry) => planPhoto(entry, name, why, open)),
    );
    rest.remove();
  });
  return [list, rest];
}

function planPhoto(entry, name, why, open) {
  const { photo } = entry;
  return h(
    "li",
    { class: `plan-photo is-${name}` },
    h(
      "button.plan-thumbnail",
      { "aria-label": `${photo.name}, large`, click: () => open(photo) },
      thumbnail(photo),
    ),
    h(
      "div",
      {},
      h("span.plan-name", { text: photo.name, title: photo.folder }),
      h("span.secondary", { text: why(entry) }),
    ),
  );
}

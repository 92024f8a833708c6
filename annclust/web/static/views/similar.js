/** What looks like a photo, a file from anywhere, or a text. */

import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { openLightbox } from "../lightbox.js";
import { facts } from "../photo_card.js";
import { picture, pictureUrl, thumbnail } from "../pictures.js";
import { nearestToward } from "../roving.js";
import { openSearch } from "../search.js";
import { percent, plural } from "../words.js";

/** @param {object} app @param {import("../router.js").Route} route */
export function similarView(app, route) {
  const head = h("header", { class: "view-head similar-head" });
  const results = h("div", {}, loadingCells(8));
  const element = h("section", { class: "view", "aria-label": "Look-alikes" }, head, results);
  const closing = [];
  showAnswer(app, route, { head, results, closing });
  return {
    title: "Look-alikes", element, close: () => closing.forEach((close) => close()),
    keys: { Escape: () => app.router.back("/groups") },
  };
}

async function showAnswer(app, route, parts) {
  try {
    const answer = await ask(app, route, parts.closing);
    if (!answer) return showNothingAsked(app, parts);
    fill(parts.head, answer.head);
    fill(parts.results, answer.matches.length ? matchList(app, answer.matches) : nothingHere("No look-alikes", "No other photo has a vector yet.", "search"));
    parts.results.querySelector("[data-cell]")?.focus({ preventScroll: true });
  } catch (error) {
    fill(parts.results, trouble(error, () => showAnswer(app, route, parts)));
  }
  return undefined;
}

function showNothingAsked(app, { head, results }) {
  fill(head, h("h1", { text: "Look-alikes" }));
  const button = h("button", { class: "button primary", type: "button", on: { click: () => openSearch(app) } }, "Find look-alikes");
  fill(results, nothingHere("Of what?", "Drop or paste a picture here, or choose one.", "search", [button]));
}

/** @returns {Promise<{head: Node[], matches: object[]} | null>} null if nothing was asked */
async function ask(app, route, closing) {
  const text = route.query.get("text");
  if (route.photo !== null) return ofPhoto(app, route.photo);
  if (text) {
    const { matches } = await app.api.similarToText(text);
    return { head: headWith(app, null, `“${text}”`, plural(matches.length, "photo")), matches };
  }
  const { asked } = app.store.get();
  return asked ? ofFile(app, asked, closing) : null;
}

async function ofPhoto(app, id) {
  const { query, matches } = await app.api.similarTo(id);
  const others = matches.filter(({ photo }) => photo.id !== id);
  const large = h("button", { class: "query-picture", type: "button", "aria-label": `${query.name}, large`, on: { click: () => openLightbox(app, { photos: [query], place: 0, mark: null }) } },
    picture(pictureUrl(query), { lazy: false }));
  const [match] = matches.filter(({ photo }) => photo.id === id);
  const group = match?.group_lead ?? null;
  const link = group === null ? h("span", { class: "secondary", text: "No twin: never offered for purge." }) : h("a", { class: "button small", href: `/group/${group}?g=${app.store.get().granularity}` }, "Its group");
  return { head: headWith(app, large, query.name, facts(query).join(" · "), link), matches: others };
}

function ofFile(app, { name, matches, file }, closing) {
  const source = URL.createObjectURL(file);
  closing.push(() => URL.revokeObjectURL(source));
  return { head: headWith(app, h("div", { class: "query-picture" }, picture(source, { lazy: false })), name, "A file from outside the collection"), matches };
}

function headWith(app, large, title, words, extra = null) {
  return [
    h("button", { class: "icon-button", type: "button", "aria-label": "Back", title: "Back (Esc)", on: { click: () => app.router.back("/groups") } }, icon("back")), large,
    h("div", { class: "similar-words" }, h("p", { class: "overline", text: "Looks like" }), h("h1", { text: title }), h("p", { class: "secondary", text: words }), extra),
  ];
}

function matchList(app, matches) {
  const photos = matches.map(({ photo }) => photo);
  const list = h("ul", { class: "matches", "aria-label": "Look-alikes, nearest first" }, matches.map((match, place) => matchCell(app, match, photos, place)));
  list.addEventListener("keydown", (event) => {
    const cells = [...list.querySelectorAll("[data-cell]")];
    const target = event.target.matches("[data-cell]") && nearestToward(cells, event.target, event.key);
    if (!target) return;
    event.preventDefault();
    cells.forEach((cell) => (cell.tabIndex = cell === target ? 0 : -1));
    target.focus();
  });
  return list;
}

function matchCell(app, { photo, similarity, group_lead: lead }, photos, place) {
  const link = h("a", { class: "match", href: `/similar/${photo.id}`, "data-cell": "", "data-testid": "match", tabindex: place ? -1 : 0, "aria-label": `${photo.name}, ${percent(similarity)} alike: its look-alikes` }, thumbnail(photo));
  const large = h("button", { class: "icon-button over", type: "button", tabindex: -1, "aria-label": `${photo.name}, large`, on: { click: () => openLightbox(app, { photos, place, mark: null }) } }, icon("expand", 16));
  const group = lead === null ? h("span", { text: "no twin" }) : h("a", { href: `/group/${lead}?g=${app.store.get().granularity}`, "aria-label": `Group of ${photo.name}` }, "group");
  return h("li", {}, link, large, h("div", { class: "match-words" },
    h("span", { class: "match-name", text: photo.name, title: photo.folder }), h("span", { class: "secondary" }, `${percent(similarity)} · `, group)));
}

/** What looks like a photo, a file from anywhere, or a text. */

import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { openLightbox } from "../lightbox.js";
import { facts } from "../photo_card.js";
import { picture, pictureUrl, thumbnail } from "../pictures.js";
import { nearestToward } from "../roving.js";
import { openSearch } from "../search.js";
import { number, percent, plural } from "../words.js";

/** Even the best look-alike below this is none. */
const FAINT = 0.6;

/** @param {object} app @param {import("../router.js").Route} route */
export function similarView(app, route) {
  const head = h("header.view-head.similar-head", {});
  const results = h("div", {}, loadingCells(8));
  const element = h("section.view", { "aria-label": "Look-alikes" }, head, results);
  const closing = [];
  showAnswer(app, route, { head, results, closing });
  return {
    title: "Look-alikes",
    element,
    close: () => closing.forEach((close) => close()),
    keys: { Escape: () => app.router.back("/groups") },
  };
}

async function showAnswer(app, route, parts) {
  try {
    const answer = await ask(app, route, parts.closing);
    if (!answer) return showNothingAsked(app, parts);
    fill(parts.head, answer.head);
    fill(
      parts.results,
      answer.matches.length
        ? [faintness(answer), matchList(app, answer)]
        : nothingHere("No look-alikes", "No other photo has a vector yet.", "search"),
    );
    parts.results.querySelector("[data-cell]")?.focus({ preventScroll: true });
  } catch (error) {
    fill(
      parts.results,
      trouble(error, () => showAnswer(app, route, parts)),
    );
  }
  return undefined;
}

/** The nearest of all photos need not be near; texts are never as near as photos. */
function faintness({ matches, isText = false }) {
  if (isText || matches[0].similarity >= FAINT) return null;
  return h("p.notice", { text: "Nothing really alike: these are the nearest of all photos." });
}

function showNothingAsked(app, { head, results }) {
  fill(head, h("h1", { text: "Look-alikes" }));
  const button = h("button.button.primary", { click: () => openSearch(app) }, "Find look-alikes");
  fill(
    results,
    nothingHere("Of what?", "Drop or paste a picture here, or choose one.", "search", [button]),
  );
}

/**
 * @returns {Promise<{head: Node[], matches: object[], granularity: number} | null>} null if nothing was
 *   asked; the matches' groups are those at the granularity
 */
async function ask(app, route, closing) {
  const text = route.query.get("text");
  const { asked, granularity } = app.store.get();
  if (route.photo !== null) return ofPhoto(app, route.photo, granularity);
  if (text) return ofText(app, text, granularity);
  return asked ? ofFile(app, asked, closing) : null;
}

async function ofText(app, text, granularity) {
  const { matches } = await app.api.similarToText(text, granularity);
  const head = headWith(app, null, {
    title: `“${text}”`,
    words: plural(matches.length, "photo"),
  });
  return { head, matches, granularity, isText: true };
}

async function ofPhoto(app, id, granularity) {
  const [{ query, matches }, { group }] = await Promise.all([
    app.api.similarTo(id, granularity),
    app.api.photo(id, { granularity }),
  ]);
  const head = headWith(app, queryButton(app, query), {
    title: query.name,
    words: facts(query).join(" · "),
    extra: ownGroup(group, granularity),
  });
  return { head, matches: matches.filter(({ photo }) => photo.id !== id), granularity };
}

function queryButton(app, query) {
  const attributes = {
    "aria-label": `${query.name}, large`,
    click: () => openLightbox(app, { photos: [query], place: 0, mark: null }),
  };
  return h("button.query-picture", attributes, picture(pictureUrl(query), { lazy: false }));
}

function ownGroup(group, granularity) {
  if (!group) return h("span.secondary", { text: "Nothing nearly the same: never offered for purge." });
  const href = `/group/${group.lead}?g=${granularity}`;
  return h("a.button.small", { href }, `Its group of ${number(group.size)}`);
}

function ofFile(app, { name, matches, granularity, file }, closing) {
  const source = URL.createObjectURL(file);
  closing.push(() => URL.revokeObjectURL(source));
  const large = h("div.query-picture", {}, picture(source, { lazy: false }));
  const words = "A file from outside the collection";
  return { head: headWith(app, large, { title: name, words }), matches, granularity };
}

function headWith(app, large, { title, words, extra = null }) {
  const back = {
    "aria-label": "Back",
    title: "Back (Esc)",
    click: () => app.router.back("/groups"),
  };
  return [
    h("button.icon-button", back, icon("back")),
    large,
    h(
      "div.similar-words",
      {},
      h("p.secondary", { text: "Looks like" }),
      h("h1", { text: title }),
      h("p.secondary", { text: words }),
      extra,
    ),
  ];
}

function matchList(app, { matches, granularity }) {
  const photos = matches.map(({ photo }) => photo);
  const list = h(
    "ul.matches",
    { "aria-label": "Look-alikes, nearest first" },
    matches.map((match, place) =>
      matchCell(match, largeButton(app, photos, place), granularity, place),
    ),
  );
  list.addEventListener("keydown", (event) => {
    const cells = [...list.querySelectorAll("[data-cell]")];
    const target =
      event.target.matches("[data-cell]") && nearestToward(cells, event.target, event.key);
    if (!target) return;
    event.preventDefault();
    cells.forEach((cell) => (cell.tabIndex = cell === target ? 0 : -1));
    target.focus();
  });
  return list;
}

function matchCell({ photo, similarity, group_lead: lead }, large, granularity, place) {
  const attributes = {
    href: `/similar/${photo.id}`,
    "data-cell": "",
    testid: "match",
    tabindex: place ? -1 : 0,
    "aria-label": `${photo.name}, ${percent(similarity)} alike: its look-alikes`,
  };
  const name = h("span.match-name", { text: photo.name, title: photo.folder });
  const rest = h("span.secondary", {}, `${percent(similarity)} · `, groupLink(photo, lead, granularity));
  return h(
    "li",
    {},
    h("a.match", attributes, thumbnail(photo)),
    large,
    h("div.match-words", {}, name, rest),
  );
}

function largeButton(app, photos, place) {
  const attributes = {
    tabindex: -1,
    "aria-label": `${photos[place].name}, large`,
    click: () => openLightbox(app, { photos, place, mark: null }),
  };
  return h("button.icon-button.over", attributes, icon("expand", 16));
}

function groupLink(photo, lead, granularity) {
  if (lead === null) return h("span", { text: "alone" });
  const href = `/group/${lead}?g=${granularity}`;
  return h("a", { href, "aria-label": `Group of ${photo.name}` }, "group");
}

/** One group in the grid: its best photos as a mosaic, how many there are, and what was decided. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { thumbnail } from "./pictures.js";
import { bytes, days, number, plural, sureness } from "./words.js";

/** Height of the words below the mosaic, in pixels. */
export const WORDS_HEIGHT = 54;

/**
 * @param {object} group as GET /api/groups lists it, with the granularity that it was cut at
 * @param {{isSelected: boolean, onSelect: () => void}} settings
 * @returns {HTMLElement[]}
 */
export function groupCard(group, { isSelected, onSelect }) {
  const link = h(
    "a",
    {
      class: `card is-${group.state}`,
      href: `/group/${group.lead}?g=${group.granularity}`,
      "data-cell": "",
      "data-photo": group.lead,
      testid: "group-card",
      "aria-label": spoken(group),
    },
    mosaic(group.cover),
    badge(group),
    words(group),
  );
  return [link, selectButton(isSelected, onSelect)];
}

/** A card whose group has not come yet. @returns {HTMLElement[]} */
export function emptyCard() {
  return [
    h("div.card.skeleton", { "aria-hidden": "true" }, h("div.mosaic", {}), h("div.card-words", {})),
  ];
}

/** @param {number[]} cover ids, best first @returns {HTMLElement} */
export function mosaic(cover) {
  return h(
    "div",
    { class: `mosaic of-${cover.length}` },
    cover.map((id) => thumbnail({ id })),
  );
}

function badge({ state, kept, rejected, size }) {
  if (state === "resolved") return h("span.card-badge.accent", {}, icon("check", 14), "Done");
  if (kept + rejected > 0 && state === "open")
    return h("span.card-badge", {}, `${number(kept + rejected)} of ${number(size)} marked`);
  if (state === "skipped") return h("span.card-badge", {}, icon("skip", 14), "Skipped");
  return null;
}

function words(group) {
  const { word, grade } = sureness(group.certainty);
  const when = days(group.taken);
  return h(
    "div.card-words",
    {},
    h(
      "div.card-first",
      {},
      h("strong", { text: plural(group.size, "photo") }),
      h(
        "span",
        { class: `sureness ${grade}`, title: `${word} that these belong together` },
        grade === "high" ? null : word,
      ),
    ),
    h(
      "div.card-second",
      {},
      h("span", { text: when || "No date" }),
      h("span", { text: bytes(group.bytes) }),
    ),
  );
}

function spoken(group) {
  const { word } = sureness(group.certainty);
  const state = { open: "open", resolved: "done", skipped: "skipped" }[group.state];
  return [
    plural(group.size, "photo"),
    state,
    word.toLowerCase(),
    days(group.taken),
    bytes(group.bytes),
  ]
    .filter(Boolean)
    .join(", ");
}

function selectButton(isSelected, onSelect) {
  return h(
    "button.select-button",
    {
      tabindex: -1,
      "aria-pressed": String(isSelected),
      "aria-label": "Select this group",
      click: onSelect,
    },
    icon("check", 14),
  );
}

/** A row of thumbnails below a large picture: where one is, and a way to any other. */

import { fill, h } from "./dom.js";
import { standing } from "./photo_card.js";
import { thumbnail } from "./pictures.js";

/** Thumbnails to each side of the current one; a group can hold thousands. */
const REACH = 60;

/**
 * @param {object[]} photos
 * @param {(place: number) => void} choose
 * @param {() => boolean} isLookedAt whether something is suggested of the photos yet
 * @returns {{element: HTMLElement, show: (current: number[]) => void}}
 */
export function filmStrip(photos, choose, isLookedAt) {
  const element = h("div.film-strip", {
    role: "group",
    "aria-label": "Photos of this group",
    testid: "film-strip",
  });
  return {
    element,
    show(current) {
      const hadFocus = element.contains(document.activeElement);
      const places = around(current[0], photos.length);
      const draw = (place) => frame(photos, place, { current, choose, isLookedAt: isLookedAt() });
      fill(element, places.map(draw));
      const here = element.querySelector("[tabindex='0']");
      here?.scrollIntoView({ inline: "center", block: "nearest" });
      if (hadFocus) here?.focus();
    },
  };
}

function around(place, count) {
  const first = Math.max(0, place - REACH);
  const last = Math.min(count, place + REACH + 1);
  return Array.from({ length: last - first }, (_, step) => first + step);
}

function frame(photos, place, { current, choose, isLookedAt }) {
  const attributes = {
    class: `film-frame is-${standing(photos[place], isLookedAt)}`,
    tabindex: place === current[0] ? 0 : -1,
    "aria-label": `Photo ${place + 1} of ${photos.length}`,
    "aria-current": current.includes(place) ? "true" : null,
    click: () => choose(place),
  };
  return h("button", attributes, thumbnail(photos[place]));
}

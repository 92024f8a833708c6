/** A row of thumbnails below a large picture: where one is, and a way to any other. */

import { fill, h } from "./dom.js";
import { standing } from "./photo_card.js";
import { thumbnail } from "./pictures.js";

/** Thumbnails to each side of the current one; a group can hold thousands. */
const REACH = 60;

/**
 * @param {object[]} photos
 * @param {(place: number) => void} choose
 * @returns {{element: HTMLElement, show: (current: number[]) => void}}
 */
export function filmStrip(photos, choose) {
  const element = h("div", { class: "film-strip", role: "group", "aria-label": "Photos of this group", "data-testid": "film-strip" });
  const frame = (place, current) => h("button", {
    class: `film-frame is-${standing(photos[place])}`, type: "button", tabindex: place === current[0] ? 0 : -1, "aria-label": `Photo ${place + 1} of ${photos.length}`,
    "aria-current": current.includes(place) ? "true" : null, on: { click: () => choose(place) },
  }, thumbnail(photos[place]));
  return {
    element,
    show(current) {
      const first = Math.max(0, current[0] - REACH);
      const last = Math.min(photos.length, current[0] + REACH + 1);
      const places = Array.from({ length: last - first }, (_, step) => first + step);
      fill(element, places.map((place) => frame(place, current)));
      element.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    },
  };
}

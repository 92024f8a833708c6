/** Pictures of photos: where they come from, thumbnails that fade in, pictures fetched ahead. */

import { h } from "./dom.js";

/** @param {{id: number, version?: string}} photo @returns {string} */
export function thumbnailUrl({ id, version }) {
  return version ? `/photos/${id}/thumbnail?v=${version}` : `/photos/${id}/thumbnail`;
}

/** @param {{id: number, version?: string}} photo @param {number} [side] longest side in pixels, 0 for all */
export function pictureUrl({ id, version }, side = 2048) {
  return `/photos/${id}/picture?side=${side}${version ? `&v=${version}` : ""}`;
}

/**
 * An image that appears once it is there, or says that it is missing.
 * @param {string} source
 * @param {{alt?: string, class?: string, lazy?: boolean}} [options]
 * @returns {HTMLImageElement}
 */
export function picture(source, { alt = "", class: name = "", lazy = true } = {}) {
  const image = h("img", {
    class: `picture ${name}`,
    alt,
    decoding: "async",
    loading: lazy ? "lazy" : "eager",
    draggable: "false",
  });
  image.addEventListener("load", () => image.classList.add("there"));
  image.addEventListener("error", () => image.classList.add("missing"));
  image.src = source;
  if (image.complete && image.naturalWidth) image.classList.add("there", "at-once");
  return image;
}

/** @param {{id: number}} photo @param {object} [options] as {@link picture} @returns {HTMLImageElement} */
export function thumbnail(photo, options) {
  return picture(thumbnailUrl(photo), options);
}

/** Fetches pictures that will be asked for next. @param {string[]} sources */
export function fetchAhead(sources) {
  for (const source of sources) new Image().src = source;
}

/**
 * Loads and decodes a picture.
 * @param {string} source
 * @returns {Promise<HTMLImageElement>}
 */
export async function loaded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

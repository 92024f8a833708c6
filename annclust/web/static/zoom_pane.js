/** One picture that is looked at through a viewport: the thumbnail first, then better ones as needed. */

import { fill, h } from "./dom.js";
import { loaded, pictureUrl, thumbnailUrl } from "./pictures.js";
import { frameOf } from "./viewport.js";

/** Longest side of the picture that is fetched first; the whole one comes when it is zoomed. */
const FIRST_SIDE = 2048;

export class ZoomPane {
  /** @param {import("./viewport.js").Viewport} viewport */
  constructor(viewport) {
    this.viewport = viewport;
    this.holder = h("div.pane-picture", {});
    this.element = h("div.pane", { testid: "pane" }, this.holder);
    this.size = { width: 3, height: 2 };
    this.watcher = new ResizeObserver(() => this.apply());
    this.watcher.observe(this.element);
  }

  /** @param {object} photo */
  show(photo) {
    this.photo = photo;
    this.side = 0;
    this.shownSide = 0;
    this.size = { width: photo.width || 3, height: photo.height || 2 };
    this.holder.setAttribute("role", "img");
    this.holder.setAttribute("aria-label", photo.name);
    const small = h("img", { src: thumbnailUrl(photo), alt: "", draggable: "false" });
    small.addEventListener("load", () => this.#turnAs(small));
    this.element.classList.add("loading");
    fill(this.holder, small);
    this.apply();
    this.#load(photo, FIRST_SIDE);
  }

  close() {
    this.watcher.disconnect();
  }

  /** @returns {import("./viewport.js").Frame} */
  get frame() {
    const { clientWidth: width, clientHeight: height } = this.element;
    return frameOf(this.size, { width, height });
  }

  /** @returns {number} the zoom at which a pixel of the picture is one of the screen */
  get fullZoom() {
    return this.size.width / (this.frame.fitted.width * devicePixelRatio);
  }

  /** @returns {number} pixels of the screen per pixel of the picture */
  get scale() {
    return this.viewport.zoom / this.fullZoom;
  }

  /** @param {number} clientX @param {number} clientY @returns {{x: number, y: number}} in the picture, 0 to 1 */
  pointAt(clientX, clientY) {
    const box = this.element.getBoundingClientRect();
    const { fitted } = this.frame;
    const { zoom, x, y } = this.viewport;
    return {
      x: x + (clientX - box.left - box.width / 2) / (fitted.width * zoom),
      y: y + (clientY - box.top - box.height / 2) / (fitted.height * zoom),
    };
  }

  /** Whole picture, or one pixel for one; larger, where that would show no more. */
  toggleFull(point = { x: this.viewport.x, y: this.viewport.y }) {
    if (this.viewport.zoom > 1.01) this.viewport.fit();
    else this.viewport.zoomTo(this.fullZoom > 1.1 ? this.fullZoom : 2.5, point, this.frame);
  }

  /** Moves the picture to where the viewport is. */
  apply() {
    const { pane, fitted } = this.frame;
    const { zoom, x, y } = this.viewport;
    const left = pane.width / 2 - x * fitted.width * zoom;
    const top = pane.height / 2 - y * fitted.height * zoom;
    Object.assign(this.holder.style, {
      width: `${fitted.width}px`,
      height: `${fitted.height}px`,
      transform: `translate(${left}px, ${top}px) scale(${zoom})`,
    });
    this.#sharpenIfNeeded(fitted, zoom);
  }

  #sharpenIfNeeded(fitted, zoom) {
    const shown = Math.max(fitted.width, fitted.height) * zoom * devicePixelRatio;
    const all = Math.max(this.size.width, this.size.height);
    if (this.side === FIRST_SIDE && all > FIRST_SIDE && shown > 1.15 * FIRST_SIDE)
      this.#load(this.photo, 0);
  }

  /** A picture that comes late does not cover one with more pixels. */
  async #load(photo, side) {
    this.side = side || Infinity;
    const own = this.side;
    const image = await loaded(pictureUrl(photo, side)).catch(() => null);
    if (this.photo !== photo) return;
    this.element.classList.remove("loading");
    if (own < this.shownSide) return;
    if (image) this.#put(image, own);
    else if (own === FIRST_SIDE) this.#couldNot();
  }

  #put(image, side) {
    this.shownSide = side;
    image.alt = "";
    image.draggable = false;
    this.#turnAs(image);
    this.holder.append(image);
  }

  /** Some files say their size as it lies in them, and are shown turned. */
  #turnAs(image) {
    const isWide = image.naturalWidth > image.naturalHeight;
    if (image.naturalWidth === image.naturalHeight || isWide === this.size.width > this.size.height)
      return;
    this.size = { width: this.size.height, height: this.size.width };
    this.apply();
  }

  #couldNot() {
    this.holder.append(h("p.pane-missing", { text: "This picture cannot be read any more." }));
  }
}

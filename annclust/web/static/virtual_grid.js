/**
 * A grid of cells as large as needed of which only those near the window are in the page: 5,000
 * groups cost as much as 50. It scrolls with the window; cells are of one size.
 */

import { h } from "./dom.js";
import { hasModifier } from "./keys.js";

/** Cells above and below the window that are drawn too, in windows. */
const AHEAD = 1;
/** Pictures fade in once the window has not moved for so long: fading costs a layer for each. */
const REST_MS = 180;
/** Pixels per millisecond at which nobody sees pictures any more. */
const FAST = 5;

/**
 * @typedef {object} GridSettings
 * @property {string} label for screen readers
 * @property {(width: number) => {least: number, gap: number}} shape least width of a cell, by the grid's
 * @property {(width: number) => number} height of a cell, by its width
 * @property {(index: number) => any} entry that a cell shows, undefined until it came
 * @property {(index: number) => Node[]} draw what a cell holds; its element with `data-cell` takes the focus
 * @property {() => Node[]} sketch what a cell holds until its entry is there, or while one scrolls fast
 * @property {(first: number, last: number) => void} [seen] is told which cells are drawn
 */

export class VirtualGrid {
  /** @param {GridSettings} settings */
  constructor(settings) {
    this.settings = settings;
    this.count = 0;
    this.active = 0;
    this.cells = new Map();
    this.shown = new WeakMap();
    this.isFast = false;
    this.element = h("ul.virtual-grid", { "aria-label": settings.label, role: "list" });
    this.element.addEventListener("keydown", (event) => this.#move(event));
    this.element.addEventListener("focusin", (event) => this.#entered(event));
    this.#watch();
  }

  /** @param {number} count of all cells, drawn or not */
  setCount(count) {
    this.count = count;
    this.active = Math.max(0, Math.min(this.active, count - 1));
    for (const [index, cell] of this.cells) if (index >= count) this.#drop(index, cell);
    this.#layOut();
  }

  /** Draws all cells anew that are in the page. */
  redraw() {
    for (const index of this.cells.keys()) this.redrawCell(index);
  }

  /** Draws those cells anew whose entry is not the one that they show. */
  redrawChanged() {
    for (const [index, cell] of this.cells)
      if (this.shown.get(cell) !== this.#told(index)) this.redrawCell(index);
  }

  /** @param {number} index of a cell whose content has changed */
  redrawCell(index) {
    const cell = this.cells.get(index);
    if (!cell) return;
    const hadFocus = cell.contains(document.activeElement);
    this.#fill(index, cell);
    this.#setTabStop(index, cell);
    if (hadFocus) this.#target(cell)?.focus({ preventScroll: true });
  }

  /** @param {number} index is made visible, and gets the focus */
  focus(index) {
    if (index < 0 || index >= this.count) return;
    const before = this.active;
    this.active = index;
    this.#reveal(index);
    this.isFast = false;
    this.#draw();
    for (const each of [before, index])
      if (this.cells.has(each)) this.#setTabStop(each, this.cells.get(each));
    this.#target(this.cells.get(index))?.focus({ preventScroll: true });
  }

  /** Keeps what has the focus, or would get it. @param {number} index */
  activate(index) {
    this.active = index;
    for (const [each, cell] of this.cells) this.#setTabStop(each, cell);
  }

  close() {
    clearTimeout(this.resting);
    this.watcher.disconnect();
    removeEventListener("scroll", this.onScroll);
  }

  #watch() {
    let asked = 0;
    this.onScroll = () => {
      this.#measureSpeed();
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        this.#draw();
      });
    };
    addEventListener("scroll", this.onScroll, { passive: true });
    this.watcher = new ResizeObserver(() => this.#layOut());
    this.watcher.observe(this.element);
  }

  #measureSpeed() {
    const now = { y: scrollY, at: performance.now() };
    const { y, at } = this.before ?? now;
    this.before = now;
    const wasFast = this.isFast;
    this.isFast = Math.abs(now.y - y) > FAST * Math.max(8, now.at - at);
    if (wasFast && !this.isFast) this.redrawChanged();
    this.element.classList.add("moving");
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#rest(), REST_MS);
  }

  #rest() {
    this.isFast = false;
    this.before = null;
    this.element.classList.remove("moving");
    this.redrawChanged();
  }

  #layOut() {
    const width = this.element.clientWidth;
    if (!width) return;
    const { least, gap } = this.settings.shape(width);
    const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const height = this.settings.height(cellWidth);
    this.layout = { columns, gap, width: cellWidth, height, pitch: height + gap };
    const rows = Math.ceil(this.count / columns);
    this.element.style.height = `${Math.max(0, rows * this.layout.pitch - gap)}px`;
    for (const [index, cell] of this.cells) this.#place(index, cell);
    this.#draw();
  }

  #draw() {
    if (!this.layout) return;
    const [first, last] = this.#near();
    this.#dropOutside(first, last);
    for (let index = first; index <= last; index += 1) if (!this.cells.has(index)) this.#add(index);
    this.settings.seen?.(first, last);
  }

  /** What has the focus stays, or the keys would lose their place. */
  #dropOutside(first, last) {
    for (const [index, cell] of this.cells) {
      const isOutside = index < first || index > last;
      if (isOutside && !cell.contains(document.activeElement)) this.#drop(index, cell);
    }
  }

  #near() {
    const { columns, pitch } = this.layout;
    const top = -this.element.getBoundingClientRect().top;
    const firstRow = Math.max(0, Math.floor((top - AHEAD * innerHeight) / pitch));
    const lastRow = Math.floor((top + (1 + AHEAD) * innerHeight) / pitch);
    return [firstRow * columns, Math.min(this.count, (lastRow + 1) * columns) - 1];
  }

  #add(index) {
    const cell = h("li.cell", { "aria-setsize": this.count, "aria-posinset": index + 1 });
    this.#fill(index, cell);
    this.cells.set(index, cell);
    this.#place(index, cell);
    this.#setTabStop(index, cell);
    this.#insert(index, cell);
  }

  /** What flies by is only sketched: its pictures would come too late, and delay those that stay. */
  #fill(index, cell) {
    const { draw, sketch } = this.settings;
    cell.replaceChildren(...(this.isFast ? sketch() : draw(index)));
    this.shown.set(cell, this.isFast ? undefined : this.#told(index));
  }

  /** An entry that says the same needs no drawing, also if it came anew. */
  #told(index) {
    return JSON.stringify(this.settings.entry(index));
  }

  /** In the order of the cells, so that the Tab key and screen readers go as eyes do. */
  #insert(index, cell) {
    const before = this.cells.get(index - 1);
    if (before?.parentNode) before.after(cell);
    else {
      const after = [...this.cells.keys()].filter(
        (each) => each > index && this.cells.get(each).parentNode,
      );
      this.element.insertBefore(cell, after.length ? this.cells.get(Math.min(...after)) : null);
    }
  }

  #drop(index, cell) {
    cell.remove();
    this.cells.delete(index);
  }

  #place(index, cell) {
    const { columns, width, height, gap, pitch } = this.layout;
    const x = (index % columns) * (width + gap);
    const y = Math.floor(index / columns) * pitch;
    Object.assign(cell.style, {
      width: `${width}px`,
      height: `${height}px`,
      transform: `translate(${x}px, ${y}px)`,
    });
  }

  #target(cell) {
    return cell?.querySelector("[data-cell]");
  }

  #setTabStop(index, cell) {
    const target = this.#target(cell);
    if (target) target.tabIndex = index === this.active ? 0 : -1;
  }

  #entered(event) {
    for (const [index, cell] of this.cells) {
      if (cell.contains(event.target) && index !== this.active) this.activate(index);
    }
  }

  #move(event) {
    if (hasModifier(event) || !event.target.matches("[data-cell]")) return;
    const step = this.#step(event.key);
    if (step === null) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(this.count - 1, this.active + step)));
  }

  #step(key) {
    const { columns, pitch } = this.layout;
    const page = columns * Math.max(1, Math.floor(innerHeight / pitch) - 1);
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
      Home: -this.count,
      End: this.count,
    };
    return steps[key] ?? null;
  }

  #reveal(index) {
    if (!this.layout) return;
    const { columns, pitch, height } = this.layout;
    const top = this.element.getBoundingClientRect().top + Math.floor(index / columns) * pitch;
    const margins = { above: 150, below: 90 };
    if (top < margins.above) scrollBy({ top: top - margins.above, behavior: "instant" });
    else if (top + height > innerHeight - margins.below) {
      scrollBy({ top: top + height - innerHeight + margins.below, behavior: "instant" });
    }
  }
}

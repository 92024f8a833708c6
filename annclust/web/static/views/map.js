/** All photos in a plane: what is alike lies near. */

import { loadingCells, nothingHere, notGroupedYet, trouble } from "../blanks.js";
import { fill, h } from "../dom.js";
import { listenForGestures } from "../gestures.js";
import { icon } from "../icons.js";
import { isOnControl } from "../keys.js";
import { MapCanvas } from "../map_canvas.js";
import { pointColors } from "../map_colors.js";
import { PointGrid, groupSizes, readPoints } from "../map_points.js";
import { thumbnail } from "../pictures.js";
import { isDark, onThemeChange } from "../theme.js";
import { number, plural } from "../words.js";

const WHAT_IT_IS =
  "A map shows all photos in a plane, where what is alike lies near. A hundred thousand photos take" +
  " about a minute.";

const STEP = 1.5;
const MOVE_PX = 90;
const MOST_ZOOM = 4000;
/** How far from a point it is still meant, in CSS pixels. */
const NEAR_PX = 14;

/** @param {object} app */
export function mapView(app) {
  if (!app.store.get().collection.clustered) return { title: "Map", element: notGroupedYet(app) };
  return new MapView(app).view();
}

class MapView {
  constructor(app) {
    this.app = app;
    this.stopper = new AbortController();
    this.canvas = h("canvas.map-canvas", {
      tabindex: 0,
      role: "application",
      "aria-label":
        "Map of all photos. Arrows move, plus and minus zoom, Enter opens what is in the middle.",
      testid: "map",
    });
    this.drawing = new MapCanvas(this.canvas, () => this.#ask());
    this.tip = h("div.map-tip", { hidden: true, role: "status" });
    this.words = h("span.secondary", { testid: "map-words" });
    this.stage = h("div.map-stage", {}, loadingCells(1));
    this.element = h("section.map-view", { "aria-label": "Map" }, this.stage);
  }

  view() {
    this.#load();
    const stopTheme = onThemeChange(() => this.#recolor());
    return {
      title: "Map",
      element: this.element,
      keys: this.#keys(),
      close: () => [this.stopper.abort(), stopTheme(), this.watcher?.disconnect()],
    };
  }

  async #load() {
    try {
      const map = await this.app.api.map();
      if (map.state === "absent") return this.#offer();
      const bytes = await this.app.api.mapPoints(
        this.app.store.get().granularity,
        this.stopper.signal,
      );
      this.#show(readPoints(bytes), map);
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          this.stage,
          trouble(error, () => this.#load()),
        );
    }
    return undefined;
  }

  #offer() {
    const button = h(
      "button.button.primary",
      { testid: "make-map", click: () => this.#make(button) },
      "Make the map",
    );
    fill(this.stage, nothingHere("No map yet", WHAT_IT_IS, "map", [button]));
  }

  async #make(button) {
    button.disabled = true;
    try {
      await this.app.jobs.run({ kind: "map" });
      await this.#load();
    } catch (error) {
      button.disabled = false;
      this.app.toasts.fail(error);
    }
  }

  #show(points, map) {
    Object.assign(this, { points, sizes: groupSizes(points), grid: new PointGrid(points) });
    fill(this.stage, this.canvas, this.tip, this.#controls(), this.#legend(map));
    this.drawing.setPoints(points, this.grid);
    this.drawing.fit();
    this.#recolor();
    this.watcher ??= this.#listen();
  }

  #legend(map) {
    const counts = [plural(this.points.count, "photo"), plural(this.sizes.size, "group")];
    this.words.textContent = [...counts, "grey: one-offs"].join(" · ");
    const stale =
      map.state === "stale" &&
      h(
        "button.button.small",
        { click: (event) => this.#make(event.target) },
        "Photos changed: make it anew",
      );
    return h("div.map-legend", {}, h("h1", { text: "Map" }), this.words, stale);
  }

  #controls() {
    const button = (drawing, label, action) =>
      h("button.icon-button", { label, click: action }, icon(drawing));
    return h(
      "div.map-controls",
      { role: "group", "aria-label": "Zoom" },
      button("plus", "Zoom in (+)", () => this.#zoomMiddle(STEP)),
      button("minus", "Zoom out (−)", () => this.#zoomMiddle(1 / STEP)),
      button("fit", "Show all (0)", () => this.#fit()),
    );
  }

  #recolor() {
    if (!this.points) return;
    this.drawing.setColors(pointColors(this.points.groups, isDark()));
    this.#ask();
  }

  /** Draws with the next frame, once however often it is asked. */
  #ask() {
    this.asked ||= requestAnimationFrame(() => {
      this.asked = 0;
      this.drawing.resize();
      this.drawing.draw();
    });
  }

  /** Once: another map is shown on the same canvas. @returns {ResizeObserver} to be disconnected */
  #listen() {
    const { canvas } = this;
    listenForGestures(canvas, {
      zoom: (event, factor) => this.#zoomAt(factor, ...this.#onCanvas(event)),
      pan: (dx, dy, event) => this.#pan(dx, dy, event),
      twice: (event) => this.#zoomAt(STEP * STEP, ...this.#onCanvas(event)),
      tap: (event) => this.#tapped(event),
    });
    canvas.addEventListener(
      "pointermove",
      (event) =>
        event.buttons === 0 &&
        event.pointerType !== "touch" &&
        this.#hover(...this.#onCanvas(event)),
    );
    canvas.addEventListener("pointerleave", () => this.#point(-1));
    canvas.addEventListener("blur", () => this.#point(-1));
    const watcher = new ResizeObserver(() => this.drawing.resize() && this.#ask());
    watcher.observe(canvas);
    return watcher;
  }

  #onCanvas({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  #zoomAt(factor, x, y) {
    const { drawing } = this;
    const before = drawing.placeAt(x, y);
    drawing.view.zoom = Math.max(1, Math.min(MOST_ZOOM, drawing.view.zoom * factor));
    const after = drawing.placeAt(x, y);
    drawing.view.x += before.x - after.x;
    drawing.view.y += before.y - after.y;
    this.#moved();
  }

  #zoomMiddle(factor) {
    this.#zoomAt(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    this.#pointMiddle();
  }

  #pan(dx, dy) {
    const { drawing } = this;
    drawing.view.x -= (dx * drawing.ratio) / drawing.scale;
    drawing.view.y -= (dy * drawing.ratio) / drawing.scale;
    this.#moved();
  }

  #fit() {
    this.drawing.fit();
    this.#moved();
  }

  /** The middle stays among the points. */
  #moved() {
    const { view, bounds } = this.drawing;
    view.x = Math.max(bounds.x[0], Math.min(bounds.x[1], view.x));
    view.y = Math.max(bounds.y[0], Math.min(bounds.y[1], view.y));
    this.#point(-1);
    this.#ask();
  }

  #near(x, y, radius = NEAR_PX) {
    const { x: px, y: py } = this.drawing.placeAt(x, y);
    return this.grid.nearest(px, py, (radius * this.drawing.ratio) / this.drawing.scale);
  }

  #hover(x, y) {
    this.#point(this.#near(x, y));
  }

  #pointMiddle() {
    const [x, y] = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    this.#point(this.#near(x, y, 4 * NEAR_PX));
  }

  #point(point) {
    if (point === this.drawing.highlight) return;
    this.drawing.highlight = point;
    this.canvas.style.cursor = point >= 0 ? "pointer" : "";
    this.tip.hidden = point < 0;
    if (point >= 0) this.#showTip(point);
    this.#ask();
  }

  #showTip(point) {
    const { x, y } = this.drawing.positionOf(point);
    const group = this.points.groups[point];
    const words = group < 0 ? "One-off" : `Group of ${number(this.sizes.get(group))}`;
    fill(
      this.tip,
      thumbnail({ id: this.points.ids[point] }, { lazy: false }),
      h("span", { text: words }),
    );
    const isRight = x > this.canvas.clientWidth / 2;
    const isLow = y > this.canvas.clientHeight / 2;
    const across = isRight ? "calc(-100% - 18px)" : "18px";
    const along = isLow ? "calc(-100% + 12px)" : "-12px";
    this.tip.style.transform = `translate(${x}px, ${y}px) translate(${across}, ${along})`;
  }

  /** A finger cannot hover: its first tap points, its second opens. */
  #tapped(event) {
    const point = this.#near(
      ...this.#onCanvas(event),
      event.pointerType === "touch" ? 2 * NEAR_PX : NEAR_PX,
    );
    if (point < 0) this.#point(-1);
    else if (event.pointerType === "touch" && point !== this.drawing.highlight) this.#point(point);
    else this.#open(point);
  }

  #open(point) {
    const group = this.points.groups[point];
    if (group < 0) this.app.router.go(`/similar/${this.points.ids[point]}`);
    else this.app.router.go(`/group/${group}?g=${this.app.store.get().granularity}`);
  }

  #keys() {
    const move = (x, y) => () => {
      if (!this.points) return;
      this.#pan(-x * MOVE_PX, -y * MOVE_PX);
      this.#pointMiddle();
    };
    const zoom = (factor) => () => this.points && this.#zoomMiddle(factor);
    const enter = (event) =>
      !isOnControl(event) && this.drawing.highlight >= 0
        ? this.#open(this.drawing.highlight)
        : false;
    return {
      "+": zoom(STEP),
      "=": zoom(STEP),
      "-": zoom(1 / STEP),
      0: () => this.points && this.#fit(),
      Enter: enter,
      ArrowLeft: move(-1, 0),
      ArrowRight: move(1, 0),
      ArrowUp: move(0, -1),
      ArrowDown: move(0, 1),
    };
  }
}

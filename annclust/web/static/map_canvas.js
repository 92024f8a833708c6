/**
 * The drawing of the map. Points are written into the canvas' pixels directly: 100,000 of them take a
 * few milliseconds, where as many fillRect calls take a frame or more. Near enough, pictures replace points.
 */

import { thumbnailUrl } from "./pictures.js";

/** Pictures are shown once no more than this many points are seen. */
const FEW = 900;
const VERY_FEW = 60;
/** Up to here points are discs, and pixels above. */
const SOME = 2500;
const DISC = 3.5;
/** Longest side of a picture with the room around it, in CSS pixels. */
const PICTURE = 76;
const LARGE_PICTURE = 124;
const KEPT_PICTURES = 800;
/** Edge around the points, as a share of the canvas' shorter side. */
const MARGIN = 0.05;

export class MapCanvas {
  /** @param {HTMLCanvasElement} canvas @param {() => void} onPicture is told when a picture came */
  constructor(canvas, onPicture) {
    Object.assign(this, {
      canvas,
      onPicture,
      view: { zoom: 1, x: 0.5, y: 0.5 },
      pictures: new Map(),
      highlight: -1,
    });
    this.context = canvas.getContext("2d", { alpha: false });
  }

  /** @param {import("./map_points.js").Points} points @param {import("./map_points.js").PointGrid} grid */
  setPoints(points, grid) {
    Object.assign(this, { points, grid });
    const reach = (values) => [
      values.reduce((a, b) => Math.min(a, b), 1),
      values.reduce((a, b) => Math.max(a, b), 0),
    ];
    this.bounds = { x: reach(points.x), y: reach(points.y) };
  }

  /** @param {{colors: Uint32Array, background: number}} colors */
  setColors({ colors, background }) {
    Object.assign(this, { colors, background });
  }

  /** Fits the canvas to its box on the page. @returns {boolean} whether it changed */
  resize() {
    const ratio = Math.min(2, devicePixelRatio);
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (!width || !height || (width === this.canvas.width && height === this.canvas.height))
      return false;
    Object.assign(this.canvas, { width, height });
    this.ratio = ratio;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    return true;
  }

  /** Shows all points. */
  fit() {
    const { x, y } = this.bounds;
    this.view = { zoom: 1, x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2 };
  }

  /** @returns {number} canvas pixels per unit of the points */
  get scale() {
    const { x, y } = this.bounds;
    const room = 1 - 2 * MARGIN;
    const fitted = Math.min(
      (this.canvas.width * room) / (x[1] - x[0] || 1),
      (this.canvas.height * room) / (y[1] - y[0] || 1),
    );
    return fitted * this.view.zoom;
  }

  /** @param {number} cssX @param {number} cssY on the canvas @returns {{x: number, y: number}} of the points */
  placeAt(cssX, cssY) {
    const { scale, ratio, canvas, view } = this;
    return {
      x: view.x + (cssX * ratio - canvas.width / 2) / scale,
      y: view.y + (cssY * ratio - canvas.height / 2) / scale,
    };
  }

  /** @param {number} point @returns {{x: number, y: number}} in CSS pixels on the canvas */
  positionOf(point) {
    const { scale, ratio, canvas, view, points } = this;
    return {
      x: (canvas.width / 2 + (points.x[point] - view.x) * scale) / ratio,
      y: (canvas.height / 2 + (points.y[point] - view.y) * scale) / ratio,
    };
  }

  draw() {
    if (!this.points || !this.image || !this.colors) return;
    const seen = this.#seen();
    this.pixels.fill(this.background);
    if (seen.length > SOME) this.#stamp(seen);
    this.context.putImageData(this.image, 0, 0);
    if (seen.length <= SOME) this.#drawDiscs(seen);
    if (seen.length <= FEW) this.#drawPictures(seen);
    if (this.highlight >= 0) this.#ring(this.highlight);
  }

  #seen() {
    const start = this.placeAt(-8, -8);
    const end = this.placeAt(this.canvas.clientWidth + 8, this.canvas.clientHeight + 8);
    const seen = [];
    this.grid.within({ left: start.x, top: start.y, right: end.x, bottom: end.y }, (i) =>
      seen.push(i),
    );
    return seen;
  }

  /** What is alone first, so that groups lie on top. */
  #stamp(seen) {
    const stamp = disc(this.#radius(seen.length), this.canvas.width);
    const { scale } = this;
    const { groups } = this.points;
    for (const i of seen) if (groups[i] < 0) this.#dot(i, stamp, scale);
    for (const i of seen) if (groups[i] >= 0) this.#dot(i, stamp, scale);
  }

  /** Few enough points are drawn with smooth edges. */
  #drawDiscs(seen) {
    const { context, ratio, points } = this;
    const ordered = seen.toSorted((one, other) => points.groups[one] - points.groups[other]);
    for (const i of ordered) {
      const { x, y } = this.positionOf(i);
      context.beginPath();
      context.arc(x * ratio, y * ratio, DISC * ratio, 0, 2 * Math.PI);
      context.fillStyle = cssColor(this.colors[i]);
      context.fill();
    }
  }

  #radius(count) {
    const size = count > 40_000 ? 1.1 : count > 8_000 ? 1.6 : 2.4;
    return size * this.ratio;
  }

  #dot(i, { reach, steps }, scale) {
    const { points, view, pixels, canvas, colors } = this;
    const { width, height } = canvas;
    const x = Math.round(width / 2 + (points.x[i] - view.x) * scale);
    const y = Math.round(height / 2 + (points.y[i] - view.y) * scale);
    if (x < reach || y < reach || x >= width - reach || y >= height - reach) return;
    const middle = y * width + x;
    for (let k = 0; k < steps.length; k += 1) pixels[middle + steps[k]] = colors[i];
  }

  #drawPictures(seen) {
    const side = seen.length <= VERY_FEW ? LARGE_PICTURE : PICTURE;
    const taken = [];
    for (const i of seen) {
      const at = this.positionOf(i);
      if (taken.some(({ x, y }) => Math.abs(x - at.x) < side && Math.abs(y - at.y) < 0.8 * side))
        continue;
      taken.push(at);
      this.#drawPicture(i, at.x * this.ratio, at.y * this.ratio, 0.9 * side * this.ratio);
    }
  }

  #drawPicture(i, x, y, side) {
    const image = this.#picture(this.points.ids[i]);
    if (!image.complete || !image.naturalWidth) return;
    const shrink = side / Math.max(image.naturalWidth, image.naturalHeight);
    const [width, height] = [image.naturalWidth * shrink, image.naturalHeight * shrink];
    const edge = 2 * this.ratio;
    this.context.fillStyle = cssColor(this.colors[i]);
    this.context.fillRect(
      x - width / 2 - edge,
      y - height / 2 - edge,
      width + 2 * edge,
      height + 2 * edge,
    );
    this.context.drawImage(image, x - width / 2, y - height / 2, width, height);
  }

  /** Kept while they are used; the oldest goes when there are too many. */
  #picture(id) {
    let image = this.pictures.get(id);
    if (image) this.pictures.delete(id);
    else {
      image = new Image();
      image.onload = this.onPicture;
      image.src = thumbnailUrl({ id });
    }
    this.pictures.set(id, image);
    if (this.pictures.size > KEPT_PICTURES) this.pictures.delete(this.pictures.keys().next().value);
    return image;
  }

  #ring(point) {
    const { x, y } = this.positionOf(point);
    const { context, ratio } = this;
    context.beginPath();
    context.arc(x * ratio, y * ratio, 9 * ratio, 0, 2 * Math.PI);
    context.lineWidth = 2 * ratio;
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.stroke();
  }
}

/** How far a dot reaches, and the steps from its middle to all of its pixels. */
function disc(radius, width) {
  if (radius < 1.5) return { reach: 1, steps: [0, 1, width, width + 1] };
  const reach = Math.ceil(radius);
  const steps = [];
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1)
      if (Math.hypot(dx, dy) <= radius + 0.2) steps.push(dy * width + dx);
  }
  return { reach, steps };
}

function cssColor(pixel) {
  return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
}

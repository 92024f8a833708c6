/** What differs between two pictures, as heat over the first: found in the browser, on a canvas. */

import { align } from "./alignment.js";
import { loaded, pictureUrl } from "./pictures.js";

/** Side of the gray squares that are laid over each other. */
const SIDE = 256;
/** Longest side of the heat, in pixels. */
const LONGEST = 900;
/** Below, two pictures show different things. */
const ENOUGH = 0.6;
/** Differences of brightness that noise and compression make, and that are as hot as can be. */
const FAINT = 14;
const HOT = 90;

/**
 * @param {object} first
 * @param {object} second
 * @returns {Promise<{canvas: HTMLCanvasElement | null, match: number, share: number, shift: {x: number, y: number}}>}
 *   no canvas if they do not match; share of the first that differs; shift as shares of its sides
 */
export async function differenceOf(first, second) {
  const [one, other] = await Promise.all([first, second].map((photo) => loaded(pictureUrl(photo))));
  const { match, ...shift } = align(gray(one), gray(other));
  if (match < ENOUGH) return { canvas: null, match, share: 0, shift };
  const size = sizeFor(one);
  const below = pixelsOf(one, size, { x: 0, y: 0 });
  const above = pixelsOf(other, size, shift);
  return { ...heat(below, above, size), match, shift };
}

function sizeFor({ naturalWidth: width, naturalHeight: height }) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** Both pictures scaled to one shape, so that a copy of another size lies on the first. */
function gray(image) {
  const { data } = pixelsOf(image, { width: SIDE, height: SIDE }, { x: 0, y: 0 });
  const pixels = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = brightness(data, 4 * i);
  return { pixels, side: SIDE };
}

function brightness(data, i) {
  return 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
}

function pixelsOf(image, { width, height }, { x, y }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, x * width, y * height, width, height);
  return context.getImageData(0, 0, width, height);
}

function heat(below, above, { width, height }) {
  const tone = toneOf(below.data, above.data);
  const far = smoothed(distances(below.data, above.data, tone), width, height);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  let differs = 0;
  for (let i = 0; i < far.length; i += 1) {
    if (above.data[4 * i + 3] < 250) {
      veil(image.data, 4 * i);
      continue;
    }
    const warmth = Math.max(0, Math.min(1, (far[i] - FAINT) / (HOT - FAINT)));
    if (warmth > 0.12) differs += 1;
    color(image.data, 4 * i, warmth);
  }
  context.putImageData(image, 0, 0);
  return { canvas, share: differs / far.length };
}

/** Gain and offset that give the second picture the brightness of the first: exposure is not what is asked. */
function toneOf(below, above) {
  let [count, a, b, aa, bb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < below.length; i += 16) {
    if (!above[i + 3]) continue;
    const [one, other] = [brightness(below, i), brightness(above, i)];
    count += 1;
    a += one;
    b += other;
    aa += one * one;
    bb += other * other;
  }
  const spread = (sum, squares) => Math.sqrt(Math.max(1, squares / count - (sum / count) ** 2));
  const gain = Math.max(0.5, Math.min(2, spread(a, aa) / spread(b, bb)));
  return { gain, offset: a / count - (gain * b) / count };
}

/** Per pixel, over all colors; nothing where the second picture does not reach. */
function distances(below, above, { gain, offset }) {
  const far = new Float32Array(below.length / 4);
  for (let i = 0, at = 0; i < far.length; i += 1, at += 4) {
    if (above[at + 3] < 250) continue;
    for (let color = 0; color < 3; color += 1)
      far[i] += Math.abs(below[at + color] - (gain * above[at + color] + offset)) / 3;
  }
  return far;
}

/** The least of what a pixel and its neighbors say, then their mean: edges moved by half a pixel vanish. */
function smoothed(far, width, height) {
  const out = new Float32Array(far.length);
  for (let row = 1; row < height - 1; row += 1) {
    for (let column = 1; column < width - 1; column += 1) {
      const i = row * width + column;
      const across = Math.min(far[i - 1], far[i], far[i + 1]);
      const along = Math.min(far[i - width], far[i], far[i + width]);
      out[i] = Math.max(across, along);
    }
  }
  return out;
}

/** Where only the first picture is. */
function veil(data, at) {
  data.fill(16, at, at + 3);
  data[at + 3] = 150;
}

/** From clear over amber to red. */
function color(data, at, warmth) {
  data[at] = 255;
  data[at + 1] = Math.round(190 * (1 - warmth));
  data[at + 2] = Math.round(40 * (1 - warmth));
  data[at + 3] = Math.round(255 * Math.min(1, warmth * 1.6));
}

/**
 * How far one picture is moved against another: phase correlation on small gray squares, then a
 * search around what it found. Pure: numbers in, numbers out.
 */

import { transformSquare } from "./fourier.js";

/** How many of the highest peaks are tried: the second picture may be darker, or changed in part. */
const PEAKS = 4;
const AROUND = 2;
/** Shifts by more than this share of the picture are no longer the same view. */
const FARTHEST = 0.35;

/**
 * @typedef {object} Gray
 * @property {Float32Array} pixels side × side, 0 to 255
 * @property {number} side a power of two
 */

/**
 * @param {Gray} first
 * @param {Gray} second of the same side
 * @returns {{x: number, y: number, match: number}} where the second one lies on the first, as shares of
 *   its sides, and how well they correlate there: 1 the same, 0 unrelated
 */
export function align(first, second) {
  const surface = phaseCorrelation(first, second);
  const candidates = [{ x: 0, y: 0 }, ...highest(surface, first.side)];
  let best = { x: 0, y: 0, match: -1 };
  for (const start of candidates) {
    const found = climb(first, second, start);
    if (found.match > best.match) best = found;
  }
  return { ...finer(first, second, best), match: best.match };
}

/** Kuglin and Hines (1975): the transform of the phase difference has a peak at the shift. */
function phaseCorrelation(first, second) {
  const n = first.side;
  const [a, b] = [first, second].map((gray) => transformed(gray));
  for (let i = 0; i < n * n; i += 1) {
    const re = a.real[i] * b.real[i] + a.imaginary[i] * b.imaginary[i];
    const im = a.imaginary[i] * b.real[i] - a.real[i] * b.imaginary[i];
    const size = Math.hypot(re, im) || 1;
    a.real[i] = re / size;
    a.imaginary[i] = im / size;
  }
  transformSquare(a.real, a.imaginary, n, true);
  return a.real;
}

/** Without its mean, and faded at the edges, which would correlate by themselves. */
function transformed({ pixels, side }) {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const fade = Float64Array.from(
    { length: side },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / side),
  );
  const real = Float64Array.from(
    pixels,
    (value, i) => (value - mean) * fade[i % side] * fade[Math.floor(i / side)],
  );
  const imaginary = new Float64Array(pixels.length);
  transformSquare(real, imaginary, side);
  return { real, imaginary };
}

function highest(surface, n) {
  const peaks = [];
  for (let i = 0; i < surface.length; i += 1) {
    if (peaks.length === PEAKS && surface[i] <= peaks.at(-1).height) continue;
    peaks.push({ height: surface[i], x: signed(i % n, n), y: signed(Math.floor(i / n), n) });
    peaks.sort((one, other) => other.height - one.height);
    peaks.length = Math.min(peaks.length, PEAKS);
  }
  return peaks.filter(({ x, y }) => Math.max(Math.abs(x), Math.abs(y)) < FARTHEST * n);
}

function signed(place, n) {
  return place > n / 2 ? place - n : place;
}

/** The best shift within a few pixels. */
function climb(first, second, start) {
  let best = { x: start.x, y: start.y, match: -1 };
  for (let y = start.y - AROUND; y <= start.y + AROUND; y += 1) {
    for (let x = start.x - AROUND; x <= start.x + AROUND; x += 1) {
      const match = correlation(first, second, x, y);
      if (match > best.match) best = { x, y, match };
    }
  }
  return best;
}

/** Between pixels: the top of the parabola through the best shift and its neighbors. */
function finer(first, second, { x, y, match }) {
  const off = (before, after) => {
    const bend = before - 2 * match + after;
    return bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
  };
  const right = off(correlation(first, second, x - 1, y), correlation(first, second, x + 1, y));
  const down = off(correlation(first, second, x, y - 1), correlation(first, second, x, y + 1));
  return { x: (x + right) / first.side, y: (y + down) / first.side };
}

/**
 * Pearson's correlation where both pictures are, if the second one is moved by whole pixels.
 * @param {Gray} first @param {Gray} second @param {number} x @param {number} y
 * @returns {number} -1 to 1; 0 if one of them is even there
 */
export function correlation(first, second, x, y) {
  const n = first.side;
  const sums = { count: 0, a: 0, b: 0, aa: 0, bb: 0, ab: 0 };
  for (let row = Math.max(0, y); row < Math.min(n, n + y); row += 1) {
    for (let column = Math.max(0, x); column < Math.min(n, n + x); column += 1) {
      add(sums, first.pixels[row * n + column], second.pixels[(row - y) * n + column - x]);
    }
  }
  const { count, a, b, aa, bb, ab } = sums;
  const spread = (aa - (a * a) / count) * (bb - (b * b) / count);
  return spread > 0 ? (ab - (a * b) / count) / Math.sqrt(spread) : 0;
}

function add(sums, a, b) {
  sums.count += 1;
  sums.a += a;
  sums.b += b;
  sums.aa += a * a;
  sums.bb += b * b;
  sums.ab += a * b;
}

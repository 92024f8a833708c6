/** Numbers, sizes and times as a person reads them. Pure. */

const NUMBER = new Intl.NumberFormat("en");
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** @param {number} count @returns {string} 12,345 */
export function number(count) {
  return NUMBER.format(count);
}

/** @param {number} count @param {string} one @param {string} [many] @returns {string} 1 photo, 2 photos */
export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** @param {number} bytes @returns {string} in thousands, as file managers count */
export function bytes(bytes) {
  let power = 0;
  let size = bytes;
  while (size >= 999.5 && power < UNITS.length - 1) {
    size /= 1000;
    power += 1;
  }
  const digits = power < 2 || size >= 100 ? 0 : 1;
  return `${size.toFixed(digits)} ${UNITS[power]}`;
}

/** @param {string | null} iso @returns {string} 12 Jul 2024; empty if unknown */
export function day(iso) {
  return told(iso, DAY);
}

/** @param {string | null} iso @returns {string} with the time of day */
export function moment(iso) {
  return told(iso, MOMENT);
}

/** @param {[string, string] | null} range @returns {string} 12 Jul 2024, or 12–14 Jul 2024 */
export function days(range) {
  if (!range) return "";
  const [first, last] = range.map((iso) => new Date(iso));
  return Number.isNaN(first.getTime()) || Number.isNaN(last.getTime())
    ? ""
    : DAY.formatRange(first, last);
}

/**
 * How sure a group is, in a word.
 * @param {number} certainty 0 to 1
 * @returns {{word: string, grade: "high" | "middle" | "low"}}
 */
export function sureness(certainty) {
  if (certainty >= 0.3) return { word: "Sure", grade: "high" };
  if (certainty >= 0.1) return { word: "Fairly sure", grade: "middle" };
  return { word: "Unsure", grade: "low" };
}

/**
 * A range of words for the slider.
 * @param {number} granularity
 * @param {Record<string, number>} levels
 * @returns {string} the level it is nearest to from above: copies, shots, scenes, themes
 */
export function levelName(granularity, levels) {
  if (granularity < 0.3) return "copies";
  const [name, place] = Object.entries(levels).reduce((best, level) =>
    Math.abs(level[1] - granularity) < Math.abs(best[1] - granularity) ? level : best,
  );
  const off = granularity - place;
  if (Math.abs(off) < 0.02) return name;
  return `${off < 0 ? "finer" : "coarser"} than ${name}`;
}

/** @param {string} text @returns {string} with a capital */
export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

/** @param {number} share 0 to 1 @returns {string} 87 % */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function told(iso, format) {
  if (!iso) return "";
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? "" : format.format(time);
}

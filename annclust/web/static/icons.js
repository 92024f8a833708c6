/** Line icons of 20 × 20, drawn for this page. They say nothing to a screen reader: buttons have labels. */

import { svg } from "./dom.js";

const STROKES = {
  groups: [
    "M4 7.5h9a1.5 1.5 0 0 1 1.5 1.5v6.5A1.5 1.5 0 0 1 13 17H4a1.5 1.5 0 0 1-1.5-1.5V9A1.5 1.5 0 0 1 4 7.5Z",
    "M5.5 5h10A1.5 1.5 0 0 1 17 6.5V13",
    "M8 2.5h8.5A2 2 0 0 1 18.5 4.5V10.5",
  ],
  alone: [
    "M4.5 3.5h11a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 15V5a1.5 1.5 0 0 1 1.5-1.5Z",
    "m3.5 14 4-4 3 3 2.5-2 3.5 3",
  ],
  map: [
    "M5 6.2v.01",
    "M8.5 4v.01",
    "M7.5 8.5v.01",
    "M13.5 5.5v.01",
    "M16 8v.01",
    "M13.5 9.5v.01",
    "M6 14v.01",
    "M9.5 15.5v.01",
    "M10 12v.01",
    "M15 14.5v.01",
  ],
  decisions: [
    "M6.5 3.5v4a3 3 0 0 0 3 3h1a3 3 0 0 1 3 3v3",
    "m11 14.2 2.5 2.5 2.5-2.5",
    "M6.5 10.5v6",
  ],
  purge: [
    "M3.5 5.5h13",
    "M8 5.5V4a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v1.5",
    "m5 5.5.7 10a1.5 1.5 0 0 0 1.5 1.5h5.6a1.5 1.5 0 0 0 1.5-1.5l.7-10",
  ],
  search: ["M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z", "m13.2 13.2 3.3 3.3"],
  help: [
    "M7.7 7.8a2.3 2.3 0 1 1 3.3 2.1c-.7.3-1 .8-1 1.6",
    "M10 14v.01",
    "M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15Z",
  ],
  system: ["M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14Z", "M10 3v14", "M12.5 4v12", "M15 5.5v9"],
  dark: ["M16.5 11.6A7 7 0 0 1 8.4 3.5a7 7 0 1 0 8.1 8.1Z"],
  light: [
    "M10 6.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z",
    "M10 2.5v1.3",
    "M10 16.2v1.3",
    "M2.5 10h1.3",
    "M16.2 10h1.3",
    "m4.7 4.7.9.9",
    "m14.4 14.4.9.9",
    "m15.3 4.7-.9.9",
    "m5.6 14.4-.9.9",
  ],
  check: ["m4.5 10.5 3.5 3.5 7.5-8"],
  checks: ["m2.5 10.5 3.2 3.2 6.3-7", "m9.5 13.7.5.5 7.5-8"],
  cross: ["m5.5 5.5 9 9", "m14.5 5.5-9 9"],
  skip: ["m5 5 6 5-6 5V5Z", "M14.5 5v10"],
  back: ["m12 4.5-5.5 5.5 5.5 5.5"],
  forward: ["m8 4.5 5.5 5.5L8 15.5"],
  compare: ["M3 4.5h5.5v11H3z", "M11.5 4.5H17v11h-5.5z"],
  swap: ["M4 7.5h11", "m12.5 5 2.5 2.5-2.5 2.5", "M16 12.5H5", "m7.5 10-2.5 2.5L7.5 15"],
  difference: [
    "M8 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
    "M12 4.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z",
  ],
  expand: ["M12 3.5h4.5V8", "M8 16.5H3.5V12", "M16.5 3.5 11.5 8.5", "m3.5 16.5 5-5"],
  similar: ["M3.5 5h7v7h-7z", "M9.5 15h7V8"],
  split: ["M10 3v14", "M7.5 7 4 10l3.5 3", "m12.5 7 3.5 3-3.5 3"],
  join: ["M3 10h4.5", "m5.5 7.5 2.5 2.5-2.5 2.5", "M17 10h-4.5", "m14.5 7.5-2.5 2.5 2.5 2.5"],
  undo: ["M7 4 3.5 7.5 7 11", "M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8"],
  upload: [
    "M10 13V4",
    "M6.5 7 10 3.5 13.5 7",
    "M4 13v2a1.5 1.5 0 0 0 1.5 1.5h9A1.5 1.5 0 0 0 16 15v-2",
  ],
  warning: ["M10 3.5 17.5 16.5h-15L10 3.5Z", "M10 8.5v3.5", "M10 14.2v.01"],
  plus: ["M10 4.5v11", "M4.5 10h11"],
  minus: ["M4.5 10h11"],
  fit: ["M3.5 7.5v-4h4", "M16.5 7.5v-4h-4", "M3.5 12.5v4h4", "M16.5 12.5v4h-4"],
  more: ["M5 10v.01", "M10 10v.01", "M15 10v.01"],
  clear: ["M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z", "M7 10h6"],
};

const THICK = new Set(["map", "more"]);

/**
 * @param {keyof typeof STROKES} name
 * @param {number} [size] in CSS pixels
 * @returns {SVGElement}
 */
export function icon(name, size = 20) {
  const paths = STROKES[name].map((d) => svg("path", { d }));
  return svg(
    "svg",
    {
      class: "icon",
      viewBox: "0 0 20 20",
      width: size,
      height: size,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": THICK.has(name) ? 2.6 : 1.5,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
      focusable: "false",
    },
    ...paths,
  );
}

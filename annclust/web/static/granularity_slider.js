/** The slider from copies to themes: how alike photos must be to lie in one group. */

import { h } from "./dom.js";
import { capital, levelName, plural } from "./words.js";

const STEP = 0.05;
const SNAP = 0.04;
const WAIT_MS = 90;

/**
 * @param {object} settings
 * @param {{levels: Record<string, number>, coarsest: number}} settings.collection
 * @param {number} settings.granularity
 * @param {(granularity: number) => void} settings.onChange once a person rests for a moment
 * @returns {{element: HTMLElement, told: (counts: {total: number, photos: number}) => void}}
 */
export function granularitySlider({ collection, granularity, onChange }) {
  const { levels, coarsest } = collection;
  const words = h("output.slider-words", { for: "granularity", testid: "group-count" });
  const input = h("input", {
    type: "range",
    id: "granularity",
    min: 0,
    max: coarsest,
    step: 0.01,
    "aria-label": "Granularity",
    testid: "granularity",
  });
  const show = (told = "") => showPlace(input, words, collection, told);
  input.value = granularity;
  listen(input, levels, show, onChange);
  show();
  return {
    element: h(
      "div.slider",
      {},
      words,
      h("div.slider-track", {}, input, marks(input, levels, coarsest)),
    ),
    told: ({ total, photos }) => show(`${plural(total, "group")} · ${plural(photos, "photo")}`),
  };
}

function showPlace(input, words, { levels, coarsest }, told) {
  const name = capital(levelName(Number(input.value), levels));
  input.style.setProperty("--done", `${(100 * input.value) / coarsest}%`);
  input.setAttribute("aria-valuetext", told ? `${name}: ${told}` : name);
  words.replaceChildren(h("strong", { text: name }), h("span", { text: told }));
}

function listen(input, levels, show, onChange) {
  let timer = 0;
  const changed = () => {
    show();
    clearTimeout(timer);
    timer = setTimeout(() => onChange(Number(input.value)), WAIT_MS);
  };
  input.addEventListener("input", () => {
    input.value = snapped(Number(input.value), levels);
    changed();
  });
  input.addEventListener("keydown", (event) => {
    const value = keyed(event, Number(input.value), Number(input.max), levels);
    if (value === null) return;
    event.preventDefault();
    input.value = value;
    changed();
  });
  input.addEventListener("go-to", (event) => {
    input.value = event.detail;
    changed();
  });
}

/** Arrows go in steps, Page keys from mark to mark. */
function keyed(event, value, most, levels) {
  const places = [0, ...Object.values(levels), most];
  const targets = {
    ArrowRight: () => value + STEP,
    ArrowUp: () => value + STEP,
    ArrowLeft: () => value - STEP,
    ArrowDown: () => value - STEP,
    Home: () => 0,
    End: () => most,
    PageUp: () => places.find((place) => place > value + SNAP / 2),
    PageDown: () => places.findLast((place) => place < value - SNAP / 2),
  };
  const target = targets[event.key]?.();
  return target === undefined ? null : Math.round(100 * Math.max(0, Math.min(most, target))) / 100;
}

function snapped(value, levels) {
  return Object.values(levels).find((place) => Math.abs(place - value) < SNAP) ?? value;
}

function marks(input, levels, coarsest) {
  const go = (place) => () => input.dispatchEvent(new CustomEvent("go-to", { detail: place }));
  const mark = (name, place) =>
    h(
      "button",
      {
        class: "slider-mark",
        tabindex: -1,
        style: { left: `${(100 * place) / coarsest}%` },
        click: go(place),
      },
      capital(name),
    );
  const named = Object.entries({ copies: 0, ...levels }).map(([name, place]) => mark(name, place));
  return h("div.slider-marks", { "aria-hidden": "true" }, named);
}

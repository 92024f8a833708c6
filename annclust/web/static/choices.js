/** Choosing one of a few: segments beside each other, or a list that drops down. */

import { h } from "./dom.js";

/**
 * @typedef {object} Choice
 * @property {string} label
 * @property {Record<string, string>} options what is shown, by name
 * @property {string} chosen
 * @property {string} testid
 * @property {(name: string) => void} onChange
 */

/**
 * @param {Choice} settings
 * @returns {{element: HTMLElement, tell: (numbers: Record<string, string>) => void}}
 */
export function segments({ label, options, chosen, testid, onChange }) {
  const numbers = {};
  const one = ([name, text]) => {
    numbers[name] = h("span.segment-number", {});
    const radio = h("input", {
      type: "radio",
      name: testid,
      value: name,
      checked: name === chosen,
      on: { change: () => onChange(name) },
    });
    return h("label.segment", {}, radio, h("span", {}, text, " ", numbers[name]));
  };
  const element = h(
    "fieldset.segments",
    { testid: testid },
    h("legend.unseen", { text: label }),
    Object.entries(options).map(one),
  );
  return {
    element,
    tell: (told) => {
      for (const [name, text] of Object.entries(told)) numbers[name].textContent = text;
    },
  };
}

/**
 * @param {Choice} settings
 * @returns {HTMLElement}
 */
export function select({ label, options, chosen, testid, onChange }) {
  const list = h(
    "select.select",
    { "aria-label": label, testid: testid },
    Object.entries(options).map(([name, text]) =>
      h("option", { value: name, selected: name === chosen }, text),
    ),
  );
  list.addEventListener("change", () => onChange(list.value));
  return list;
}

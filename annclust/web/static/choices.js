/** Choosing one of a few: segments beside each other, or a list that drops down. */

import { h } from "./dom.js";

/**
 * @param {{label: string, options: Record<string, string>, chosen: string, testid: string, onChange: (name: string) => void}} settings
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
 * @param {{label: string, options: Record<string, string>, chosen: string, testid: string, onChange: (name: string) => void}} settings
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

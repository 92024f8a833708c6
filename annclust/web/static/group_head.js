/** What stands over the photos of a group: what it is, and what can be done with all of it. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { bytes, capital, days, number, plural, sureness } from "./words.js";

const STATES = { resolved: ["check", "Done"], skipped: ["skip", "Skipped"] };

const COMPARED = { copies: "copies of one picture", frames: "frames of one moment" };

/**
 * @param {object} app
 * @param {object} group
 * @param {Record<"finish" | "skip" | "reopen" | "compare" | "go" | "back", Function>} actions
 * @returns {HTMLElement}
 */
export function groupHead(app, group, actions) {
  return h(
    "header.group-head",
    {},
    h(
      "div.group-title",
      {},
      h(
        "button.icon-button",
        {
          "aria-label": "Back to the groups",
          title: "Back (Esc)",
          testid: "back",
          click: actions.back,
        },
        icon("back"),
      ),
      h(
        "div",
        {},
        h("h1", {}, plural(group.size, "photo"), stateChip(group)),
        h("p.secondary", { text: about(group) }),
      ),
    ),
    h("div.group-actions", {}, steps(group, actions), buttons(group, actions)),
  );
}

function stateChip({ state }) {
  const found = STATES[state];
  return found
    ? h("span", { class: `chip ${state}`, testid: "group-state" }, icon(found[0], 14), found[1])
    : null;
}

function about(group) {
  const taken = group.photos
    .map(({ taken }) => taken)
    .filter(Boolean)
    .sort();
  const when = taken.length ? days([taken[0], taken.at(-1)]) : "";
  const all = bytes(group.photos.reduce((sum, photo) => sum + photo.bytes, 0));
  const looking = group.pending
    ? `looking closely at ${number(group.pending)}…`
    : (COMPARED[group.compared_as] ?? "");
  const level = group.size > 1 ? capital(group.level) : "Stands alone";
  return [level, looking, sureness(group.certainty).word.toLowerCase(), when, all]
    .filter(Boolean)
    .join(" · ");
}

function steps({ neighbors }, { go }) {
  const step = (drawing, label, lead, testid) =>
    h(
      "button.icon-button",
      {
        label,
        disabled: lead === null,
        testid: testid,
        click: () => go(lead),
      },
      icon(drawing),
    );
  return h(
    "div.group-steps",
    {},
    step("back", "Group before ([)", neighbors.previous, "previous"),
    step("forward", "Group after (])", neighbors.next, "next"),
  );
}

function buttons(group, actions) {
  const button = (drawing, text, action, key, testid, name = "button") =>
    h(
      "button",
      { class: name, title: `${text} (${key})`, testid: testid, click: action },
      icon(drawing),
      h("span", { text }),
    );
  const isOpen = group.state === "open";
  return [
    group.size > 1 && button("compare", "Compare", actions.compare, "C", "compare"),
    isOpen
      ? button("skip", "Skip", actions.skip, "S", "skip")
      : button("undo", "Open again", actions.reopen, "", "reopen"),
    button("check", "Accept", actions.finish, "Enter", "accept", "button primary"),
  ];
}

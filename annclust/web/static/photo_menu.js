/** What else can be done with a photo of a group: a button and the menu that it opens. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { nearestToward } from "./roving.js";

/**
 * @param {object} photo
 * @param {import("./photo_card.js").PhotoActions} actions
 * @returns {HTMLElement[]}
 */
export function moreMenu(photo, actions) {
  const label = `More about ${photo.name}`;
  const menu = h("div.menu", { popover: "auto", role: "menu", "aria-label": label }, [
    entry("compare", "Compare", "C", { click: () => actions.compare(photo) }),
    entry("similar", "Look-alikes", "L", { href: `/similar/${photo.id}` }),
    entry("split", "Not the same: split off", "N", { click: () => actions.split(photo) }),
    entry("join", "Belongs together with…", "B", { click: () => actions.join(photo) }),
  ]);
  const attributes = { "aria-label": label, "aria-haspopup": "menu", testid: "more" };
  const button = h("button.icon-button", attributes, icon("more"));
  button.addEventListener("click", () => open(menu, button));
  menu.addEventListener("click", () => menu.hidePopover());
  menu.addEventListener("keydown", (event) => move(event, menu, button));
  return [button, menu];
}

function entry(drawing, text, key, attributes) {
  const tag = attributes.href ? "a" : "button";
  const words = [icon(drawing, 18), text, h("kbd", { text: key })];
  return h(tag, { role: "menuitem", ...attributes }, words);
}

function open(menu, button) {
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isLow = at.bottom + height + 8 > innerHeight;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${isLow ? at.top - height - 4 : at.bottom + 4}px`;
  menu.querySelector("[role=menuitem]").focus();
}

/** Arrows and Esc are the menu's while it is open, not the view's. */
function move(event, menu, button) {
  if (event.key === "Escape") {
    event.preventDefault();
    menu.hidePopover();
    button.focus();
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    nearestToward([...menu.children], event.target, event.key)?.focus();
  }
}

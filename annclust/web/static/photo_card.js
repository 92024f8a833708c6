/** One photo of a group: its picture, what is suggested or said of it, and why. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { picture, pictureUrl, thumbnailUrl } from "./pictures.js";
import { bytes, capital, moment, plural } from "./words.js";

/**
 * @typedef {object} PhotoActions
 * @property {(photo: object) => void} open
 * @property {(photo: object, mark: "keep" | "reject" | null) => void} mark
 * @property {(photo: object) => void} compare
 * @property {(photo: object) => void} split
 * @property {(photo: object) => void} join
 */

/**
 * @param {object} photo
 * @param {{isLarge: boolean, isTabStop: boolean, isLookedAt: boolean, actions: PhotoActions}} settings
 * @returns {HTMLElement}
 */
export function photoCard(photo, { isLarge, isTabStop, isLookedAt, actions }) {
  const open = h("button", {
    class: "photo-open", type: "button", "data-cell": "", "data-photo": photo.id, tabindex: isTabStop ? 0 : -1,
    "data-testid": "photo", "aria-label": spoken(photo, isLookedAt), on: { click: () => actions.open(photo) },
  }, layers(photo, isLarge), badge(photo, isLookedAt));
  return h("li", { class: `photo is-${standing(photo, isLookedAt)}${photo.mark ? " is-said" : ""}`, "data-id": photo.id },
    open, h("div", { class: "photo-words" }, heading(photo, actions), reason(photo, isLookedAt), metadata(photo)));
}

/** @param {object} photo @returns {"keep" | "reject" | "leave" | "waiting"} what will become of it as things stand */
export function standing(photo, isLookedAt = true) {
  return photo.mark ?? (isLookedAt ? photo.suggestion : "waiting");
}

const BADGES = {
  keep: ["check", "Keep", "Suggested: keep"], reject: ["cross", "Reject", "Suggested: reject"],
  leave: ["clear", "Left alone", "Left alone"],
};

/** @param {object} photo @param {boolean} isLookedAt @returns {HTMLElement | null} */
export function badge(photo, isLookedAt = true) {
  const found = BADGES[standing(photo, isLookedAt)];
  if (!found) return null;
  const [drawing, said, suggested] = found;
  return h("span", { class: `badge ${standing(photo)} ${photo.mark ? "said" : "suggested"}`, "data-testid": "badge" }, icon(drawing, 14), photo.mark ? said : suggested);
}

/** The thumbnail at once, the picture over it when it comes. */
function layers(photo, isLarge) {
  const box = h("span", { class: "photo-box" }, picture(thumbnailUrl(photo), { class: "below" }));
  if (isLarge) box.append(picture(pictureUrl(photo), { class: "above" }));
  return box;
}

function heading(photo, actions) {
  const toggle = (mark, drawing, label) => h("button", {
    class: `icon-button mark ${mark}`, type: "button", "aria-pressed": String(photo.mark === mark), "aria-label": `${label} ${photo.name}`,
    title: label, "data-testid": `mark-${mark}`, on: { click: () => actions.mark(photo, photo.mark === mark ? null : mark) },
  }, icon(drawing));
  return h("div", { class: "photo-heading" }, h("span", { class: "photo-name", text: photo.name, title: `${photo.folder}/${photo.name}` }),
    h("span", { class: "photo-buttons" }, toggle("keep", "check", "Keep"), toggle("reject", "cross", "Reject"), more(photo, actions)));
}

function more(photo, actions) {
  const entry = (drawing, text, action, key) => h("button", { type: "button", role: "menuitem", on: { click: () => action(photo) } }, icon(drawing, 18), text, h("kbd", { text: key }));
  const menu = h("div", { class: "menu", popover: "auto", role: "menu", "aria-label": `More about ${photo.name}` },
    entry("compare", "Compare", actions.compare, "C"),
    h("a", { href: `/similar/${photo.id}`, role: "menuitem" }, icon("similar", 18), "Look-alikes", h("kbd", { text: "L" })),
    entry("split", "Not the same: split off", actions.split, "N"), entry("join", "Belongs together with…", actions.join, "B"));
  const button = h("button", { class: "icon-button", type: "button", "aria-label": `More about ${photo.name}`, "aria-haspopup": "menu", "data-testid": "more" }, icon("more"));
  button.addEventListener("click", () => openMenu(menu, button));
  menu.addEventListener("click", () => menu.hidePopover());
  return [button, menu];
}

function openMenu(menu, button) {
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${at.bottom + height + 8 > innerHeight ? at.top - height - 4 : at.bottom + 4}px`;
  menu.querySelector("[role=menuitem]").focus();
}

/** @param {object} photo @returns {string} why it stands where it does */
export function whyHere(photo) {
  if (photo.alone) return `Left alone: ${photo.alone}`;
  if (photo.place === 1) return photo.reasons.length ? capital(photo.reasons.join(" · ")) : "The best of these";
  return capital(photo.behind || photo.reasons.join(" · "));
}

function reason(photo, isLookedAt) {
  if (!isLookedAt) return h("p", { class: "photo-reason skeleton-line" });
  return h("p", { class: "photo-reason", text: whyHere(photo), "data-testid": "reason" });
}

/** @param {object} photo @returns {string[]} pixels, format, bytes, time, exposure, what belongs to it */
export function facts(photo) {
  const companions = photo.companions.length ? `with ${photo.companions.join(", ")}` : "";
  const copies = photo.copies > 1 ? plural(photo.copies, "exact copy", "exact copies") : "";
  return [`${photo.width} × ${photo.height}`, photo.format, bytes(photo.bytes), moment(photo.taken), photo.exposure ?? "", companions, copies].filter(Boolean);
}

function metadata(photo) {
  return h("p", { class: "photo-facts" }, facts(photo).map((fact) => h("span", { text: fact })));
}

function spoken(photo, isLookedAt) {
  const [, said, suggested] = BADGES[standing(photo, isLookedAt)] ?? [];
  return [photo.name, `place ${photo.place}`, photo.mark ? said : suggested, isLookedAt ? whyHere(photo) : ""].filter(Boolean).join(", ");
}

/** One photo of a group: its picture, what is suggested or said of it, and why. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { moreMenu } from "./photo_menu.js";
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
  const open = h(
    "button.photo-open",
    {
      "data-cell": "",
      "data-photo": photo.id,
      tabindex: isTabStop ? 0 : -1,
      testid: "photo",
      "aria-label": spoken(photo, isLookedAt),
      click: () => actions.open(photo),
    },
    layers(photo, isLarge),
    badge(photo, isLookedAt),
  );
  return h(
    "li",
    {
      class: `photo is-${standing(photo, isLookedAt)}${photo.mark ? " is-said" : ""}`,
      "data-id": photo.id,
    },
    open,
    h("div.photo-words", {}, heading(photo, actions), reason(photo, isLookedAt), metadata(photo)),
  );
}

/** @param {object} photo @returns {"keep" | "reject" | "leave" | "waiting"} what will become of it as things stand */
export function standing(photo, isLookedAt = true) {
  return photo.mark ?? (isLookedAt ? photo.suggestion : "waiting");
}

const BADGES = {
  keep: ["check", "Keep", "Suggested: keep"],
  reject: ["cross", "Reject", "Suggested: reject"],
  leave: ["clear", "Left alone", "Left alone"],
};

/** @param {object} photo @param {boolean} isLookedAt @returns {HTMLElement | null} */
export function badge(photo, isLookedAt = true) {
  const found = BADGES[standing(photo, isLookedAt)];
  if (!found) return null;
  const [drawing, said, suggested] = found;
  return h(
    "span",
    { class: `badge ${standing(photo)} ${photo.mark ? "said" : "suggested"}`, testid: "badge" },
    icon(drawing, 14),
    photo.mark ? said : suggested,
  );
}

/** The thumbnail at once, the picture over it when it comes. */
function layers(photo, isLarge) {
  const box = h("span.photo-box", {}, picture(thumbnailUrl(photo), { class: "below" }));
  if (isLarge) box.append(picture(pictureUrl(photo), { class: "above" }));
  return box;
}

function heading(photo, actions) {
  const toggle = (mark, drawing, label) => {
    const attributes = {
      class: `icon-button mark ${mark}`,
      "aria-pressed": String(photo.mark === mark),
      "aria-label": `${label} ${photo.name}`,
      title: label,
      testid: `mark-${mark}`,
      click: () => actions.mark(photo, photo.mark === mark ? null : mark),
    };
    return h("button", attributes, icon(drawing));
  };
  const marks = [toggle("keep", "check", "Keep"), toggle("reject", "cross", "Reject")];
  return h(
    "div.photo-heading",
    {},
    h("span.photo-name", { text: photo.name, title: `${photo.folder}/${photo.name}` }),
    h("span.photo-buttons", {}, marks, moreMenu(photo, actions)),
  );
}

/** @param {object} photo @returns {string} why it stands where it does */
export function whyHere(photo) {
  if (photo.alone) return `Left alone: ${photo.alone}`;
  if (photo.place === 1)
    return photo.reasons.length ? capital(photo.reasons.join(" · ")) : "The best of these";
  return capital(photo.behind || photo.reasons.join(" · "));
}

function reason(photo, isLookedAt) {
  if (!isLookedAt) return h("p.photo-reason.skeleton-line", {});
  return h("p.photo-reason", { text: whyHere(photo), testid: "reason" });
}

/** @param {object} photo @returns {string[]} pixels, format, bytes, time, exposure, what belongs to it */
export function facts(photo) {
  const companions = photo.companions.length ? `with ${photo.companions.join(", ")}` : "";
  const copies = photo.copies > 1 ? plural(photo.copies, "exact copy", "exact copies") : "";
  return [
    `${photo.width} × ${photo.height}`,
    photo.format,
    bytes(photo.bytes),
    moment(photo.taken),
    photo.exposure ?? "",
    companions,
    copies,
  ].filter(Boolean);
}

function metadata(photo) {
  return h(
    "p.photo-facts",
    {},
    facts(photo).map((fact) => h("span", { text: fact })),
  );
}

function spoken(photo, isLookedAt) {
  const [, said, suggested] = BADGES[standing(photo, isLookedAt)] ?? [];
  return [
    photo.name,
    `place ${photo.place}`,
    photo.mark ? said : suggested,
    isLookedAt ? whyHere(photo) : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/**
 * Choosing what a photo belongs together with: one of its look-alikes outside the group, or any photo
 * by its number.
 */

import { openDialog } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { thumbnail } from "./pictures.js";
import { percent } from "./words.js";

/**
 * @param {object} app
 * @param {object} group
 * @param {object} photo
 * @param {(other: number) => void} chosen
 */
export function openJoin(app, group, photo, chosen) {
  const places = h(
    "ul.join-choices",
    { "aria-label": "Look-alikes outside this group" },
    h("li.skeleton", {}),
    h("li.skeleton", {}),
    h("li.skeleton", {}),
  );
  const choose = (other) => {
    dialog.close();
    chosen(other);
  };
  const dialog = openDialog(app, {
    title: `${photo.name} belongs together with…`,
    wide: true,
    testid: "join-dialog",
    body: [places, numberForm(choose)],
  });
  showChoices(app, group, photo, places, choose).catch(app.toasts.fail);
}

async function showChoices(app, group, photo, places, choose) {
  const inside = new Set(group.photos.map(({ id }) => id));
  const { matches } = await app.api.similarTo(photo.id, 48);
  const outside = matches.filter((match) => !inside.has(match.photo.id));
  if (outside.length)
    fill(
      places,
      outside.map((match) => choice(match, choose)),
    );
  else fill(places, h("li.secondary", { text: "All its look-alikes are in this group already." }));
}

function choice({ photo, similarity }, choose) {
  const button = h(
    "button",
    {
      class: "match",
      "aria-label": `${photo.name}, ${percent(similarity)} alike`,
      click: () => choose(photo.id),
    },
    thumbnail(photo),
    h(
      "span.match-words",
      {},
      h("span.match-name", { text: photo.name }),
      h("span.secondary", { text: percent(similarity) }),
    ),
  );
  return h("li", {}, button);
}

function numberForm(choose) {
  const input = h("input.field", {
    inputmode: "numeric",
    pattern: "[0-9]+",
    placeholder: "Number of a photo",
    "aria-label": "Number of a photo",
    required: true,
  });
  const form = h("form.number-form", {}, input, h("button.button", { type: "submit" }, "Join"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(Number(input.value));
  });
  return form;
}

/**
 * Choosing what a photo belongs together with: one of its look-alikes outside the group, or any photo
 * by its number.
 */

import { confirm, openDialog } from "./dialogs.js";
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
  const choose = async (other) => {
    dialog.close();
    if (await isMeant(app, group, other)) chosen(other);
  };
  const dialog = openDialog(app, {
    title: `${photo.name} belongs together with…`,
    wide: true,
    testid: "join-dialog",
    body: [places, numberForm(choose)],
  });
  showChoices(app, group, photo, places, choose).catch(app.toasts.fail);
}

/** Who is in a group brings it along. */
async function isMeant(app, own, other) {
  const { granularity } = app.store.get();
  try {
    const { name, group } = await app.api.photo(other, { granularity });
    if (!group || group.lead === own.lead) return true;
    const words = `${name} is in a group of ${group.size}: all of them come along.`;
    const question = { title: "Join the two groups?", yes: "Join", testid: "join-groups" };
    return await confirm(app, { ...question, body: [h("p", { text: words })] });
  } catch (error) {
    app.toasts.fail(error);
    return false;
  }
}

async function showChoices(app, group, photo, places, choose) {
  const inside = new Set(group.photos.map(({ id }) => id));
  const { matches } = await app.api.similarTo(photo.id, app.store.get().granularity, 48);
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

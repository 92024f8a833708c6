/** Finding look-alikes: of a text, if the model can read, or of any picture file. */

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const ANYWHERE =
  "A picture can also be dropped or pasted anywhere on this page. It goes to annclust on your own" +
  " machine, and nowhere else.";

/** Larger files are refused by the server. */
const LARGEST = 64 * 2 ** 20;

/** @param {object} app */
export function openSearch(app) {
  const { can_text: canText } = app.store.get().collection ?? {};
  const field = canText ? textField(app, () => dialog.close()) : null;
  const choose = fileButton(app, () => dialog.close());
  const dialog = openDialog(app, {
    title: "Find look-alikes",
    testid: "search-dialog",
    focus: (field ?? choose).querySelector("input"),
    body: [
      field,
      choose,
      h("p.secondary", { text: ANYWHERE }),
    ].filter(Boolean),
  });
}

function textField(app, done) {
  const input = h("input.field", {
    type: "search",
    placeholder: "a dog on a beach",
    "aria-label": "What the photos show",
    autocomplete: "off",
    testid: "search-text",
  });
  const form = h(
    "form.search-form",
    {},
    icon("search"),
    input,
    h("button.button.primary", { type: "submit" }, "Find"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    done();
    app.router.go(`/similar?text=${encodeURIComponent(text)}`);
  });
  return form;
}

function fileButton(app, done) {
  const input = h("input", {
    type: "file",
    accept: "image/*,.heic,.heif,.avif,.dng,.cr2,.cr3,.nef,.arw",
    class: "unseen",
    testid: "search-file",
  });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return;
    done();
    searchFile(app, file);
  });
  return h(
    "label.drop-zone",
    {},
    icon("upload", 24),
    h("span", { text: "Choose a picture" }),
    input,
  );
}

/**
 * Asks for look-alikes of a file and shows them.
 * @param {object} app
 * @param {File} file
 */
export async function searchFile(app, file) {
  if (file.size > LARGEST) {
    app.toasts.fail(new Error("That file is larger than 64 MiB."));
    return;
  }
  const release = app.toasts.tell("Looking for look-alikes…", { lasts: 60_000 });
  const { granularity } = app.store.get();
  try {
    const { matches } = await app.api.similarToFile(file, granularity);
    const name = file.name || "the pasted picture";
    app.store.set({ asked: { name, matches, granularity, file } });
    app.router.go(`/similar?g=${granularity}`);
  } catch (error) {
    app.toasts.fail(error);
    return;
  }
  release();
}

/** Accepting the suggestions of all open groups, after showing what that means. */

import { confirm } from "./dialogs.js";
import { h } from "./dom.js";
import { thumbnail } from "./pictures.js";
import { bytes, number, plural } from "./words.js";

/**
 * @param {object} app
 * @returns {Promise<boolean>} whether they were accepted
 */
export async function acceptAll(app) {
  const { granularity } = app.store.get();
  const found = await examined(app, granularity);
  if (!found.groups) {
    app.toasts.tell("No group is open at this granularity.");
    return false;
  }
  const isSure = await confirm(app, {
    title: "Accept all suggestions?",
    body: preview(found),
    yes: `Accept in ${plural(found.groups, "group")}`,
    wide: true,
    testid: "accept-all-dialog",
  });
  if (!isSure) return false;
  await app.jobs.run({ kind: "accept", granularity });
  app.toasts.tell(
    `${plural(found.groups, "group")} done: ${number(found.keep)} to keep, ${number(found.reject)} rejected.`,
  );
  return true;
}

/** Suggestions need every photo looked at closely, once. */
async function examined(app, granularity) {
  const found = await app.api.suggestions(granularity);
  if (!found.pending) return found;
  await app.jobs.run({ kind: "examine", granularity });
  return app.api.suggestions(granularity);
}

function preview(found) {
  return [
    h("p.secondary", {
      text: "Marks only: no file is touched until you purge, and each group can be changed afterwards.",
    }),
    figures([
      ["Kept", number(found.keep)],
      ["Rejected", number(found.reject)],
      ["Left alone", number(found.left_alone)],
      ["To win", bytes(found.bytes)],
    ]),
    h("ul.samples", { "aria-label": "Some of the groups", tabindex: 0 }, found.sample.map(sample)),
  ];
}

/** Numbers under their names. @param {[string, string][]} pairs */
export function figures(pairs) {
  return h(
    "dl.figures",
    {},
    pairs.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))),
  );
}

function sample({ keep, reject, reason }) {
  const kept = keep.map((id) =>
    h("span.sample-photo.keep", {}, thumbnail({ id }, { alt: "Kept" })),
  );
  const rejected = reject
    .slice(0, 4)
    .map((id) => h("span.sample-photo.reject", {}, thumbnail({ id }, { alt: "Rejected" })));
  return h(
    "li.sample",
    {},
    h("div.sample-photos", {}, kept, rejected),
    h("span.secondary", { text: reason }),
  );
}

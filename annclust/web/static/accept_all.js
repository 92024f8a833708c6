/** Accepting the suggestions of all open groups, after showing what that means. */

import { confirm } from "./dialogs.js";
import { h } from "./dom.js";
import { thumbnail } from "./pictures.js";
import { bytes, number, plural } from "./words.js";

/** Status of what does not fit to what the server knows by now. */
const CONFLICT = 409;

const WHAT_IT_MEANS =
  "Marks only: no file is touched until you purge, and each group can be changed afterwards.";

/**
 * What was shown is what is accepted: if groups or marks change meanwhile, it is shown anew.
 * @param {object} app
 * @returns {Promise<boolean>} whether they were accepted
 */
export async function acceptAll(app) {
  const { granularity } = app.store.get();
  let [found, changed] = [await examined(app, granularity), false];
  for (;;) {
    if (!found.groups) {
      app.toasts.tell("No group is open at this granularity.");
      return false;
    }
    if (!(await isSure(app, found, changed))) return false;
    const now = await accept(app, granularity, found);
    if (!now) return true;
    [found, changed] = [now, true];
  }
}

function isSure(app, found, changed) {
  return confirm(app, {
    title: "Accept all suggestions?",
    body: preview(found, changed),
    yes: `Accept in ${plural(found.groups, "group")}`,
    wide: true,
    testid: "accept-all-dialog",
  });
}

/** @returns {Promise<object | null>} what is suggested now, if that is not what was shown any more */
async function accept(app, granularity, found) {
  const { revision } = found;
  try {
    const result = await app.jobs.run({ kind: "accept", granularity, revision });
    app.toasts.tell(told({ ...found, ...result }));
    return null;
  } catch (error) {
    if (error.status !== CONFLICT && error.state !== "failed") throw error;
    const now = await examined(app, granularity);
    if (now.revision === revision) throw error;
    return now;
  }
}

function told({ groups, keep, reject }) {
  return `${plural(groups, "group")} done: ${number(keep)} to keep, ${number(reject)} rejected.`;
}

/** Suggestions need every photo looked at closely, once. */
async function examined(app, granularity) {
  const found = await app.api.suggestions(granularity);
  if (!found.pending) return found;
  await app.jobs.run({ kind: "examine", granularity });
  return app.api.suggestions(granularity);
}

function preview(found, changed) {
  return [
    changed &&
      h("p.notice", {
        role: "status",
        text: "Groups or marks have changed meanwhile: nothing is accepted yet. This is what is suggested now.",
      }),
    h("p.secondary", { text: WHAT_IT_MEANS }),
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

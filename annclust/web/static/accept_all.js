/** Accepting the suggestions of all open groups, after showing what that means. */

import { CONFLICT } from "./api.js";
import { confirm } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { figures } from "./figures.js";
import { thumbnail } from "./pictures.js";
import { bytes, number, percent, plural } from "./words.js";

const CHANGED =
  "Groups or marks have changed meanwhile: nothing is accepted yet. This is what is suggested now.";

/** Beyond this granularity groups are no shots any more. */
const OF_ONE_MOMENT = 1.5;

const WHAT_IT_MEANS =
  "Marks only: no file is touched until you purge, and each group can be changed afterwards.";

/**
 * What was shown is what is accepted: if groups or marks change meanwhile, it is shown anew.
 * @param {object} app
 * @param {() => boolean} isWanted whether a person still looks at groups: if not, nothing is asked
 * @returns {Promise<boolean>} whether they were accepted
 */
export async function acceptAll(app, isWanted) {
  let [{ granularity, found }, changed] = [await examinedNow(app), false];
  for (;;) {
    if (!isWanted()) return false;
    if (!found.groups) {
      app.toasts.tell("No group is open at this granularity.");
      return false;
    }
    const sure = found.unsure ? await app.api.suggestions(granularity, true) : null;
    const wish = isWanted() && (await ask(app, { granularity, found, sure, changed }));
    if (!wish) return false;
    const now = await accept(app, found, { granularity, ...wish });
    if (!now) return true;
    [found, changed] = [now, true];
  }
}

/** @returns {Promise<object | null>} what else the job is to know; null if nothing is to be done */
async function ask(app, { granularity, found, sure, changed }) {
  const onlySure = sure && h("input", { type: "checkbox", checked: true });
  const [yes, meant] = [h("span", {}), h("div", {})];
  const tell = () => {
    const told = onlySure?.checked ? sure : found;
    yes.textContent = `Accept in ${plural(told.groups, "group")}`;
    fill(meant, preview(told, granularity));
  };
  onlySure?.addEventListener("change", tell);
  tell();
  const isSure = await confirm(app, {
    title: "Accept all suggestions?",
    body: [
      changed && notice(CHANGED),
      h("p.secondary", { text: WHAT_IT_MEANS }),
      onlySure && sureChoice(found, onlySure),
      meant,
    ],
    yes,
    wide: true,
    testid: "accept-all-dialog",
  });
  if (!isSure) return null;
  return onlySure ? { only_sure: onlySure.checked } : {};
}

/** @returns {Promise<object | null>} what is suggested now, if that is not what was shown any more */
async function accept(app, found, wish) {
  const { revision } = found;
  try {
    const result = await app.jobs.run({ kind: "accept", revision, ...wish });
    app.toasts.tell(told({ ...found, ...result }));
    return null;
  } catch (error) {
    if (error.status !== CONFLICT && error.state !== "failed") throw error;
    const now = await examined(app, wish.granularity);
    if (now.revision === revision) throw error;
    return now;
  }
}

function told({ groups, keep, reject }) {
  return `${plural(groups, "group")} done: ${number(keep)} to keep, ${number(reject)} rejected.`;
}

/** That takes a while: what is told is about the groups that are shown once it is over. */
async function examinedNow(app) {
  const { granularity } = app.store.get();
  const found = await examined(app, granularity);
  return granularity === app.store.get().granularity ? { granularity, found } : examinedNow(app);
}

/** Suggestions need every photo looked at closely, once. */
async function examined(app, granularity) {
  const found = await app.api.suggestions(granularity);
  if (!found.pending) return found;
  await app.jobs.run({ kind: "examine", granularity });
  return app.api.suggestions(granularity);
}

function preview(found, granularity) {
  const shown = found.sample.length < found.groups ? `${found.sample.length} of the groups:` : null;
  return [
    granularity > OF_ONE_MOMENT && notice(coarse(found)),
    figures([
      ["Kept", number(found.keep)],
      ["Rejected", number(found.reject)],
      ["Left alone", number(found.left_alone)],
      ["To win", bytes(found.bytes)],
    ]),
    shown && h("p.secondary", { text: shown }),
    h("ul.samples", { "aria-label": "Some of the groups", tabindex: 0 }, found.sample.map(sample)),
  ];
}

function notice(text) {
  return h("p.notice", { role: "status", text });
}

function coarse({ photos, reject }) {
  const share = percent(photos ? reject / photos : 0);
  return `These are not photos of one moment: ${share} of the photos in them would be rejected.`;
}

function sureChoice({ groups, unsure }, input) {
  const some = `${number(unsure)} of ${plural(groups, "group")}`;
  const words = `${some} ${unsure === 1 ? "is" : "are"} unsure: look at them first.`;
  const title = h("strong", { text: "Only groups that are sure" });
  return h("label.choice", {}, input, h("span", {}, title, h("span.secondary", { text: words })));
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

/** Marks of photos and states of groups, each with a way to take it back. */

import { inTurn, writeMark } from "./mark_queue.js";
import { number } from "./words.js";

/** Photos that are marked with one request. */
const PORTION = 2000;

const NOT_WRITTEN = "A mark was not written, so nothing is accepted yet: look once more.";

const MARK_WORDS = { keep: "Kept", reject: "Rejected" };

/**
 * Marks one photo: shown at once, and taken back if the server refuses.
 * @param {object} app
 * @param {object} photo whose `mark` is changed
 * @param {"keep" | "reject" | null} mark
 * @param {() => void} shown draws the photo anew
 * @param {() => void} done is told once the server knows
 */
export async function markPhoto(app, photo, mark, shown, done) {
  if (photo.mark === mark) return;
  const set = async (value) => {
    const written = writeMark(photo, value, () => app.api.mark([photo.id], value));
    shown();
    const before = await written.finally(shown);
    done();
    return before;
  };
  try {
    const before = await set(mark);
    const words = mark ? `${MARK_WORDS[mark]}: ${photo.name}` : `Mark cleared: ${photo.name}`;
    app.toasts.tell(words, { undo: () => set(before).catch(app.toasts.fail) });
  } catch (error) {
    app.toasts.fail(error);
  }
}

/**
 * Accepts what is suggested for a group; where a person has marked photos, that is what was suggested.
 * @param {object} app
 * @param {object} group as GET /api/groups/{photo} gives it
 * @param {() => void} undone shows the group again after an undo
 */
export async function finishGroup(app, group, undone) {
  const { granularity } = app.store.get();
  const before = marksOf(group);
  const { photos } = await inTurn(() => {
    if (JSON.stringify(marksOf(group)) !== JSON.stringify(before)) throw new Error(NOT_WRITTEN);
    return app.api.accept(group.lead, granularity, group.seen);
  });
  const change = { group, granularity, from: group.state, to: "resolved" };
  count(app, change);
  app.toasts.tell(accepted(photos), {
    undo: () => restore(app, change, before).then(undone, app.toasts.fail),
  });
}

const marksOf = (group) => group.photos.map(({ id, mark }) => ({ id, mark }));

/**
 * Sets the state of a group.
 * @param {object} app @param {object} group @param {"open" | "resolved" | "skipped"} state @param {() => void} undone
 */
export async function setGroupState(app, group, state, undone) {
  const { granularity } = app.store.get();
  await inTurn(() => app.api.setState(group.lead, granularity, state, group.seen));
  const change = { group, granularity, from: group.state, to: state };
  count(app, change);
  const words = { open: "Open again", resolved: "Done", skipped: "Skipped" }[state];
  app.toasts.tell(words, {
    undo: () => restore(app, change, []).then(undone, app.toasts.fail),
  });
}

function accepted(photos) {
  const kept = photos.filter(({ mark }) => mark === "keep").length;
  const rejected = photos.filter(({ mark }) => mark === "reject").length;
  return `Accepted: ${number(kept)} kept, ${number(rejected)} rejected`;
}

/** The group is found by where the slider was, wherever that is now. */
async function restore(app, change, before) {
  const { group, granularity, from, to } = change;
  await inTurn(async () => {
    for (const mark of ["keep", "reject", null]) {
      const photos = before.filter((photo) => photo.mark === mark).map(({ id }) => id);
      for (let start = 0; start < photos.length; start += PORTION)
        await app.api.mark(photos.slice(start, start + PORTION), mark);
    }
    await app.api.setState(group.lead, granularity, from);
  });
  count(app, { granularity, from: to, to: from });
}

/** Keeps the progress in the top bar true without asking for it. */
function count(app, { granularity, from, to }) {
  const { counts, granularity: now } = app.store.get();
  if (!counts || from === to || granularity !== now) return;
  app.store.set({ counts: { ...counts, [from]: counts[from] - 1, [to]: counts[to] + 1 } });
}

/** Marks of photos and states of groups, each with a way to take it back. */

import { number } from "./words.js";

/** Photos that are marked with one request. */
const PORTION = 2000;

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
  const before = photo.mark;
  if (before === mark) return;
  const set = async (value) => {
    photo.mark = value;
    shown();
    await app.api.mark([photo.id], value);
    done();
  };
  try {
    await set(mark);
  } catch (error) {
    photo.mark = before;
    shown();
    app.toasts.fail(error);
    return;
  }
  const words = mark ? `${MARK_WORDS[mark]}: ${photo.name}` : `Mark cleared: ${photo.name}`;
  app.toasts.tell(words, { undo: () => set(before).catch(app.toasts.fail) });
}

/**
 * Accepts what is suggested for a group; where a person has marked photos, that is what was suggested.
 * @param {object} app
 * @param {object} group as GET /api/groups/{photo} gives it
 * @param {() => void} undone shows the group again after an undo
 */
export async function finishGroup(app, group, undone) {
  const { granularity } = app.store.get();
  const before = group.photos.map(({ id, mark }) => ({ id, mark }));
  const { photos } = await app.api.accept(group.lead, granularity, group.seen);
  count(app, group.state, "resolved");
  app.toasts.tell(accepted(photos), {
    undo: () => restore(app, group, before, "resolved").then(undone, app.toasts.fail),
  });
}

/**
 * Sets the state of a group.
 * @param {object} app @param {object} group @param {"open" | "resolved" | "skipped"} state @param {() => void} undone
 */
export async function setGroupState(app, group, state, undone) {
  await app.api.setState(group.lead, app.store.get().granularity, state, group.seen);
  count(app, group.state, state);
  const words = { open: "Open again", resolved: "Done", skipped: "Skipped" }[state];
  app.toasts.tell(words, {
    undo: () => restore(app, group, [], state).then(undone, app.toasts.fail),
  });
}

function accepted(photos) {
  const kept = photos.filter(({ mark }) => mark === "keep").length;
  const rejected = photos.filter(({ mark }) => mark === "reject").length;
  return `Accepted: ${number(kept)} kept, ${number(rejected)} rejected`;
}

async function restore(app, group, before, now) {
  const { granularity } = app.store.get();
  for (const mark of ["keep", "reject", null]) {
    const photos = before.filter((photo) => photo.mark === mark).map(({ id }) => id);
    for (let start = 0; start < photos.length; start += PORTION)
      await app.api.mark(photos.slice(start, start + PORTION), mark);
  }
  await app.api.setState(group.lead, granularity, group.state);
  count(app, now, group.state);
}

/** Keeps the progress in the top bar true without asking for it. */
function count(app, from, to) {
  const { counts } = app.store.get();
  if (!counts || from === to) return;
  app.store.set({ counts: { ...counts, [from]: counts[from] - 1, [to]: counts[to] + 1 } });
}

/** What a person says of pairs of photos: that they belong together or do not, with a way to take it back. */

import { plural } from "./words.js";

/**
 * Says that one photo is not the same as the others of its group. Exact copies of it go with it.
 * @param {object} app @param {object} group @param {object} photo @param {() => void} done
 */
export async function splitOff(app, group, photo, done) {
  const others = group.photos.filter(({ version }) => version !== photo.version);
  const refusal = whyNot(group, others);
  if (refusal) app.toasts.tell(refusal);
  else
    await say(app, {
      what: "apart",
      photos: [photo.id, ...others.map(({ id }) => id)],
      words: `Split off: ${photo.name}`,
      done,
    });
}

/**
 * Says that photos, and with them their groups, belong together.
 * @param {object} app @param {number[]} photos @param {string} words @param {() => void} done
 */
export function join(app, photos, words, done) {
  return say(app, { what: "together", photos, words, done });
}

/** What is said of a part of a group would not split it. */
function whyNot({ size, photos }, others) {
  if (size > photos.length)
    return `Only ${photos.length} of ${size} photos are shown: choose a finer granularity first.`;
  return others.length ? null : "All photos of this group are exact copies of each other.";
}

/** Of the first photo and each of the others. */
async function say(app, { what, photos, words, done }) {
  try {
    const { decisions: before } = await app.api.photo(photos[0]);
    const { prevailing } = await app.api.decide(what, photos);
    const undo = () => takeBack(app, photos, before).then(done, app.toasts.fail);
    app.toasts.tell(prevailing?.length ? standingAgainst(prevailing) : words, { undo });
  } catch (error) {
    app.toasts.fail(error);
    return;
  }
  done();
}

/** Decisions that stand against a new one win: that is told. */
function standingAgainst(prevailing) {
  const [one, many] = ["earlier decision still says", "earlier decisions still say"];
  return `${plural(prevailing.length, one, many)} otherwise: see Decisions.`;
}

/** Forgets what was said of the first photo and the others, and says again what was said before. */
async function takeBack(app, photos, before) {
  await app.api.decide("forget", photos);
  const there = before.filter(({ first, second }) => first.id !== null && second.id !== null);
  for (const [what, together] of Object.entries({ together: true, apart: false })) {
    const pairs = there
      .filter((decision) => decision.together === together)
      .map(({ first, second }) => [first.id, second.id]);
    if (pairs.length) await app.api.decide(what, chainOf(pairs));
  }
}

/** @param {number[][]} pairs that share a photo @returns {number[]} that photo, then the other of each */
function chainOf(pairs) {
  const [one, other] = pairs[0];
  const own = pairs.every((pair) => pair.includes(one)) ? one : other;
  return [own, ...pairs.map((pair) => pair.find((id) => id !== own))];
}

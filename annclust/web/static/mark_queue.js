/**
 * What is said of photos on its way to the server: one after another, so that what was said last is
 * what holds. Meanwhile the screen shows what was said; what is refused is taken back to what the
 * server is known to have.
 */

/** Photos whose marks are on their way: how many are, and the mark the server is known to have. */
const underWay = new Map();
let begun = 0;
let last = Promise.resolve();

/**
 * @template T
 * @param {() => Promise<T>} write is begun once all that was said before is written, or refused
 * @returns {Promise<T>}
 */
export function inTurn(write) {
  const written = last.then(write);
  last = written.catch(() => {});
  return written;
}

/**
 * Marks one photo at once, and at the server in its turn.
 * @param {object} photo whose `mark` is changed, and changed back if the last that is said is refused
 * @param {"keep" | "reject" | null} mark
 * @param {() => Promise<void>} send
 * @returns {Promise<"keep" | "reject" | null>} the mark that the server had before
 */
export function writeMark(photo, mark, send) {
  const way = underWay.get(photo) ?? { count: 0, known: photo.mark };
  underWay.set(photo, way);
  way.count += 1;
  begun += 1;
  photo.mark = mark;
  return inTurn(async () => {
    const before = way.known;
    try {
      await send();
      way.known = mark;
    } finally {
      way.count -= 1;
      if (way.count === 0) settle(photo, way.known);
    }
    return before;
  });
}

function settle(photo, mark) {
  underWay.delete(photo);
  photo.mark = mark;
}

/** @returns {Promise<void>} resolved once all that was said so far is written, or refused */
export const allWritten = () => last;

/** @returns {() => boolean} whether a mark was on its way since: an answer need not know of it */
export function watchMarks() {
  const [wasOnItsWay, before] = [underWay.size > 0, begun];
  return () => wasOnItsWay || begun !== before;
}

/** The one state of the page, and who wants to know of it. Everything else lives in the view that shows it. */

/**
 * @typedef {object} State
 * @property {object | null} collection as GET /api/collection gives it
 * @property {number} granularity
 * @property {"largest" | "least_certain" | "newest"} order
 * @property {"all" | "open" | "resolved" | "skipped"} filter
 * @property {object | null} counts of the groups last seen
 * @property {number | null} lastGroup the smallest id of the group last seen
 * @property {number | null} lastPhoto the one of a group at which one left it
 * @property {{name: string, matches: object[], granularity: number, file: File} | null} asked the file of
 *   which look-alikes were found last, and these, with their groups at the granularity
 * @property {{kind: "apply" | "undo", result: object} | null} outcome of moving files, not shown yet
 * @property {object | null} job the running one
 * @property {boolean} hasMoved whether a purge of this page is all that photos are known to have gone by
 * @property {"" | "gone" | "locked"} trouble of the server
 */

/** @type {State} */
const FIRST = {
  collection: null,
  granularity: 1,
  order: "largest",
  filter: "all",
  counts: null,
  lastGroup: null,
  lastPhoto: null,
  asked: null,
  outcome: null,
  job: null,
  hasMoved: false,
  trouble: "",
};

/** @param {Partial<State>} [first] @returns {{get: () => State, set: Function, watch: Function}} */
export function makeStore(first = {}) {
  let state = { ...FIRST, ...first };
  const watchers = new Set();
  return {
    get: () => state,
    /** @param {Partial<State>} changes */
    set(changes) {
      const before = state;
      state = { ...state, ...changes };
      for (const watcher of [...watchers]) watcher(state, before);
    },
    /** @param {(now: State, before: State) => void} watcher @returns {() => void} stops it */
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

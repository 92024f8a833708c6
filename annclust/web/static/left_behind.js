/** Files that a purge or its undoing did not move, and why: told calmly, below what was done. */

import { h } from "./dom.js";
import { plural } from "./words.js";

/** Files that are named at once; the others one sees by opening the list. */
const FEW = 3;

/**
 * @param {object[] | undefined} files with `name` and `reason`: the first ones, if there are many
 * @param {number} count of all of them
 * @param {(files: string) => string} told says what became of so many files
 * @returns {HTMLElement | null} null if there are none
 */
export function leftBehind(files, count, told) {
  if (!count) return null;
  const title = told(plural(count, "file"));
  if (!files.length) return h("p.secondary", { text: title });
  const more = count - files.length;
  const names = files.map(({ name, reason }) =>
    h("li", {}, h("span", { text: name }), h("span.secondary", { text: reason })),
  );
  const rest = more > 0 && h("li.secondary", { text: `And ${plural(more, "more file")}.` });
  return h(
    "details.left-behind",
    { testid: "left-behind", open: files.length <= FEW },
    h("summary", { text: title }),
    h("ul", {}, names, rest),
  );
}

/**
 * What a job says of such files.
 * @param {object | null} result @param {"not_moved" | "not_restored"} name
 * @returns {[object[], number]} those that are named, and how many there are
 */
export function leftIn(result, name) {
  const told = result?.[name];
  const files = Array.isArray(told) ? told : [];
  const count = result?.[`${name}_count`] ?? (Array.isArray(told) ? told.length : told);
  return [files, count ?? 0];
}

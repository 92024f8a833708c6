/** Arrow keys among things that lie in a plane: the nearest one in that direction. */

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What lies askew is farther than what lies straight ahead. */
const ASKEW = 3;

/**
 * @param {HTMLElement[]} elements
 * @param {HTMLElement} from
 * @param {string} key of the keyboard event
 * @returns {HTMLElement | null} nothing if there is none, or the key is no arrow
 */
export function nearestToward(elements, from, key) {
  const direction = DIRECTIONS[key];
  if (!direction) return null;
  const start = middle(from);
  const costs = elements.map((element) => costOf(start, middle(element), direction));
  const least = Math.min(...costs);
  return Number.isFinite(least) ? elements[costs.indexOf(least)] : null;
}

function costOf(start, end, [x, y]) {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const ahead = dx * x + dy * y;
  const aside = Math.abs(dx * y) + Math.abs(dy * x);
  return ahead > 1 && ahead > aside / ASKEW ? ahead + ASKEW * aside : Infinity;
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}

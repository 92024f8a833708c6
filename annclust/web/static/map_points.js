/** The points of the map: read from bytes, and found again by place. Pure. */

/** Cells along each side of the grid by which points are found. */
const CELLS = 256;

/**
 * @typedef {object} Points
 * @property {number} count
 * @property {Int32Array} ids
 * @property {Float32Array} x 0 to 1
 * @property {Float32Array} y
 * @property {Int32Array} groups the first photo of its group, or -1
 */

/** @param {ArrayBuffer} bytes as GET /api/map/points gives them @returns {Points} */
export function readPoints(bytes) {
  const count = new DataView(bytes).getUint32(0, true);
  const column = (Kind, place) => new Kind(bytes, 4 + 4 * count * place, count);
  return {
    count,
    ids: column(Int32Array, 0),
    x: column(Float32Array, 1),
    y: column(Float32Array, 2),
    groups: column(Int32Array, 3),
  };
}

/** @param {Points} points @returns {Map<number, number>} how many photos each group has here */
export function groupSizes({ groups }) {
  const sizes = new Map();
  for (const group of groups) if (group >= 0) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return sizes;
}

/** Points by the cell of a grid that they lie in, so that few are looked at to find those near a place. */
export class PointGrid {
  /** @param {Points} points */
  constructor(points) {
    this.points = points;
    const cells = Uint16Array.from({ length: points.count }, (_, i) =>
      cellOf(points.x[i], points.y[i]),
    );
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    for (const cell of cells) this.starts[cell + 1] += 1;
    for (let cell = 0; cell < CELLS * CELLS; cell += 1) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    this.order = new Uint32Array(points.count);
    cells.forEach((cell, i) => (this.order[next[cell]++] = i));
  }

  /**
   * @param {{left: number, top: number, right: number, bottom: number}} box in the units of the points
   * @param {(point: number) => void} visit is called for each point in it, in order of the grid
   */
  within({ left, top, right, bottom }, visit) {
    const { points, starts, order } = this;
    const [firstColumn, lastColumn] = [clampCell(left), clampCell(right)];
    for (let row = clampCell(top); row <= clampCell(bottom); row += 1) {
      const last = starts[row * CELLS + lastColumn + 1];
      for (let at = starts[row * CELLS + firstColumn]; at < last; at += 1) {
        const i = order[at];
        if (
          points.x[i] >= left &&
          points.x[i] <= right &&
          points.y[i] >= top &&
          points.y[i] <= bottom
        )
          visit(i);
      }
    }
  }

  /**
   * @param {number} x @param {number} y @param {number} radius in the units of the points
   * @returns {number} the nearest point, or -1
   */
  nearest(x, y, radius) {
    let best = { point: -1, distance: radius };
    this.within(
      { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius },
      (i) => {
        const distance = Math.hypot(this.points.x[i] - x, this.points.y[i] - y);
        if (distance < best.distance) best = { point: i, distance };
      },
    );
    return best.point;
  }
}

function clampCell(place) {
  return Math.max(0, Math.min(CELLS - 1, Math.floor(place * CELLS)));
}

function cellOf(x, y) {
  return clampCell(y) * CELLS + clampCell(x);
}

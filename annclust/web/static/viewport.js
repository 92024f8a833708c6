/**
 * Which part of a picture is seen, in the picture's own terms: how much larger than when it fits, and
 * which point of it is in the middle. So pictures of different sizes can be looked at in step. Pure.
 */

/** A hundredfold is enough for anybody. */
const MOST = 100;

export class Viewport {
  /** @param {() => void} onChange */
  constructor(onChange = () => {}) {
    Object.assign(this, { onChange, zoom: 1, x: 0.5, y: 0.5 });
  }

  fit() {
    this.#set(1, 0.5, 0.5);
  }

  /**
   * Zooms so that a point of the picture stays where it is on the screen.
   * @param {number} zoom the new one
   * @param {{x: number, y: number}} point 0 to 1 across the picture
   * @param {Frame} frame
   */
  zoomTo(zoom, point, frame) {
    const next = Math.min(MOST, Math.max(1, zoom));
    const kept = this.zoom / next;
    this.#set(
      next,
      point.x - (point.x - this.x) * kept,
      point.y - (point.y - this.y) * kept,
      frame,
    );
  }

  /**
   * @param {number} dx pixels of the screen that the picture moves to the right
   * @param {number} dy downwards
   * @param {Frame} frame
   */
  pan(dx, dy, frame) {
    const { width, height } = frame.fitted;
    this.#set(
      this.zoom,
      this.x - dx / (width * this.zoom),
      this.y - dy / (height * this.zoom),
      frame,
    );
  }

  #set(zoom, x, y, frame = null) {
    this.zoom = zoom;
    this.x = frame ? within(x, frame.pane.width, frame.fitted.width * zoom) : x;
    this.y = frame ? within(y, frame.pane.height, frame.fitted.height * zoom) : y;
    this.onChange();
  }
}

/**
 * @typedef {object} Frame
 * @property {{width: number, height: number}} pane what it is seen in, in pixels
 * @property {{width: number, height: number}} fitted the picture when it fits
 */

/**
 * @param {{width: number, height: number}} picture
 * @param {{width: number, height: number}} pane
 * @returns {Frame}
 */
export function frameOf(picture, pane) {
  const scale = Math.min(pane.width / picture.width, pane.height / picture.height) || 1;
  return { pane, fitted: { width: picture.width * scale, height: picture.height * scale } };
}

/** The middle of what is seen, so that no empty room shows where picture could. */
function within(middle, seen, all) {
  if (all <= seen) return 0.5;
  const half = seen / all / 2;
  return Math.min(1 - half, Math.max(half, middle));
}

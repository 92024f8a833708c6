/** Mouse, pen, fingers and wheel on a picture: pan, pinch, zoom, swipe. */

const WHEEL = 0.0016;
/** Trackpads tell a pinch as a wheel with Ctrl, in small steps. */
const PINCHED_WHEEL = 0.012;
const SWIPE_PX = 56;
const TAP_PX = 8;
const TWICE_MS = 320;

/**
 * @param {HTMLElement} element
 * @param {object} settings
 * @param {(event: {clientX: number, clientY: number}, factor: number) => void} settings.zoom
 * @param {(dx: number, dy: number, event: PointerEvent) => void} settings.pan
 * @param {(event: PointerEvent) => void} settings.twice a double tap or click
 * @param {(direction: -1 | 1) => void} [settings.swipe] -1 to the one before
 * @param {() => boolean} [settings.canSwipe] whether a sideways stroke is one, and not a pan
 * @param {(event: PointerEvent) => void} [settings.tap]
 */
export function listenForGestures(element, settings) {
  const stroke = { pointers: new Map(), start: null, isLong: false, lastTap: 0 };
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : 1);
      settings.zoom(event, Math.exp(-pixels * (event.ctrlKey ? PINCHED_WHEEL : WHEEL)));
    },
    { passive: false },
  );
  element.addEventListener("pointerdown", (event) => begin(element, stroke, event));
  element.addEventListener("pointermove", (event) => move(stroke, event, settings));
  element.addEventListener("pointerup", (event) => end(stroke, event, settings));
  element.addEventListener("pointercancel", (event) => stroke.pointers.delete(event.pointerId));
}

function begin(element, stroke, event) {
  if (event.button !== 0 || event.target.closest("button, a, input")) return;
  element.setPointerCapture(event.pointerId);
  stroke.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (stroke.pointers.size === 1)
    Object.assign(stroke, { start: { x: event.clientX, y: event.clientY }, isLong: false });
  else stroke.isLong = true;
}

function move(stroke, event, settings) {
  const before = stroke.pointers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  if (stroke.pointers.size === 2) pinch(stroke, event.pointerId, now, settings);
  else if (!settings.canSwipe?.()) settings.pan(now.x - before.x, now.y - before.y, event);
  stroke.pointers.set(event.pointerId, now);
}

/** Two fingers: what lies between them stays between them. */
function pinch(stroke, moved, now, settings) {
  const other = [...stroke.pointers].find(([id]) => id !== moved)[1];
  const before = stroke.pointers.get(moved);
  const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
  settings.zoom(
    { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 },
    apart(now) / apart(before),
  );
  settings.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
}

function end(stroke, event, settings) {
  if (!stroke.pointers.delete(event.pointerId) || stroke.isLong || !stroke.start) return;
  const dx = event.clientX - stroke.start.x;
  const dy = event.clientY - stroke.start.y;
  if (Math.hypot(dx, dy) < TAP_PX) tapped(stroke, event, settings);
  else if (settings.canSwipe?.() && isSideways(dx, dy)) settings.swipe?.(dx > 0 ? -1 : 1);
}

function isSideways(dx, dy) {
  return Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 1.5 * Math.abs(dy);
}

function tapped(stroke, event, settings) {
  const isSecond = event.timeStamp - stroke.lastTap < TWICE_MS;
  stroke.lastTap = isSecond ? 0 : event.timeStamp;
  if (isSecond) settings.twice(event);
  else settings.tap?.(event);
}

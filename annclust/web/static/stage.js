/** What the large view and comparing share: buttons over a picture, keys and gestures that move and zoom it. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** How much larger one step makes a picture. */
const STEP = 1.35;
/** How far an arrow moves it. */
const PAN_PX = 80;
/** Up to here the whole picture is seen. */
const WHOLE = 1.01;

/** @param {import("./viewport.js").Viewport} viewport @returns {boolean} whether a part of the picture is seen */
export function isZoomed({ zoom }) {
  return zoom > WHOLE;
}

/** @returns {HTMLElement} */
export function stageButton(drawing, label, action, testid) {
  return h("button.icon-button", { label, testid: testid, click: action }, icon(drawing));
}

/**
 * @param {import("./viewport.js").Viewport} viewport
 * @param {() => import("./zoom_pane.js").ZoomPane} pane that is looked at
 * @param {(step: -1 | 1) => void} step goes to another photo: what arrows do while the whole one is seen
 * @returns {import("./keys.js").KeyMap}
 */
export function zoomKeys(viewport, pane, step) {
  const zoomBy = (factor) => () =>
    viewport.zoomTo(viewport.zoom * factor, { x: viewport.x, y: viewport.y }, pane().frame);
  const arrow = (x, y) => () => {
    if (isZoomed(viewport)) viewport.pan(-x * PAN_PX, -y * PAN_PX, pane().frame);
    else step(x + y);
  };
  return {
    ArrowLeft: arrow(-1, 0),
    ArrowRight: arrow(1, 0),
    ArrowUp: arrow(0, -1),
    ArrowDown: arrow(0, 1),
    z: () => pane().toggleFull(),
    "+": zoomBy(STEP),
    "=": zoomBy(STEP),
    "-": zoomBy(1 / STEP),
    0: () => viewport.fit(),
  };
}

/**
 * @param {import("./viewport.js").Viewport} viewport
 * @param {import("./zoom_pane.js").ZoomPane} pane
 * @returns {object} the gestures that move and zoom, as listenForGestures takes them
 */
export function zoomGestures(viewport, pane) {
  return {
    zoom: ({ clientX, clientY }, factor) =>
      viewport.zoomTo(viewport.zoom * factor, pane.pointAt(clientX, clientY), pane.frame),
    pan: (dx, dy) => viewport.pan(dx, dy, pane.frame),
    twice: ({ clientX, clientY }) => pane.toggleFull(pane.pointAt(clientX, clientY)),
  };
}

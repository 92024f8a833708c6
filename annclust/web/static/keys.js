/**
 * Which key does what, in layers: a view's keys lie on the page's, a lightbox's on the view's and
 * hide them. Typing into a field is never a command.
 */

/**
 * @typedef {Record<string, (event: KeyboardEvent) => void | boolean>} KeyMap by KeyboardEvent.key, letters
 *   in lower case; a handler that returns false leaves the key to the browser
 */

/** @returns {{add: (keys: KeyMap, options?: {alone?: boolean}) => () => void}} */
export function makeKeys() {
  const layers = [];
  document.addEventListener("keydown", (event) => press(layers, event));
  return {
    /** Adds a layer; `alone` hides those below. The result takes it away. */
    add(keys, { alone = false } = {}) {
      const layer = { keys, alone };
      layers.push(layer);
      return () => {
        const place = layers.indexOf(layer);
        if (place >= 0) layers.splice(place, 1);
      };
    },
  };
}

/** @param {EventTarget | null} target @returns {boolean} whether keys typed there are text, or move a slider */
export function isField(target) {
  return target instanceof Element && target.matches("input, select, textarea, [contenteditable]");
}

/** @param {Event} event @returns {boolean} whether Enter and Space already mean something where it happened */
export function isOnControl(event) {
  return (
    event.target instanceof Element &&
    event.target.matches("button:not([data-photo]), a:not([data-photo]), summary, select")
  );
}

function press(layers, event) {
  if (!isCommand(event)) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  for (const layer of [...layers].reverse()) {
    if (layer.keys[name] && layer.keys[name](event) !== false) {
      event.preventDefault();
      return;
    }
    if (layer.alone) return;
  }
}

function isCommand(event) {
  if (event.defaultPrevented || hasModifier(event)) return false;
  return !isField(event.target) || event.key === "Escape";
}

/** @param {KeyboardEvent | MouseEvent} event @returns {boolean} whether it is meant for the browser */
export function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

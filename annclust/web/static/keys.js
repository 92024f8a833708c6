/**
 * Which key does what, in layers: a view's keys lie on the page's, a lightbox's on the view's and
 * hide them. Typing into a field is never a command, and a key that is held says nothing twice.
 */

/**
 * @typedef {Record<string, (event: KeyboardEvent) => void | boolean>} KeyMap by KeyboardEvent.key, letters
 *   in lower case; a handler that returns false leaves the key to the browser
 */

/** What goes on as long as the key is held: from photo to photo, from group to group, zooming. */
const GOES_ON = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "+", "=", "-", "[", "]"]);
/** What one chooses with, or slides: it takes no text. */
const CHOOSER = "input:is([type=radio], [type=checkbox], [type=range])";
/** What these keys do there is the browser's. */
const CHOOSING = new Set([
  ...["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"],
  ...[" ", "Enter"],
]);

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

/** @param {KeyboardEvent} event @returns {boolean} whether it is text, or chooses something where it happened */
function isTyped({ target, key }) {
  if (!(target instanceof Element)) return false;
  if (target.matches(CHOOSER)) return CHOOSING.has(key);
  return target.matches("input, select, textarea, [contenteditable]");
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
  const isHeld = event.repeat && !GOES_ON.has(name);
  for (const layer of [...layers].reverse()) {
    if (layer.keys[name] && (isHeld || layer.keys[name](event) !== false)) {
      event.preventDefault();
      return;
    }
    if (layer.alone) return;
  }
}

function isCommand(event) {
  if (event.defaultPrevented || hasModifier(event)) return false;
  return !isTyped(event) || event.key === "Escape";
}

/** @param {KeyboardEvent | MouseEvent} event @returns {boolean} whether it is meant for the browser */
export function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/**
 * Elements, made by code. Whatever comes from a file's name or from the server becomes a text or the
 * value of an attribute, never markup: there is no way here to write HTML.
 */

const SPECIAL = {
  class: (element, value) => element.classList.add(...value.split(" ").filter(Boolean)),
  click: (element, value) => element.addEventListener("click", value),
  testid: (element, value) => element.setAttribute("data-testid", value),
  label: (element, value) => setProperties(element, { "aria-label": value, title: value }),
  text: (element, value) => (element.textContent = value),
  on: (element, value) => listen(element, value),
  style: (element, value) => applyStyle(element, value),
  value: (element, value) => (element.value = value),
  checked: (element, value) => (element.checked = value),
};

const FORBIDDEN = /^(on.+|srcdoc|innerhtml|outerhtml)$/i;

/**
 * @param {string} tag with its classes: "button.icon-button.small"
 * @param {Record<string, any>} [properties] attributes; `click` and `on` are listeners, `style` holds CSS
 *   properties, `label` is told to eyes and screen readers
 * @param {...(Node | string | number | null | false | undefined | Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (name === "button") element.type = "button";
  element.classList.add(...classes);
  setProperties(element, properties);
  append(element, children);
  return element;
}

/** The same for drawings. @returns {SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets what {@link h} takes, later: false and null take an attribute away. */
export function setProperties(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (name in SPECIAL) {
      if (value !== null && value !== undefined) SPECIAL[name](element, value);
    } else setAttribute(element, name, value);
  }
}

/** Puts these children in place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

function setAttribute(element, name, value) {
  if (FORBIDDEN.test(name)) throw new TypeError(`${name} is no attribute to be set`);
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function listen(element, listeners) {
  for (const [kind, listener] of Object.entries(listeners))
    element.addEventListener(kind, listener);
}

function applyStyle(element, style) {
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, String(value));
}

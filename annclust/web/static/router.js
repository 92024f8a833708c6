/** Addresses of views, and going between them: every view has one, so that Back and a reload work. */

import { makeLayers } from "./history_layers.js";
import { hasModifier } from "./keys.js";

const ROUTES = [
  ["groups", /^\/(?:groups)?$/],
  ["group", /^\/group\/(?<photo>\d+)$/],
  ["one-offs", /^\/one-offs$/],
  ["similar", /^\/similar(?:\/(?<photo>\d+))?$/],
  ["decisions", /^\/decisions$/],
  ["map", /^\/map$/],
  ["purge", /^\/purge$/],
];

/**
 * @typedef {object} Route
 * @property {string} name
 * @property {number | null} photo
 * @property {URLSearchParams} query
 * @property {number} scroll where the view was left, for Back
 */

/** @param {string} address path and query @returns {Route} */
export function routeOf(address) {
  const url = new URL(address, location.origin);
  for (const [name, shape] of ROUTES) {
    const found = shape.exec(url.pathname);
    if (found) {
      const photo = found.groups?.photo;
      return {
        name,
        photo: photo === undefined ? null : Number(photo),
        query: url.searchParams,
        scroll: 0,
      };
    }
  }
  return { name: "missing", photo: null, query: url.searchParams, scroll: 0 };
}

/** @param {(route: Route) => void} show draws the view of a route */
export function makeRouter(show) {
  const arrive = (scroll) => show({ ...routeOf(location.pathname + location.search), scroll });
  const { over, elsewhere, left } = makeLayers();
  const go = (address) =>
    elsewhere(() => {
      history.replaceState({ ...history.state, scroll: scrollY }, "");
      history.pushState({ scroll: 0, inside: true }, "", address);
      arrive(0);
    });
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => left() || arrive(event.state?.scroll ?? 0));
  document.addEventListener("click", (event) => followLink(event, go));
  return {
    go,
    note,
    over,
    start: () => arrive(history.state?.scroll ?? 0),
    /** Draws the view that is there anew. */
    again: () => arrive(scrollY),
    /** Goes to another address without a new entry in the history. */
    replace: (address) =>
      elsewhere(() => {
        history.replaceState({ ...history.state, scroll: 0 }, "", address);
        arrive(0);
      }),
    /** Back to where one came from, or to `otherwise` if the page was opened here. */
    back: (otherwise) => elsewhere(() => (history.state?.inside ? history.back() : go(otherwise))),
  };
}

/**
 * Changes the query alone, without drawing anew.
 * @param {Record<string, string | number | null>} query null takes a name away
 */
function note(query) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, String(value));
  }
  history.replaceState(history.state, "", url);
}

/** Links within the page are followed here; with Ctrl or another button they are the browser's. */
function followLink(event, go) {
  const isPlain = event.button === 0 && !hasModifier(event) && !event.shiftKey;
  if (event.defaultPrevented || !isPlain) return;
  const link = event.target.closest?.("a[href^='/']:not([target], [download])");
  if (!link) return;
  event.preventDefault();
  go(link.getAttribute("href"));
}

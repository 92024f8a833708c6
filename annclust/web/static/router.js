/** Addresses of views, and going between them: every view has one, so that Back and a reload work. */

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
      return { name, photo: photo === undefined ? null : Number(photo), query: url.searchParams, scroll: 0 };
    }
  }
  return { name: "missing", photo: null, query: url.searchParams, scroll: 0 };
}

/** @param {(route: Route) => void} show draws the view of a route */
export function makeRouter(show) {
  const here = () => location.pathname + location.search;
  const leave = () => history.replaceState({ ...history.state, scroll: scrollY }, "");
  const arrive = (scroll) => show({ ...routeOf(here()), scroll });
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => arrive(event.state?.scroll ?? 0));
  document.addEventListener("click", (event) => followLink(event, go));
  function go(address) {
    leave();
    history.pushState({ scroll: 0, inside: true }, "", address);
    arrive(0);
  }
  return {
    go,
    start: () => arrive(history.state?.scroll ?? 0),
    /** Goes to another address without a new entry in the history. */
    replace(address) {
      history.replaceState({ ...history.state, scroll: 0 }, "", address);
      arrive(0);
    },
    /** Changes the query alone, without drawing anew. @param {Record<string, string | number | null>} query */
    note(query) {
      const url = new URL(location.href);
      for (const [name, value] of Object.entries(query)) {
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, String(value));
      }
      history.replaceState(history.state, "", url);
    },
    /** Back to where one came from, or to `otherwise` if the page was opened here. */
    back(otherwise) {
      if (history.state?.inside) history.back();
      else go(otherwise);
    },
  };
}

function followLink(event, go) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href^='/']");
  if (!link || link.target || link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.getAttribute("href"));
}

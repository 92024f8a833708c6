/** What surrounds every view: the top bar, banners, the job strip, and on phones a bar of tabs. */

import { makeBanners } from "./banners.js";
import { fill, h } from "./dom.js";
import { showHelp } from "./help.js";
import { icon } from "./icons.js";
import { makeJobStrip } from "./job_strip.js";
import { openSearch } from "./search.js";
import { chosenTheme, nextTheme } from "./theme.js";
import { number, plural } from "./words.js";

const TABS = [
  { name: "groups", path: "/groups", text: "Groups", drawing: "groups" },
  { name: "one-offs", path: "/one-offs", text: "One-offs", drawing: "alone" },
  { name: "map", path: "/map", text: "Map", drawing: "map" },
  { name: "decisions", path: "/decisions", text: "Decisions", drawing: "decisions" },
  { name: "purge", path: "/purge", text: "Purge…", drawing: "purge" },
];

const THEME_WORDS = { system: "Theme: as the system", dark: "Theme: dark", light: "Theme: light" };

/**
 * @param {object} app
 * @returns {{elements: HTMLElement[], show: Function, turnTheme: Function, reading: Function}}
 */
export function makeShell(app) {
  const main = h("main", { id: "main", tabindex: -1 });
  const themeButton = toolButton("system", "", () => turnTheme());
  const tabs = [tabBar("tabs top-tabs"), tabBar("tabs bottom-tabs")];
  const turnTheme = () => showTheme(themeButton, nextTheme());
  showTheme(themeButton, chosenTheme());
  const above = [skipLink(main), topBar(app, tabs[0], themeButton), makeBanners(app)];
  const below = [makeJobStrip(app), app.toasts.element, tabs[1]];
  return {
    elements: [...above, main, ...below],
    turnTheme,
    reading,
    /** @param {{title: string, element: Node}} view @param {import("./router.js").Route} [route] */
    show(view, route) {
      fill(main, view.element);
      document.body.dataset.view = route?.name ?? "none";
      document.title = titleOf(app, view.title);
      for (const bar of tabs) markTab(bar, route?.name === "group" ? "groups" : route?.name);
    },
  };
}

function skipLink(main) {
  const click = (event) => {
    event.preventDefault();
    main.focus();
  };
  return h("a.skip-link", { href: "#main", click }, "Skip to the photos");
}

/** @param {string | null} message what the server is at @returns {HTMLElement} */
function reading(message) {
  const words = [
    h("h2", { text: "Reading the collection" }),
    h("p", { text: message ?? "This takes a moment." }),
  ];
  return h("div.blank", { role: "status" }, h("div.spinner"), words);
}

function titleOf(app, title) {
  const { collection } = app.store.get();
  return collection ? `${title} · ${collection.name}` : title;
}

function topBar(app, tabs, themeButton) {
  return h(
    "header.topbar",
    {},
    brand(app),
    tabs,
    h(
      "div.topbar-end",
      {},
      reviewProgress(app),
      toolButton("search", "Find look-alikes (/)", () => openSearch(app), "search"),
      themeButton,
      toolButton("help", "Keys and help (?)", () => showHelp(app), "help"),
    ),
  );
}

function brand(app) {
  const name = h("strong.brand-name", { text: document.title.split(" · ")[0] });
  const count = h("span.brand-count", {});
  app.store.watch(({ collection }, before) => {
    if (!collection || collection === before.collection) return;
    name.textContent = collection.name;
    count.textContent = plural(collection.photos, "photo");
    count.title = collection.folder;
  });
  return h(
    "a.brand",
    { href: "/groups", "aria-label": "All groups" },
    h("img", { src: "/static/icon.svg", alt: "", width: 26, height: 26 }),
    h("span.brand-words", {}, name, count),
  );
}

/** "312 of 1,204 groups done", with a bar. */
function reviewProgress(app) {
  const words = h("span.review-words", {});
  const bar = h("progress.bar", { max: 1, value: 0, "aria-label": "Groups done" });
  const element = h("div.review-progress", { hidden: true, testid: "progress" }, words, bar);
  app.store.watch(({ counts }, before) => {
    if (!counts || counts === before.counts) return;
    const all = counts.open + counts.resolved + counts.skipped;
    element.hidden = !all;
    words.textContent = `${number(counts.resolved)} of ${number(all)} groups done`;
    bar.value = all ? counts.resolved / all : 0;
  });
  return element;
}

function toolButton(drawing, label, action, testid = null) {
  return h("button.icon-button", { label, testid: testid, click: action }, icon(drawing));
}

function showTheme(button, theme) {
  fill(button, icon(theme));
  button.setAttribute("aria-label", THEME_WORDS[theme]);
  button.title = `${THEME_WORDS[theme]} (T)`;
}

function tabBar(name) {
  const tab = ({ name: view, path, text, drawing }) =>
    h("a.tab", { href: path, "data-view": view }, icon(drawing), h("span", { text }));
  return h(
    "nav",
    { class: name, "aria-label": name.includes("bottom") ? "Views, below" : "Views" },
    TABS.map(tab),
  );
}

function markTab(bar, view) {
  for (const tab of bar.querySelectorAll("a")) {
    if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

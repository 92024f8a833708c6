/** Lines over the view about the whole page: no server, or groups that are older than the photos. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const RETRY_MS = 4000;

const TROUBLES = {
  gone: "The server does not answer. Is “annclust review” still running?",
  locked: "This page has lost its key. Open the address that “annclust review” printed.",
};

const RETRIES = { gone: "Try again" };

const STALE = {
  photos: "Photos have come or gone since they were grouped.",
  decisions: "Decisions have changed since the photos were grouped.",
  moved: "Groups are as before the purge. Group again when you like.",
};

/** @param {object} app @returns {HTMLElement} */
export function makeBanners(app) {
  const element = h("div.banners", { role: "status", testid: "banners" });
  let timer = 0;
  let shown;
  app.store.watch((now, before) => {
    if (now.trouble !== before.trouble) {
      clearInterval(timer);
      if (now.trouble === "gone") timer = setInterval(() => retry(app), RETRY_MS);
    }
    const banner = bannerOf(app, now);
    if (banner?.text === shown) return; // drawn anew it would lose the focus, and be read out again
    shown = banner?.text;
    fill(element, banner && line(banner));
  });
  return element;
}

/** @returns {{text: string, testid: string, label?: string, action?: () => void} | null} */
function bannerOf(app, { trouble, collection, job, hasMoved }) {
  if (trouble) {
    const [text, label] = [TROUBLES[trouble], RETRIES[trouble]];
    return { text, testid: trouble, label, action: () => retry(app) };
  }
  if (collection?.message) return { text: collection.message, testid: "message" };
  const stale = collection?.clustered && STALE[collection.out_of_date];
  if (!stale || job?.kind === "cluster") return null;
  const text = hasMoved && collection.out_of_date === "photos" ? STALE.moved : stale;
  return { text, testid: "stale", label: "Group again", action: () => app.groupAgain() };
}

function line({ text, testid, label = null, action = null }) {
  const button = label && h("button.button.small", { click: action }, label);
  return h(
    "div.banner",
    { testid: `banner-${testid}` },
    icon("warning"),
    h("span", { text }),
    button,
  );
}

/** Asks for the collection: any answer takes the banner away. */
function retry(app) {
  app.refresh().catch(() => {
    // Still gone: the banner says so already.
  });
}

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
  app.store.watch((now, before) => {
    if (
      now.trouble === before.trouble &&
      now.collection === before.collection &&
      now.job === before.job
    )
      return;
    clearInterval(timer);
    if (now.trouble === "gone") timer = setInterval(() => retry(app, before.collection), RETRY_MS);
    fill(element, banner(app, now));
  });
  return element;
}

function banner(app, { trouble, collection, job, hasMoved }) {
  if (trouble) return line(TROUBLES[trouble], trouble, RETRIES[trouble], () => retry(app));
  if (collection?.message) return line(collection.message, "message");
  const stale = collection?.clustered && STALE[collection.out_of_date];
  if (!stale || job?.kind === "cluster") return null;
  const words = hasMoved && collection.out_of_date === "photos" ? STALE.moved : stale;
  return line(words, "stale", "Group again", () => app.groupAgain());
}

function line(text, testid, label = null, action = null) {
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

/**
 * Where the page starts: it makes the store, the requests, the keys and the shell, and shows the view
 * of the address. Views get all of this as one object, `app`.
 */

import { makeApi } from "./api.js";
import { listenForFiles } from "./arriving_files.js";
import { trouble } from "./blanks.js";
import { showHelp } from "./help.js";
import { makeJobs } from "./jobs.js";
import { makeKeys } from "./keys.js";
import { tellOutcome } from "./purge_outcome.js";
import { makeRouter } from "./router.js";
import { openSearch } from "./search.js";
import { makeShell } from "./shell.js";
import { makeStore } from "./store.js";
import { makeToasts } from "./toasts.js";
import { decisionsView } from "./views/decisions.js";
import { groupView } from "./views/group.js";
import { groupsView } from "./views/groups.js";
import { mapView } from "./views/map.js";
import { missingView } from "./views/missing.js";
import { oneOffsView } from "./views/one_offs.js";
import { purgeView } from "./views/purge.js";
import { similarView } from "./views/similar.js";

const VIEWS = {
  groups: groupsView,
  group: groupView,
  "one-offs": oneOffsView,
  similar: similarView,
  decisions: decisionsView,
  map: mapView,
  purge: purgeView,
  missing: missingView,
};

const READING_MS = 700;
const LOOK_MS = 12_000;

function start() {
  const store = makeStore();
  const csrf = document.querySelector("meta[name=csrf]").content;
  const api = makeApi({
    csrf,
    onTrouble: (now) => now !== store.get().trouble && store.set({ trouble: now }),
  });
  const app = { store, api, keys: makeKeys(), toasts: makeToasts() };
  app.jobs = makeJobs(app);
  app.refresh = () => refresh(app);
  app.groupAgain = () => groupAgain(app);
  app.router = makeRouter((route) => showView(app, route));
  app.shell = makeShell(app);
  document.body.append(...app.shell.elements);
  app.keys.add(pageKeys(app));
  listenForFiles(app);
  open(app);
}

async function open(app) {
  try {
    await refresh(app);
    while (app.store.get().collection.state === "reading") {
      app.shell.show({
        title: "Reading",
        element: app.shell.reading(app.store.get().collection.message),
      });
      await new Promise((done) => setTimeout(done, READING_MS));
      await refresh(app);
    }
  } catch (error) {
    app.shell.show({ title: "Trouble", element: trouble(error, () => open(app)) });
    return;
  }
  app.router.start();
  followOthers(app);
  keepUp(app);
}

/** Work that began before the page was opened, or in another tab, is followed; then what it did is shown. */
async function followOthers(app) {
  try {
    const job = await app.jobs.resume();
    if (!job) return;
    await refresh(app);
    if (job.state === "failed") app.toasts.fail(new Error(job.error ?? "That did not work."));
    else tellOutcome(app, job);
    if (!document.querySelector("dialog[open]")) app.router.again();
  } catch {
    // The banner says so.
  }
}

/** Other programs write to the collection, too; and the server may be gone. */
function keepUp(app) {
  const look = () => {
    if (document.hidden || app.store.get().job) return;
    app.refresh().then(
      () => followOthers(app),
      () => {
        // The banner says so.
      },
    );
  };
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
}

async function refresh(app) {
  const { collection: before } = app.store.get();
  const collection = await app.api.collection();
  const isKnown = before?.state === "ready";
  app.store.set(isKnown ? { collection } : { collection, granularity: collection.granularity });
  if (before?.revision !== collection.revision && collection.clustered) countGroups(app);
}

/** For the top bar: what is open and what is done. */
async function countGroups(app) {
  const { granularity, order } = app.store.get();
  try {
    const { counts, photos } = await app.api.groups({ granularity, order, limit: 1 });
    if (granularity === app.store.get().granularity)
      app.store.set({ counts: { ...counts, photos } });
  } catch {
    // Whoever shows groups asks for them, too, and tells what is wrong.
  }
}

async function groupAgain(app) {
  try {
    await app.jobs.run({ kind: "cluster" });
    app.toasts.tell("The photos are grouped.");
    app.router.start();
  } catch (error) {
    app.toasts.fail(error);
  }
}

/** The slider is in every address, so that Back and reloading show the groups that were seen. */
function followSlider({ store, router }, { query }) {
  const { granularity, collection } = store.get();
  const told = query.has("g") ? Number(query.get("g")) : NaN;
  if (Number.isNaN(told)) router.note({ g: granularity });
  else store.set({ granularity: Math.max(0, Math.min(collection.coarsest, told)) });
}

/** Shows a view in place of the one before, whose keys and listeners go with it. */
function showView(app, route) {
  followSlider(app, route);
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  app.closeView?.();
  const view = VIEWS[route.name](app, route);
  const release = app.keys.add(view.keys ?? {});
  app.closeView = () => {
    release();
    view.close?.();
    app.closeView = null;
  };
  app.shell.show(view, route);
  scrollTo({ top: route.scroll, behavior: "instant" });
}

function pageKeys(app) {
  return {
    "/": () => openSearch(app),
    "?": () => showHelp(app),
    1: () => app.router.go("/groups"),
    2: () => app.router.go("/one-offs"),
    3: () => app.router.go("/map"),
    4: () => app.router.go("/decisions"),
    5: () => app.router.go("/purge"),
    t: () => app.shell.turnTheme(),
  };
}

start();

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
  app.jobs.resume().catch(app.toasts.fail);
  keepUp(app);
}

/** Other programs write to the collection, too; and the server may be gone. */
function keepUp(app) {
  const look = () => {
    if (!document.hidden && !app.store.get().job)
      app.refresh().catch(() => {
        // The banner says so.
      });
  };
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
}

async function refresh(app) {
  const collection = await app.api.collection();
  const isFirst = app.store.get().collection === null;
  app.store.set(isFirst ? { collection, granularity: collection.granularity } : { collection });
}

async function groupAgain(app) {
  try {
    await app.jobs.run({ kind: "cluster" });
    await refresh(app);
    app.toasts.tell("The photos are grouped.");
    app.router.start();
  } catch (error) {
    app.toasts.fail(error);
  }
}

/** Shows a view in place of the one before, whose keys and listeners go with it. */
function showView(app, route) {
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

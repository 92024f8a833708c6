/** Long work on the server, one at a time: started here, watched until it ends, shown in the job strip. */

import { NO_ANSWER } from "./api.js";

/** Between two looks at a job: soon at first, for most are short. */
const FIRST_MS = 60;
const EVERY_MS = 350;
const RETRY_MS = 1000;
/** A server that does not answer for a moment may still be at work. */
const PATIENCE = 20;

/** What a kind of job does to groups: after these they are as before a purge, or as the photos are. */
const MOVES = { apply: true, undo: true, cluster: false };

/** A job that did not come to its end. */
export class JobError extends Error {
  /** @param {string} message @param {"failed" | "stopped"} state */
  constructor(message, state) {
    super(message);
    this.name = "JobError";
    this.state = state;
  }
}

/**
 * @param {{api: object, store: object, refresh: () => Promise<void>}} app
 * @returns {{run: Function, resume: Function, stop: Function}}
 */
export function makeJobs(app) {
  const { api, store } = app;
  let own = 0;
  const resume = async () => {
    const { job } = await api.currentJob();
    const isWatched = own > 0 || store.get().job?.id === job?.id;
    return job?.state === "running" && !isWatched ? follow(api, store, job) : null;
  };
  return {
    /**
     * Starts a job and waits for its end.
     * @param {{kind: string}} job as POST /api/jobs takes it
     * @returns {Promise<object>} its result, `null` if it has none
     * @throws {JobError} if it fails or is stopped
     */
    async run(job) {
      own += 1;
      let ended;
      try {
        ended = await follow(api, store, await start(api, job));
      } finally {
        own -= 1;
      }
      if (job.kind in MOVES) store.set({ hasMoved: MOVES[job.kind] });
      await app.refresh().catch(() => {
        // The banner says so.
      });
      if (ended.state === "failed") throw new JobError(ended.error ?? "That did not work.", "failed");
      if (ended.state === "stopped") throw new JobError("Stopped.", "stopped");
      return ended.result ?? null;
    },
    /**
     * Watches what runs already: it was started before the page was opened, or by another tab.
     * @returns {Promise<object | null>} the job once it has ended; null if there is none to watch
     */
    resume,
    async stop() {
      const { job } = store.get();
      if (job) await api.stopJob(job.id);
    },
  };
}

async function start(api, { kind, ...wishes }) {
  const { job: id } = await api.startJob({ kind, ...wishes });
  return { id, kind, state: "running", stage: "", done: 0, total: null };
}

/** Each job is asked for by its number: another tab may have started another one by now. */
async function follow(api, store, first) {
  try {
    let [job, wait] = [first, FIRST_MS];
    while (job.state === "running") {
      store.set({ job });
      await sleep(wait);
      wait = Math.min(EVERY_MS, 2 * wait);
      job = await patiently(() => api.job(first.id));
    }
    return job;
  } finally {
    if (store.get().job?.id === first.id) store.set({ job: null });
  }
}

async function patiently(ask) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error.status !== NO_ANSWER || tries > PATIENCE) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function sleep(wait) {
  return new Promise((done) => setTimeout(done, wait));
}

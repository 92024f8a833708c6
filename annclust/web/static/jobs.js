/** Long work on the server, one at a time: started here, watched until it ends, shown in the job strip. */

import { GONE } from "./api.js";

/** Between two looks at a job: soon at first, for most are short. */
const FIRST_MS = 60;
const EVERY_MS = 350;
const RETRY_MS = 1000;
/** A server that does not answer for a moment may still be at work. */
const PATIENCE = 20;
/** Status of what cannot be done now; of a job, because another one runs, perhaps of another tab. */
const CONFLICT = 409;

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
 * @param {{api: object, store: object}} app
 * @returns {{run: (job: object) => Promise<object>, resume: () => Promise<void>, stop: () => Promise<void>}}
 */
export function makeJobs({ api, store }) {
  const resume = async () => {
    const { job } = await api.currentJob();
    const isWatched = store.get().job?.id === job?.id;
    if (job?.state === "running" && !isWatched) await follow(api, store, job);
  };
  return {
    /**
     * Starts a job and waits for its end.
     * @param {{kind: string}} job as POST /api/jobs takes it
     * @returns {Promise<object>} its result, `null` if it has none
     * @throws {JobError} if it fails or is stopped
     */
    async run(job) {
      const id = await start(api, job, resume);
      const first = { id, kind: job.kind, state: "running", stage: "", done: 0, total: null };
      const ended = await follow(api, store, first);
      if (ended.state === "failed") throw new JobError(ended.error ?? "That did not work.", "failed");
      if (ended.state === "stopped") throw new JobError("Stopped.", "stopped");
      return ended.result ?? null;
    },
    /** Watches what runs already: it was started before the page was opened, or by another tab. */
    resume,
    async stop() {
      const { job } = store.get();
      if (job) await api.stopJob(job.id);
    },
  };
}

/** What is in the way is shown, so that one can stop it. */
async function start(api, job, resume) {
  try {
    return (await api.startJob(job)).job;
  } catch (error) {
    if (error.status === CONFLICT)
      resume().catch(() => {
        // What was refused is told anyway.
      });
    throw error;
  }
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
      if (error.status !== GONE || tries > PATIENCE) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function sleep(wait) {
  return new Promise((done) => setTimeout(done, wait));
}

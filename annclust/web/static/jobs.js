/** Long work on the server, one at a time: started here, watched until it ends, shown in the job strip. */

const EVERY_MS = 350;

/**
 * @param {{api: object, store: object}} app
 * @returns {{run: (job: object) => Promise<object>, resume: () => Promise<void>, stop: () => Promise<void>}}
 */
export function makeJobs({ api, store }) {
  let watching = null;
  const watch = () => (watching ??= follow(api, store).finally(() => (watching = null)));
  return {
    /**
     * Starts a job and waits for its end.
     * @param {{kind: string}} job as POST /api/jobs takes it
     * @returns {Promise<object>} its result, `null` if it has none
     * @throws {Error} if it fails or is stopped
     */
    async run(job) {
      await api.startJob(job);
      store.set({ job: { kind: job.kind, state: "running", stage: "", done: 0, total: null } });
      const ended = await watch();
      if (ended?.state === "failed") throw new Error(ended.error ?? "That did not work.");
      if (ended?.state === "stopped") throw new Error("Stopped.");
      return ended?.result ?? null;
    },
    /** Watches what was running before the page was opened. */
    async resume() {
      const { job } = await api.currentJob();
      if (job?.state === "running") await watch();
    },
    async stop() {
      const { job } = store.get();
      if (job?.id !== undefined) await api.stopJob(job.id);
    },
  };
}

async function follow(api, store) {
  for (;;) {
    const job = await current(api);
    store.set({ job: job?.state === "running" ? job : null });
    if (job && job.state !== "running") return job;
    if (job === null) return null;
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

/** A server that does not answer for a moment may still be at work. */
async function current(api) {
  for (let tries = 0; ; tries += 1) {
    try {
      return (await api.currentJob()).job;
    } catch (error) {
      if (tries > 20) throw error;
      await new Promise((done) => setTimeout(done, 3 * EVERY_MS));
    }
  }
}

/** Every request of the page. What fails becomes an ApiError with one line for a person. */

/** A request that did not succeed. `status` is 0 if no server answered. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** The server does not answer. */
export const NO_ANSWER = 0;
/** What was said does not fit to what the server knows by now. */
export const CONFLICT = 409;

/**
 * @param {{csrf: string, onTrouble: (trouble: "" | "gone" | "locked") => void}} settings
 */
export function makeApi({ csrf, onTrouble }) {
  const send = (method, path, options) => request({ csrf, onTrouble }, method, path, options);
  const read = (path, query, signal) => send("GET", withQuery(path, query), { signal });
  const write = (path, body) =>
    send("POST", path, { body: JSON.stringify(body), type: "application/json" });
  return {
    ...reading(read),
    ...writing(write),
    ...working(read, write),
    ...purging(read),
    similarToFile: (file, granularity, n = 60) =>
      send("POST", withQuery("/api/similar", { granularity, n }), {
        body: file,
        type: file.type || "application/octet-stream",
      }),
  };
}

function reading(read) {
  return {
    collection: () => read("/api/collection"),
    groups: (query, signal) => read("/api/groups", query, signal),
    oneOffs: (query, signal) => read("/api/one-offs", query, signal),
    group: (photo, query, signal) => read(`/api/groups/${photo}`, query, signal),
    photo: (photo, query) => read(`/api/photos/${photo}`, query),
    similarTo: (photo, granularity, n = 60) =>
      read(`/api/photos/${photo}/similar`, { granularity, n }),
    similarToText: (text, granularity, n = 60) => read("/api/similar", { text, granularity, n }),
    suggestions: (granularity, onlySure = false) => read("/api/suggestions", { granularity, only_sure: onlySure }),
    decisions: () => read("/api/decisions"),
    map: () => read("/api/map"),
    mapPoints: (granularity, signal) => read("/api/map/points", { granularity }, signal),
  };
}

function writing(write) {
  return {
    mark: (photos, mark) => write("/api/marks", { photos, mark }),
    setState: (photo, granularity, state, seen = null) =>
      write(`/api/groups/${photo}/state`, { granularity, state, seen }),
    accept: (photo, granularity, seen) =>
      write(`/api/groups/${photo}/accept`, { granularity, seen }),
    decide: (say, photos) => write("/api/decisions", { say, photos }),
    forget: (digests) => write("/api/decisions/forget", { digests }),
  };
}

function working(read, write) {
  return {
    startJob: (job) => write("/api/jobs", job),
    currentJob: () => read("/api/jobs/current"),
    job: (id) => read(`/api/jobs/${id}`),
    stopJob: (id) => write(`/api/jobs/${id}/stop`, {}),
  };
}

function purging(read) {
  return {
    plan: (id) => read(`/api/purge/plans/${id}`),
    planGroups: (id, query) => read(`/api/purge/plans/${id}/groups`, query),
    purges: () => read("/api/purges"),
  };
}

async function request({ csrf, onTrouble }, method, path, { body, type, signal } = {}) {
  const headers = method === "GET" ? {} : { "X-Annclust-Csrf": csrf, "Content-Type": type };
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    onTrouble("gone");
    throw new ApiError(NO_ANSWER, "The server does not answer.");
  }
  onTrouble(response.status === 401 ? "locked" : "");
  if (!response.ok) throw new ApiError(response.status, await complaint(response));
  return content(response);
}

async function content(response) {
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  return isJson ? response.json() : response.arrayBuffer();
}

async function complaint(response) {
  try {
    const { error, detail } = await response.json();
    if (typeof error === "string") return error;
    if (typeof detail === "string") return detail;
  } catch {
    // No JSON: the status has to do.
  }
  return `The server answered ${response.status}.`;
}

function withQuery(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

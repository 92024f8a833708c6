/**
 * A long list that comes from the server in pages, each after the last entry of the one before. What
 * was shown stays until a newer list has come as far.
 */

import { ApiError, CONFLICT } from "./api.js";

const PAGE = 120;
const LARGE_PAGE = 500;

/**
 * @typedef {object} Page
 * @property {object[]} entries
 * @property {string | null} next
 * @property {number} total
 */

export class PagedList {
  /**
   * @param {object} settings
   * @param {(after: string | null, limit: number, signal: AbortSignal) => Promise<Page>} settings.fetchPage
   * @param {(list: PagedList) => void} settings.onChange after every page that came
   * @param {(error: Error) => void} settings.onError
   */
  constructor({ fetchPage, onChange, onError }) {
    Object.assign(this, { fetchPage, onChange, onError });
    this.entries = [];
    this.total = 0;
    this.next = null;
    this.wanted = 0;
    this.loading = null;
    this.stopper = new AbortController();
  }

  /** Starts again with the first page: the question has changed, or the answer may have. */
  async reload() {
    this.stopper.abort();
    this.stopper = new AbortController();
    this.loading = this.#careful(this.stopper.signal, (signal) => this.#fetchAnew(signal));
    await this.loading;
  }

  /** @param {number} index of the last entry that will be shown soon */
  want(index) {
    this.wanted = index;
    if (!this.loading && this.#isShort(this))
      this.loading = this.#careful(this.stopper.signal, (signal) => this.#fetchMore(signal));
  }

  close() {
    this.stopper.abort();
  }

  async #fetchAnew(signal) {
    const found = { entries: [], next: null, total: 0 };
    do await this.#fetchInto(found, signal);
    while (this.#isShort(found));
    Object.assign(this, found);
    this.onChange(this);
    await this.#fetchMore(signal);
  }

  async #fetchMore(signal) {
    while (this.#isShort(this)) {
      await this.#fetchInto(this, signal);
      this.onChange(this);
    }
  }

  #isShort({ entries, next }) {
    return next !== null && entries.length <= this.wanted;
  }

  /** @param {{entries: object[], next: string | null, total: number}} list is given one more page */
  async #fetchInto(list, signal) {
    const isFar = this.wanted - list.entries.length > PAGE;
    const page = await this.fetchPage(list.next, isFar ? LARGE_PAGE : PAGE, signal);
    list.entries.push(...page.entries);
    Object.assign(list, { next: page.next, total: page.total });
  }

  async #careful(signal, work) {
    try {
      await work(signal);
      if (!signal.aborted) this.loading = null;
    } catch (error) {
      if (signal.aborted) return;
      this.loading = null;
      if (error instanceof ApiError && error.status === CONFLICT && this.entries.length)
        await this.reload();
      else this.onError(error);
    }
  }
}

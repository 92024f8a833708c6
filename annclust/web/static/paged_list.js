/**
 * A long list that comes from the server in pages, each after the last entry of the one before. What
 * was shown stays until a newer list has come as far.
 */

import { ApiError } from "./api.js";

const PAGE = 120;
const LARGE_PAGE = 500;
const CHANGED = 409;

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
    this.loading = this.#start(this.stopper.signal);
    await this.loading;
  }

  /** @param {number} index of the last entry that will be shown soon */
  want(index) {
    this.wanted = index;
    if (!this.loading && this.next !== null && this.entries.length <= index) {
      this.loading = this.#goOn(this.stopper.signal);
    }
  }

  close() {
    this.stopper.abort();
  }

  async #start(signal) {
    await this.#careful(signal, async () => {
      const page = await this.fetchPage(null, PAGE, signal);
      this.entries = page.entries;
      this.#took(page);
      await this.#fetchWanted(signal);
    });
  }

  async #goOn(signal) {
    await this.#careful(signal, () => this.#fetchWanted(signal));
  }

  async #fetchWanted(signal) {
    while (this.next !== null && this.entries.length <= this.wanted) {
      const isFar = this.wanted - this.entries.length > PAGE;
      const page = await this.fetchPage(this.next, isFar ? LARGE_PAGE : PAGE, signal);
      this.entries.push(...page.entries);
      this.#took(page);
    }
  }

  #took(page) {
    this.total = page.total;
    this.next = page.next;
    this.onChange(this);
  }

  async #careful(signal, work) {
    try {
      await work();
      if (!signal.aborted) this.loading = null;
    } catch (error) {
      if (signal.aborted) return;
      this.loading = null;
      if (error instanceof ApiError && error.status === CHANGED && this.entries.length)
        await this.reload();
      else this.onError(error);
    }
  }
}

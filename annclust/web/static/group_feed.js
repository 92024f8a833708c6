/** What is asked of the server about one group while it is shown, and about those that come next. */

const POLL_MS = 300;
/** How far one looks for the next open group. */
const FAR = 200;

export class GroupFeed {
  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.stopper = new AbortController();
    this.marked = 0;
  }

  /** A person has marked a photo: an answer that is on its way does not know it yet. */
  noteMark() {
    this.marked += 1;
  }

  close() {
    this.stopper.abort();
  }

  /**
   * Asks for a group, and again while photos of it are still being looked at.
   * @param {number} photo any of the group
   * @param {(group: object) => void} show is given every answer
   */
  async follow(photo, show) {
    const { signal } = this.stopper;
    for (;;) {
      const before = this.marked;
      const answer = await this.fetch(photo);
      const group = this.#same(answer, { isOld: before !== this.marked });
      if (signal.aborted) return;
      this.group = group;
      show(group);
      if (!group.pending) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  /** @param {number} photo @returns {Promise<object>} its group, with neighbors in the order that is shown */
  fetch(photo) {
    const { granularity, order, filter } = this.app.store.get();
    return this.app.api.group(photo, { granularity, order, state: filter }, this.stopper.signal);
  }

  /**
   * What a person marks changes what is suggested of the others.
   * @param {(photo: object) => void} changed is told of each photo with another suggestion
   */
  async reconsider(changed) {
    const { photos } = await this.fetch(this.group.lead);
    const found = new Map(photos.map((photo) => [photo.id, photo.suggestion]));
    for (const photo of this.group.photos) {
      const suggestion = found.get(photo.id) ?? photo.suggestion;
      if (suggestion === photo.suggestion) continue;
      photo.suggestion = suggestion;
      changed(photo);
    }
  }

  /** @param {number | null} next a group @returns {Promise<number | null>} the first open one from there on */
  async nextOpen(next) {
    for (let tries = 0; next !== null && tries < FAR; tries += 1) {
      const { lead, state, neighbors } = await this.fetch(next);
      if (state === "open") return lead;
      next = neighbors.next;
    }
    return null;
  }

  /** A photo stays the same object, for a lightbox over the view may hold it. */
  #same(group, { isOld }) {
    const known = new Map(this.group?.photos.map((photo) => [photo.id, photo]));
    const photos = group.photos.map((photo) => {
      const before = known.get(photo.id) ?? {};
      const mark = isOld ? (before.mark ?? null) : photo.mark;
      return Object.assign(before, photo, { mark });
    });
    return { ...group, photos };
  }
}

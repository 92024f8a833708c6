/** What is asked of the server about one group while it is shown, and about those that come next. */

import { allWritten, watchMarks } from "./mark_queue.js";

const POLL_MS = 300;
/** What becomes another of a photo when others are marked. */
const SUGGESTED = ["suggestion", "reasons", "behind"];

export class GroupFeed {
  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.stopper = new AbortController();
    this.asked = 0;
  }

  close() {
    this.stopper.abort();
  }

  /**
   * Asks for a group, and again while photos of it are still being looked at. Marks that are on
   * their way when one comes are waited for; later ones stand as they are shown.
   * @param {number} photo any of the group
   * @param {(group: object) => void} show is given every answer
   */
  async follow(photo, show) {
    const { signal } = this.stopper;
    await allWritten();
    for (;;) {
      const isOld = watchMarks();
      const answer = await this.fetch(photo);
      const group = this.#same(answer, { isOld: isOld() });
      if (signal.aborted) return;
      this.group = group;
      show(group);
      if (!group.pending) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  /**
   * @param {number} photo
   * @param {string} [state] of the groups among which neighbors are looked for
   * @returns {Promise<object>} its group, with neighbors in the order that is shown
   */
  fetch(photo, state = this.app.store.get().filter) {
    const { granularity, order } = this.app.store.get();
    return this.app.api.group(photo, { granularity, order, state }, this.stopper.signal);
  }

  /**
   * What a person marks changes what is suggested of the others, and why.
   * @param {(photo: object) => void} changed is told of each photo of which something else is suggested
   */
  async reconsider(changed) {
    this.asked += 1;
    const { asked } = this;
    const { photos } = await this.fetch(this.group.lead);
    if (asked !== this.asked) return; // a later mark asks for itself
    const found = new Map(photos.map((photo) => [photo.id, suggestedOf(photo)]));
    for (const photo of this.group.photos) {
      const suggested = found.get(photo.id);
      if (!suggested || JSON.stringify(suggested) === JSON.stringify(suggestedOf(photo))) continue;
      Object.assign(photo, suggested);
      changed(photo);
    }
  }

  /** @returns {Promise<number | null>} the first open group behind the one that is shown */
  async nextOpen() {
    const { neighbors } = await this.fetch(this.group.lead, "open");
    return neighbors.next;
  }

  /** A photo stays the same object, for a lightbox over the view may hold it. */
  #same(group, { isOld }) {
    const known = new Map(this.group?.photos.map((photo) => [photo.id, photo]));
    const photos = group.photos.map((photo) => {
      const before = known.get(photo.id);
      const mark = before && isOld ? before.mark : photo.mark;
      return Object.assign(before ?? {}, photo, { mark });
    });
    return { ...group, photos };
  }
}

function suggestedOf(photo) {
  return Object.fromEntries(SUGGESTED.map((name) => [name, photo[name]]));
}

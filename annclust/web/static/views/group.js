/** One group, best photo first: what is suggested and why, and what a person says of it. */

import { CONFLICT } from "../api.js";
import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { openCompare } from "../compare.js";
import { join, splitOff } from "../deciding.js";
import { fill, h } from "../dom.js";
import { GroupFeed } from "../group_feed.js";
import { groupHead } from "../group_head.js";
import { openJoin } from "../join_dialog.js";
import { finishGroup, markPhoto, setGroupState } from "../judging.js";
import { hasModifier, isOnControl } from "../keys.js";
import { openLightbox } from "../lightbox.js";
import { photoCard } from "../photo_card.js";
import { fetchAhead, pictureUrl } from "../pictures.js";
import { nearestToward } from "../roving.js";
import { plural } from "../words.js";

/** Status of a photo that is in no group. */
const GONE = 404;
/** Groups up to this size show pictures, larger ones thumbnails. */
const FEW = 24;
/** Photos drawn at once; more come as one scrolls. */
const PORTION = 96;

/** @param {object} app @param {import("../router.js").Route} route */
export function groupView(app, route) {
  return new GroupView(app, route.photo).view();
}

class GroupView {
  constructor(app, photo) {
    Object.assign(this, { app, asked: photo, group: null, over: null });
    Object.assign(this, { active: 0, drawn: PORTION });
    this.feed = new GroupFeed(app);
    this.head = h("div", {});
    this.list = h("ul.photos", { role: "list", "aria-label": "Photos, best first" });
    this.end = h("div.photos-end", {});
    this.element = h(
      "section.view.group-view",
      { "aria-label": "Group" },
      this.head,
      loadingCells(3),
      this.list,
      this.end,
    );
    this.actions = this.#photoActions();
  }

  view() {
    this.list.addEventListener("keydown", (event) => this.#moveByKey(event));
    this.list.addEventListener("focusin", (event) => this.#entered(event));
    this.watcher = new IntersectionObserver(([end]) => end.isIntersecting && this.#drawMore(), {
      rootMargin: "800px",
    });
    this.watcher.observe(this.end);
    this.load();
    return {
      title: "Group",
      element: this.element,
      keys: this.#keys(),
      close: () => this.#close(),
    };
  }

  #close() {
    this.app.store.set({ lastPhoto: this.#photo?.id ?? null });
    this.feed.close();
    this.watcher.disconnect();
  }

  async load() {
    try {
      await this.feed.follow(this.asked, (group) => this.#show(group));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (error.name === "AbortError") return;
    const again = () => this.app.router.replace(location.pathname + location.search);
    fill(this.element, error.status === GONE ? noGroup() : trouble(error, again));
  }

  /** The order changes once all photos are looked at: a photo that a person has chosen stays chosen. */
  #show(group) {
    const isFirst = this.group === null;
    const held = this.hasChosen ? this.#photo : null;
    this.group = group;
    if (isFirst) this.#goOnFrom(this.app.store.get().lastPhoto);
    if (held) this.active = Math.max(0, group.photos.indexOf(held));
    this.element.querySelector(".loading-cells")?.remove();
    this.app.store.set({ lastGroup: group.lead });
    this.#drawHead();
    const told = JSON.stringify([group.photos, group.pending > 0]);
    if (told !== this.told) this.#draw(isFirst);
    this.told = told;
    if (isFirst) this.#prepareNext();
    this.over?.redraw();
    document.title = `${plural(group.size, "photo")} · ${this.app.store.get().collection.name}`;
  }

  /** Whoever comes back from look-alikes goes on where they left. */
  #goOnFrom(photo) {
    const place = this.group.photos.findIndex(({ id }) => id === photo);
    if (place <= 0) return;
    this.active = place;
    this.hasChosen = true;
  }

  #drawHead() {
    fill(this.head, groupHead(this.app, this.group, this.#groupActions()));
  }

  #draw(takesFocus) {
    const { group, list } = this;
    const hadFocus = takesFocus || list.contains(document.activeElement);
    list.className = `photos of-${Math.min(group.size, 7)} ${group.size > FEW ? "many" : "few"}`;
    list.style.setProperty("--aspect", middleAspect(group.photos));
    this.drawn = Math.max(this.drawn, this.active + 1);
    const photos = group.photos.slice(0, this.drawn);
    fill(
      list,
      photos.map((photo, place) => this.#card(photo, place)),
    );
    fill(this.end, moreThanShown(group));
    if (hadFocus && !document.querySelector("dialog[open]"))
      this.#cells()[this.active]?.focus({ preventScroll: true });
    if (takesFocus && this.active) this.#cells()[this.active].scrollIntoView({ block: "nearest" });
  }

  #card(photo, place) {
    return photoCard(photo, {
      isLarge: this.group.size <= FEW,
      isTabStop: place === this.active,
      isLookedAt: !this.group.pending,
      actions: this.actions,
    });
  }

  #drawMore() {
    if (!this.group || this.drawn >= this.group.photos.length) return;
    const more = this.group.photos.slice(this.drawn, this.drawn + PORTION);
    this.list.append(...more.map((photo, place) => this.#card(photo, this.drawn + place)));
    this.drawn += PORTION;
  }

  #redrawPhoto(photo) {
    this.over?.redraw();
    const place = this.group.photos.indexOf(photo);
    const old = this.list.children[place];
    if (!old) return;
    const hadFocus = old.contains(document.activeElement);
    const focused = hadFocus && document.activeElement.dataset.testid;
    const card = this.#card(photo, place);
    old.replaceWith(card);
    if (focused) card.querySelector(`[data-testid="${focused}"]`)?.focus({ preventScroll: true });
    this.#drawHead();
  }

  /** If that fails the old suggestions stay: the next look at the group brings the new ones. */
  #reconsider() {
    this.feed.reconsider((photo) => this.#redrawPhoto(photo)).catch(() => {});
  }

  #cells() {
    return [...this.list.querySelectorAll("[data-cell]")];
  }

  get #photo() {
    return this.group?.photos[this.active];
  }

  #photoActions() {
    const { app } = this;
    const again = () => app.router.replace(location.pathname + location.search);
    return {
      open: (photo) => this.#openLarge(photo),
      mark: (photo, mark) => this.#mark(photo, mark),
      compare: (photo) => this.#compare(photo),
      split: (photo) => splitOff(app, this.group, photo, () => this.#go(this.#otherThan(photo))),
      join: (photo) =>
        openJoin(app, this.group, photo, (other) =>
          join(app, [photo.id, other], `Joined: ${photo.name}`, again),
        ),
    };
  }

  #mark(photo, mark) {
    this.hasChosen = true;
    const shown = () => this.#redrawPhoto(photo);
    return markPhoto(this.app, photo, mark, shown, () => this.#reconsider());
  }

  #otherThan(photo) {
    return this.group.photos.find(({ id }) => id !== photo.id)?.id;
  }

  #groupActions() {
    return {
      finish: () => this.#finish(),
      skip: () => this.#leaveBy((undone) => setGroupState(this.app, this.group, "skipped", undone)),
      reopen: () => this.#reopen(),
      compare: () => this.#compare(this.#photo),
      go: (lead) => this.#go(lead),
      back: () => this.app.router.back("/groups"),
    };
  }

  async #reopen() {
    const again = () => this.load();
    const failed = (error) => this.#refused(error);
    await setGroupState(this.app, this.group, "open", again).then(again, failed);
  }

  /** Of a group that has changed meanwhile nothing is said before it is shown as it is now. */
  #refused(error) {
    this.app.toasts.fail(error);
    if (error.status === CONFLICT) this.load();
  }

  #go(lead, { granularity } = this.app.store.get()) {
    if (lead !== null && lead !== undefined)
      this.app.router.replace(`/group/${lead}?g=${granularity}`);
  }

  /** Nobody accepts what has not been suggested yet. */
  #finish() {
    if (this.group?.pending) this.app.toasts.tell("Nothing is suggested yet: wait a moment.");
    else this.#leaveBy((undone) => finishGroup(this.app, this.group, undone));
  }

  /** Says something of the group, then goes to the next open one. */
  async #leaveBy(say) {
    if (!this.group || this.isLeaving) return;
    this.isLeaving = true;
    try {
      const { lead } = this.group;
      const { granularity } = this.app.store.get();
      await say(() => this.#go(lead, { granularity }));
      const next = await this.feed.nextOpen();
      if (next === null) this.app.router.back("/groups");
      else this.#go(next);
    } catch (error) {
      this.#refused(error);
    } finally {
      this.isLeaving = false;
    }
  }

  /** The next group is looked at while this one is shown. */
  async #prepareNext() {
    const { next } = this.group.neighbors;
    if (next === null) return;
    try {
      const { photos, size } = await this.feed.fetch(next);
      if (size <= FEW) fetchAhead(photos.slice(0, 4).map((photo) => pictureUrl(photo)));
    } catch {
      // It is asked for again when one goes there.
    }
  }

  /** The order may change while a photo is looked at: the one that was looked at last is chosen then. */
  #openLarge(photo, atFull = false) {
    const { photos } = this.group;
    this.over = openLightbox(this.app, {
      photos,
      place: photos.indexOf(photo),
      atFull,
      mark: (each, mark) => this.actions.mark(each, mark),
      isLookedAt: () => !this.group.pending,
      left: (place) => {
        this.over = null;
        this.#activate(Math.max(0, this.group.photos.indexOf(photos[place])));
      },
    });
  }

  #compare(photo) {
    const { photos } = this.group;
    if (!photo || photos.length < 2) return;
    const second = photo === photos[0] ? photos[1] : photo;
    this.over = openCompare(this.app, {
      photos,
      chosen: [photos[0], second],
      mark: (each, mark) => this.actions.mark(each, mark),
      isLookedAt: () => !this.group.pending,
      left: () => {
        this.over = null;
        if (document.activeElement === document.body) this.#activate(this.active);
      },
    });
  }

  #activate(place) {
    this.active = place;
    this.hasChosen = true;
    while (place >= this.drawn) this.#drawMore();
    const cells = this.#cells();
    cells.forEach((cell, each) => (cell.tabIndex = each === place ? 0 : -1));
    cells[place]?.focus({ preventScroll: true });
    cells[place]?.scrollIntoView({ block: "nearest" });
  }

  #entered(event) {
    const place = [...this.list.children].indexOf(event.target.closest("li"));
    if (place < 0 || place === this.active) return;
    this.active = place;
    this.hasChosen = true;
    this.#cells().forEach((cell, each) => (cell.tabIndex = each === place ? 0 : -1));
  }

  #moveByKey(event) {
    if (!event.target.matches("[data-cell]") || hasModifier(event)) return;
    const cells = this.#cells();
    const target =
      { Home: cells[0], End: cells.at(-1) }[event.key] ??
      nearestToward(cells, event.target, event.key) ??
      this.#beside(cells, event.key);
    if (!target) return;
    event.preventDefault();
    this.#activate(cells.indexOf(target));
  }

  /** Left and right go on in the line above or below. */
  #beside(cells, key) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    return step ? cells[this.active + step] : null;
  }

  #keys() {
    const onPhoto = (act) => () => (this.#photo ? act(this.#photo) : false);
    const { mark, compare, split, join: belong } = this.actions;
    const unlessControl = (act) => (event) => (isOnControl(event) ? false : act());
    const actions = this.#groupActions();
    return {
      p: onPhoto((photo) => mark(photo, "keep")),
      x: onPhoto((photo) => mark(photo, "reject")),
      u: onPhoto((photo) => mark(photo, null)),
      c: onPhoto(compare),
      n: onPhoto(split),
      b: onPhoto(belong),
      z: onPhoto((photo) => this.#openLarge(photo, true)),
      l: onPhoto(({ id }) => this.app.router.go(`/similar/${id}`)),
      " ": unlessControl(() => this.#photo && this.#openLarge(this.#photo)),
      Enter: unlessControl(actions.finish),
      s: actions.skip,
      "[": () => this.#go(this.group?.neighbors.previous),
      "]": () => this.#go(this.group?.neighbors.next),
      Escape: actions.back,
      ArrowRight: () => this.#activate(this.active),
      ArrowLeft: () => this.#activate(this.active),
      ArrowDown: () => this.#activate(this.active),
      ArrowUp: () => this.#activate(this.active),
    };
  }
}

/** The shape that most photos of a group nearly have, so that little room is left around them. */
function middleAspect(photos) {
  const aspects = photos
    .map(({ width, height }) => width / height || 1.5)
    .sort((one, other) => one - other);
  return Math.min(2.2, Math.max(0.75, aspects[Math.floor(aspects.length / 2)]));
}

function noGroup() {
  const link = h("a.button.primary", { href: "/groups" }, "All groups");
  const why = "This photo stands alone at this granularity, or is gone.";
  return nothingHere("No group here", why, "alone", [link]);
}

/** Of a theme that holds half a collection, the server names the first thousand photos. */
function moreThanShown({ size, photos }) {
  const more = size - photos.length;
  if (more <= 0) return null;
  const words = `And ${plural(more, "more photo", "more photos")}`;
  return h("p.secondary", { text: `${words}: look at a finer granularity to see them.` });
}

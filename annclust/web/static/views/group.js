/** One group, best photo first: what is suggested and why, and what a person says of it. */

import { loadingCells, nothingHere, trouble } from "../blanks.js";
import { openCompare } from "../compare.js";
import { fill, h } from "../dom.js";
import { groupHead } from "../group_head.js";
import { openJoin } from "../join_dialog.js";
import { finishGroup, join, markPhoto, setGroupState, splitOff } from "../judging.js";
import { isOnControl } from "../keys.js";
import { openLightbox } from "../lightbox.js";
import { photoCard } from "../photo_card.js";
import { fetchAhead, pictureUrl } from "../pictures.js";
import { nearestToward } from "../roving.js";
import { plural } from "../words.js";

const POLL_MS = 300;
/** Status of a photo that is in no group. */
const GONE = 404;
/** Groups up to this size show pictures, larger ones thumbnails. */
const FEW = 24;
/** Photos drawn at once; more come as one scrolls. */
const PORTION = 96;
/** How far one looks for the next open group. */
const FAR = 200;

/** @param {object} app @param {import("../router.js").Route} route */
export function groupView(app, route) {
  const granularity = Number(route.query.get("g"));
  if (route.query.has("g") && !Number.isNaN(granularity)) app.store.set({ granularity });
  return new GroupView(app, route.photo).view();
}

class GroupView {
  constructor(app, photo) {
    Object.assign(this, { app, asked: photo, group: null, active: 0, drawn: PORTION });
    this.stopper = new AbortController();
    this.head = h("div", {});
    this.list = h("ul", { class: "photos", role: "list", "aria-label": "Photos, best first" });
    this.end = h("div", { class: "photos-end" });
    this.element = h("section", { class: "view group-view", "aria-label": "Group" }, this.head, loadingCells(3), this.list, this.end);
    this.actions = this.#photoActions();
  }

  view() {
    this.list.addEventListener("keydown", (event) => this.#moveByKey(event));
    this.list.addEventListener("focusin", (event) => this.#entered(event));
    this.watcher = new IntersectionObserver(([end]) => end.isIntersecting && this.#drawMore(), { rootMargin: "800px" });
    this.watcher.observe(this.end);
    this.load();
    return {
      title: "Group", element: this.element, keys: this.#keys(),
      close: () => [this.stopper.abort(), this.watcher.disconnect()],
    };
  }

  /** Asks for the group, and again while photos of it are still being looked at. */
  async load() {
    try {
      do {
        const isFirst = this.group === null;
        const group = await this.#fetch(this.asked);
        if (this.stopper.signal.aborted) return;
        this.#take(group);
        this.#show(isFirst);
        if (this.group.pending) await new Promise((done) => setTimeout(done, POLL_MS));
      } while (this.group.pending && !this.stopper.signal.aborted);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A photo stays the same object, for a lightbox over the view may hold it. */
  #take(group) {
    const known = new Map(this.group?.photos.map((photo) => [photo.id, photo]));
    const photos = group.photos.map((photo) => Object.assign(known.get(photo.id) ?? {}, photo));
    this.group = { ...group, photos };
  }

  #failed(error) {
    if (error.name === "AbortError") return;
    const link = h("a", { class: "button primary", href: "/groups" }, "All groups");
    if (error.status === GONE) fill(this.element, nothingHere("No group here", "This photo has no twin at this granularity, or is gone.", "alone", [link]));
    else fill(this.element, trouble(error, () => this.app.router.replace(location.pathname + location.search)));
  }

  #fetch(photo) {
    const { granularity, order, filter } = this.app.store.get();
    return this.app.api.group(photo, { granularity, order, state: filter }, this.stopper.signal);
  }

  #show(isFirst) {
    const { group } = this;
    this.element.querySelector(".loading-cells")?.remove();
    this.app.store.set({ lastGroup: group.lead });
    fill(this.head, groupHead(this.app, group, this.#groupActions()));
    const told = JSON.stringify([group.photos, group.pending > 0]);
    if (told === this.told) return;
    this.told = told;
    this.list.className = `photos of-${Math.min(group.size, 7)} ${group.size > FEW ? "many" : "few"}`;
    this.list.style.setProperty("--aspect", middleAspect(group.photos));
    this.#draw(isFirst);
    this.#tellOfMore();
    if (isFirst) this.#prepareNext();
    document.title = `${plural(group.size, "photo")} · ${this.app.store.get().collection.name}`;
  }

  /** Of a theme that holds half a collection, the server names the first thousand photos. */
  #tellOfMore() {
    const { size, photos } = this.group;
    const more = size - photos.length;
    fill(this.end, more > 0 && h("p", { class: "secondary", text: `And ${plural(more, "more photo", "more photos")}: look at a finer granularity to see them.` }));
  }

  #draw(takesFocus) {
    const hadFocus = takesFocus || this.list.contains(document.activeElement);
    fill(this.list, this.group.photos.slice(0, this.drawn).map((photo, place) => this.#card(photo, place)));
    if (hadFocus && !document.querySelector("dialog[open]")) this.#cells()[this.active]?.focus({ preventScroll: true });
  }

  #card(photo, place) {
    return photoCard(photo, {
      isLarge: this.group.size <= FEW, isTabStop: place === this.active, isLookedAt: !this.group.pending, actions: this.actions,
    });
  }

  #drawMore() {
    if (!this.group || this.drawn >= this.group.photos.length) return;
    const more = this.group.photos.slice(this.drawn, this.drawn + PORTION);
    this.list.append(...more.map((photo, place) => this.#card(photo, this.drawn + place)));
    this.drawn += PORTION;
  }

  #redrawPhoto(photo) {
    const place = this.group.photos.indexOf(photo);
    const old = this.list.children[place];
    if (!old) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    const card = this.#card(photo, place);
    old.replaceWith(card);
    if (focused) card.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    fill(this.head, groupHead(this.app, this.group, this.#groupActions()));
  }

  /** What a person marks changes what is suggested of the others. */
  async #reconsider() {
    try {
      const { photos } = await this.#fetch(this.group.lead);
      const found = new Map(photos.map((photo) => [photo.id, photo]));
      for (const photo of this.group.photos) this.#suggestAnew(photo, found.get(photo.id));
    } catch {
      // The old suggestions stay: the next look at the group brings the new ones.
    }
  }

  #suggestAnew(photo, found) {
    if (!found || found.suggestion === photo.suggestion) return;
    photo.suggestion = found.suggestion;
    this.#redrawPhoto(photo);
  }

  #cells() {
    return [...this.list.querySelectorAll("[data-cell]")];
  }

  get #photo() {
    return this.group?.photos[this.active];
  }

  #photoActions() {
    const again = () => this.app.router.replace(location.pathname + location.search);
    return {
      open: (photo) => this.#openLarge(photo),
      mark: (photo, mark) => markPhoto(this.app, photo, mark, () => this.#redrawPhoto(photo), () => this.#reconsider()),
      compare: (photo) => this.#compare(photo),
      split: (photo) => splitOff(this.app, this.group, photo, () => this.#go(this.group.photos.find(({ id }) => id !== photo.id)?.id)),
      join: (photo) => openJoin(this.app, this.group, photo, (other) => join(this.app, photo.id, other, again)),
    };
  }

  #groupActions() {
    return {
      finish: () => this.#leaveBy((undone) => finishGroup(this.app, this.group, undone)),
      skip: () => this.#leaveBy((undone) => setGroupState(this.app, this.group, "skipped", undone)),
      reopen: () => setGroupState(this.app, this.group, "open", () => this.load()).then(() => this.load(), this.app.toasts.fail),
      compare: () => this.#compare(this.#photo),
      go: (lead) => this.#go(lead),
      back: () => this.app.router.back("/groups"),
    };
  }

  #go(lead) {
    if (lead !== null && lead !== undefined) this.app.router.replace(`/group/${lead}?g=${this.app.store.get().granularity}`);
  }

  /** Says something of the group, then goes to the next open one. */
  async #leaveBy(say) {
    if (!this.group || this.isLeaving) return;
    this.isLeaving = true;
    try {
      const { lead, neighbors } = this.group;
      await say(() => this.#go(lead));
      await this.#goOn(neighbors.next);
    } catch (error) {
      this.app.toasts.fail(error);
    } finally {
      this.isLeaving = false;
    }
  }

  async #goOn(next) {
    for (let tries = 0; next !== null && tries < FAR; tries += 1) {
      const group = await this.#fetch(next);
      if (group.state === "open") {
        this.#go(group.lead);
        return;
      }
      next = group.neighbors.next;
    }
    this.app.router.back("/groups");
  }

  /** The next group is looked at while this one is shown. */
  async #prepareNext() {
    const { next } = this.group.neighbors;
    if (next === null) return;
    try {
      const { photos, size } = await this.#fetch(next);
      if (size <= FEW) fetchAhead(photos.slice(0, 4).map((photo) => pictureUrl(photo)));
    } catch {
      // It is asked for again when one goes there.
    }
  }

  #openLarge(photo, atFull = false) {
    openLightbox(this.app, {
      photos: this.group.photos, place: this.group.photos.indexOf(photo), atFull,
      mark: (each, mark) => this.actions.mark(each, mark), left: (place) => this.#activate(place),
    });
  }

  #compare(photo) {
    const { photos } = this.group;
    if (!photo || photos.length < 2) return;
    const second = photo === photos[0] ? photos[1] : photo;
    openCompare(this.app, { photos, chosen: [photos[0], second], mark: (each, mark) => this.actions.mark(each, mark) });
  }

  #activate(place) {
    this.active = place;
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
    this.#cells().forEach((cell, each) => (cell.tabIndex = each === place ? 0 : -1));
  }

  #moveByKey(event) {
    if (!event.target.matches("[data-cell]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = this.#cells();
    const target = { Home: cells[0], End: cells.at(-1) }[event.key] ?? nearestToward(cells, event.target, event.key) ?? this.#beside(cells, event.key);
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
      p: onPhoto((photo) => mark(photo, "keep")), x: onPhoto((photo) => mark(photo, "reject")),
      u: onPhoto((photo) => mark(photo, null)), c: onPhoto(compare), n: onPhoto(split), b: onPhoto(belong),
      z: onPhoto((photo) => this.#openLarge(photo, true)), l: onPhoto(({ id }) => this.app.router.go(`/similar/${id}`)),
      " ": unlessControl(() => this.#photo && this.#openLarge(this.#photo)), Enter: unlessControl(actions.finish),
      s: actions.skip, "[": () => this.#go(this.group?.neighbors.previous), "]": () => this.#go(this.group?.neighbors.next),
      Escape: actions.back, ArrowRight: () => this.#activate(this.active), ArrowLeft: () => this.#activate(this.active),
      ArrowDown: () => this.#activate(this.active), ArrowUp: () => this.#activate(this.active),
    };
  }
}

/** The shape that most photos of a group nearly have, so that little room is left around them. */
function middleAspect(photos) {
  const aspects = photos.map(({ width, height }) => width / height || 1.5).sort((one, other) => one - other);
  return Math.min(2.2, Math.max(0.75, aspects[Math.floor(aspects.length / 2)]));
}

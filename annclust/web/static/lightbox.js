/** One photo as large as the window, to look at every pixel of it. */

import { show } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { filmStrip } from "./film_strip.js";
import { listenForGestures } from "./gestures.js";
import { icon } from "./icons.js";
import { markButtons } from "./mark_buttons.js";
import { badge, facts, whyHere } from "./photo_card.js";
import { fetchAhead, pictureUrl } from "./pictures.js";
import { isZoomed, stageButton, zoomGestures, zoomKeys } from "./stage.js";
import { Viewport } from "./viewport.js";
import { percent } from "./words.js";
import { ZoomPane } from "./zoom_pane.js";

/**
 * @param {object} app
 * @param {object} settings
 * @param {object[]} settings.photos
 * @param {number} settings.place of the first one to show
 * @param {boolean} [settings.atFull] starts at one pixel for one
 * @param {((photo: object, mark: string | null) => Promise<void>) | null} settings.mark
 * @param {() => boolean} [settings.isLookedAt] whether something is suggested of the photos yet
 * @param {(place: number) => void} [settings.left] is told where it ended
 * @returns {{redraw: () => void}} shows what else is said or suggested of the photos now
 */
export function openLightbox(app, settings) {
  const lightbox = new Lightbox(app, settings);
  lightbox.open();
  return lightbox;
}

class Lightbox {
  constructor(app, { photos, place, atFull = false, mark = null, isLookedAt = () => true, left }) {
    Object.assign(this, { app, photos, place, atFull, isLookedAt, left, markIt: mark });
    this.viewport = new Viewport(() => this.#moved());
    this.pane = new ZoomPane(this.viewport);
    this.zoomWords = h("span.stage-zoom", { testid: "zoom" });
    this.name = h("div.stage-name", {});
    this.caption = h("div.stage-caption", {});
    this.strip = filmStrip(photos, (chosen) => this.#go(chosen), isLookedAt);
    this.marks = mark ? markButtons((value) => this.#mark(value)) : null;
    this.element = this.#build();
  }

  async open() {
    const release = this.#listen();
    const closed = show(this.app, this.element, this.element);
    const releaseKeys = this.app.keys.add(this.#keys());
    const left = this.app.router.over(() => this.element.close());
    this.#go(this.place);
    if (this.atFull) this.pane.toggleFull();
    await closed;
    left();
    releaseKeys();
    release();
    this.left?.(this.place);
  }

  #build() {
    const close = () => this.element.close();
    return h(
      "dialog.stage",
      { tabindex: -1, "aria-label": "Photo, large", testid: "lightbox" },
      h(
        "header.stage-bar",
        {},
        stageButton("back", "Close (Esc)", close, "close"),
        this.name,
        this.zoomWords,
        this.marks?.element,
      ),
      h(
        "div.stage-middle",
        {},
        this.pane.element,
        this.photos.length > 1 && [
          stageArrow("back", "Photo before", () => this.#step(-1)),
          stageArrow("forward", "Photo after", () => this.#step(1)),
        ],
      ),
      h("footer.stage-foot", {}, this.caption, this.photos.length > 1 ? this.strip.element : null),
    );
  }

  #listen() {
    const { viewport, pane } = this;
    listenForGestures(pane.element, {
      ...zoomGestures(viewport, pane),
      canSwipe: () => !isZoomed(viewport),
      swipe: (direction) => this.#step(direction),
    });
    return () => pane.close();
  }

  #go(place) {
    this.place = place;
    const photo = this.photos[place];
    this.pane.show(photo);
    this.redraw();
    const around = [place + 1, place - 1].map((each) => this.photos[each]).filter(Boolean);
    fetchAhead(around.map((each) => pictureUrl(each)));
  }

  redraw() {
    const photo = this.photos[this.place];
    const isLookedAt = this.isLookedAt();
    fill(
      this.name,
      h("strong", { text: photo.name }),
      h("span.secondary", { text: `${this.place + 1} of ${this.photos.length}` }),
    );
    const why = photo.place && isLookedAt ? whyHere(photo) : "";
    fill(
      this.caption,
      photo.place && badge(photo, isLookedAt),
      h("span.stage-why", { text: why }),
      h("span.secondary", { text: facts(photo).join(" · ") }),
    );
    this.marks?.show(photo);
    this.strip.show([this.place]);
    this.#moved();
  }

  #step(step) {
    const place = this.place + step;
    if (place >= 0 && place < this.photos.length) this.#go(place);
  }

  #mark(value) {
    this.markIt?.(this.photos[this.place], value);
  }

  #moved() {
    this.pane.apply();
    this.zoomWords.textContent = percent(this.pane.scale);
  }

  #keys() {
    return {
      ...zoomKeys(
        this.viewport,
        () => this.pane,
        (step) => this.#step(step),
      ),
      p: () => this.#mark("keep"),
      x: () => this.#mark("reject"),
      u: () => this.#mark(null),
      " ": (event) => (event.target.matches("button") ? false : this.element.close()),
    };
  }
}

function stageArrow(drawing, label, action) {
  return h(
    "button",
    { class: `stage-arrow ${drawing}`, tabindex: -1, "aria-label": label, click: action },
    icon(drawing, 24),
  );
}

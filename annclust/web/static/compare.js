/** Photos beside each other, or in the same place by turns, or what differs between them; zoomed in step. */

import { ComparePane } from "./compare_pane.js";
import { show } from "./dialogs.js";
import { DifferenceLayer } from "./difference_layer.js";
import { fill, h } from "./dom.js";
import { filmStrip } from "./film_strip.js";
import { icon } from "./icons.js";
import { stageButton, zoomKeys } from "./stage.js";
import { Viewport } from "./viewport.js";
import { percent } from "./words.js";

/** Height of the words below a photo. */
const FOOT_PX = 84;
const MODES = {
  side: ["compare", "Side by side", "S"],
  swap: ["swap", "Swap", "F"],
  difference: ["difference", "What differs", "D"],
};
/** Panes that fit beside each other, by the width of the window. */
const mostPanes = () => (innerWidth >= 1200 ? 4 : innerWidth >= 800 ? 3 : 2);

/**
 * @param {object} app
 * @param {object} settings
 * @param {object[]} settings.photos that one can choose from
 * @param {object[]} settings.chosen two of them
 * @param {((photo: object, mark: string | null) => Promise<void>)} settings.mark
 * @param {() => boolean} settings.isLookedAt whether something is suggested of the photos yet
 * @param {() => void} settings.left is told once it is closed
 * @returns {{redraw: () => void}} shows what else is said or suggested of the photos now
 */
export function openCompare(app, settings) {
  const compare = new Compare(app, settings);
  compare.open();
  return compare;
}

class Compare {
  constructor(app, { photos, chosen, mark, isLookedAt, left }) {
    Object.assign(this, { app, photos, isLookedAt, left, markIt: mark, mode: "side", active: 1 });
    this.viewport = new Viewport(() => this.#moved());
    this.zoomWords = h("span.stage-zoom", { testid: "zoom" });
    this.stage = h("div.compare-panes", {});
    this.modes = h("div.compare-modes", { role: "group", "aria-label": "How to compare" });
    this.strip = filmStrip(photos, (place) => this.#put(place), isLookedAt);
    this.layer = new DifferenceLayer();
    this.panes = chosen.map((photo) => this.#makePane(photo));
    this.element = this.#build();
  }

  async open() {
    const closed = show(this.app, this.element, this.element);
    const arrange = () => this.#arrange();
    addEventListener("resize", arrange);
    const release = this.app.keys.add(this.#keys());
    const left = this.app.router.over(() => this.element.close());
    this.#show();
    await closed;
    left();
    release();
    removeEventListener("resize", arrange);
    this.panes.forEach((pane) => pane.close());
    this.left();
  }

  /** The pane that marks and zooming are about: heat lies on the first, and hides the other. */
  get #seen() {
    return this.panes[this.mode === "difference" ? 0 : this.active];
  }

  #build() {
    this.more = h(
      "button.icon-button",
      {
        "aria-label": "One more photo",
        title: "One more photo (A)",
        testid: "add-pane",
        click: () => this.#add(),
      },
      icon("plus"),
    );
    return h(
      "dialog.stage.compare",
      { tabindex: -1, "aria-label": "Compare", testid: "compare-dialog" },
      h(
        "header.stage-bar",
        {},
        stageButton("back", "Close (Esc)", () => this.element.close(), "close"),
        this.modes,
        this.zoomWords,
        this.more,
      ),
      h("div.stage-middle", {}, this.stage),
      h("footer.stage-foot", {}, this.layer.controls, this.strip.element),
    );
  }

  #makePane(photo) {
    const pane = new ComparePane(this.viewport, {
      chosen: () => this.#activate(this.panes.indexOf(pane)),
      tapped: () => this.mode === "swap" && this.#flip(),
      mark: (value) => this.markIt(pane.photo, value),
      remove: () => this.#remove(pane),
    });
    pane.show(photo);
    return pane;
  }

  #show() {
    const { panes, stage, mode } = this;
    stage.className = `compare-panes mode-${mode} of-${panes.length}`;
    this.#arrange();
    fill(
      stage,
      panes.map((pane) => pane.element),
    );
    fill(
      this.modes,
      Object.entries(MODES).map(([name, words]) => this.#modeButton(name, words)),
    );
    this.more.hidden = mode !== "side" || panes.length >= Math.min(mostPanes(), this.photos.length);
    this.redraw();
    this.layer.show(mode === "difference" ? panes.slice(0, 2) : null);
  }

  redraw() {
    const { panes, mode } = this;
    const canGo = panes.length > 2 && mode === "side";
    const isLookedAt = this.isLookedAt();
    for (const pane of panes) pane.stand({ isActive: pane === this.#seen, canGo, isLookedAt });
    const shown = [this.active, ...panes.keys()];
    this.strip.show(shown.map((place) => this.photos.indexOf(panes[place].photo)));
    this.#moved();
  }

  /** Two wide photos are larger below each other than beside each other in a high window. */
  #arrange() {
    const { panes, stage } = this;
    const { width, height } = panes[0].zoom.size;
    const fits = (paneWidth, paneHeight) => Math.min(paneWidth / width, paneHeight / height);
    const room = [stage.clientWidth, stage.clientHeight];
    const beside = fits(room[0] / 2, room[1] - FOOT_PX);
    const below = fits(room[0], room[1] / 2 - FOOT_PX);
    stage.classList.toggle("rows", panes.length === 2 && below > beside);
  }

  #modeButton(name, [drawing, text, key]) {
    return h(
      "button.mode-button",
      {
        "aria-pressed": String(this.mode === name),
        title: `${text} (${key})`,
        "aria-label": text,
        testid: `mode-${name}`,
        click: () => this.#setMode(name),
      },
      icon(drawing),
      h("span", { text }),
    );
  }

  #setMode(mode) {
    if (mode === "swap" && this.mode === "swap") return this.#flip();
    if (mode !== "side") {
      while (this.panes.length > 2) this.panes.pop().close();
      this.active = Math.min(this.active, 1);
    }
    const hadFocus = this.modes.contains(document.activeElement);
    this.mode = mode;
    this.#show();
    if (hadFocus) this.modes.querySelector("[aria-pressed=true]").focus();
    return undefined;
  }

  #flip() {
    this.#activate(1 - this.active);
  }

  #activate(place) {
    if (place === this.active || place < 0) return;
    this.active = place;
    this.redraw();
  }

  /** Puts another photo into the active pane. */
  #put(place) {
    const photo = this.photos[place];
    if (!photo || this.panes.some((pane) => pane.photo === photo)) return;
    this.panes[this.active].show(photo);
    this.#show();
  }

  #next(step) {
    const taken = new Set(this.panes.map(({ photo }) => photo));
    let place = this.photos.indexOf(this.panes[this.active].photo) + step;
    while (this.photos[place] && taken.has(this.photos[place])) place += step;
    this.#put(place);
  }

  #add() {
    const free = this.photos.find((photo) => !this.panes.some((pane) => pane.photo === photo));
    if (!free || this.mode !== "side" || this.panes.length >= mostPanes()) return;
    this.panes.push(this.#makePane(free));
    this.active = this.panes.length - 1;
    this.#show();
  }

  #remove(pane) {
    pane.close();
    this.panes.splice(this.panes.indexOf(pane), 1);
    this.active = Math.min(this.active, this.panes.length - 1);
    this.#show();
  }

  #moved() {
    this.panes?.forEach((pane) => pane.apply());
    if (this.panes) this.zoomWords.textContent = percent(this.#seen.zoom.scale);
  }

  #keys() {
    const mark = (value) => () => this.markIt(this.#seen.photo, value);
    const choose = (place) => () => place < this.panes.length && this.#activate(place);
    return {
      ...zoomKeys(
        this.viewport,
        () => this.#seen.zoom,
        (step) => this.#next(step),
      ),
      s: () => this.#setMode("side"),
      f: () => this.#setMode("swap"),
      d: () => this.#setMode("difference"),
      a: () => this.#add(),
      1: choose(0),
      2: choose(1),
      3: choose(2),
      4: choose(3),
      p: mark("keep"),
      x: mark("reject"),
      u: mark(null),
      c: () => this.element.close(),
    };
  }
}

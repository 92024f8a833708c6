/** One of the photos that are compared: its picture, its name, why it stands where it does, its mark. */

import { fill, h } from "./dom.js";
import { listenForGestures } from "./gestures.js";
import { icon } from "./icons.js";
import { markButtons } from "./mark_buttons.js";
import { badge, facts, whyHere } from "./photo_card.js";
import { zoomGestures } from "./stage.js";
import { ZoomPane } from "./zoom_pane.js";

export class ComparePane {
  /**
   * @param {import("./viewport.js").Viewport} viewport which all panes share
   * @param {object} actions
   * @param {() => void} actions.chosen the pane is meant from now on
   * @param {() => void} actions.tapped
   * @param {(mark: "keep" | "reject" | null) => void} actions.mark
   * @param {() => void} actions.remove
   */
  constructor(viewport, actions) {
    this.actions = actions;
    this.zoom = new ZoomPane(viewport);
    this.words = h("div.compare-words", {});
    this.marks = markButtons(actions.mark);
    this.element = h(
      "section.compare-pane",
      { testid: "compare-pane" },
      this.zoom.element,
      h("div.compare-foot", {}, this.words, this.marks.element),
    );
    this.element.addEventListener("pointerdown", actions.chosen);
    listenForGestures(this.zoom.element, {
      ...zoomGestures(viewport, this.zoom),
      tap: actions.tapped,
    });
  }

  get photo() {
    return this.zoom.photo;
  }

  /** @param {object} photo */
  show(photo) {
    this.zoom.show(photo);
  }

  /** @param {{isActive: boolean, canGo: boolean, isLookedAt: boolean}} standing among the panes */
  stand({ isActive, canGo, isLookedAt }) {
    const { photo, element } = this;
    element.classList.toggle("active", isActive);
    element.setAttribute("aria-label", `${photo.name}${isActive ? ", chosen" : ""}`);
    fill(
      this.words,
      h(
        "div.compare-name",
        {},
        h("strong", { text: photo.name }),
        badge(photo, isLookedAt),
        canGo && this.#goButton(),
      ),
      h("p", { text: isLookedAt ? whyHere(photo) : "" }),
      h("p.secondary", { text: facts(photo).slice(0, 3).join(" · ") }),
    );
    this.marks.show(photo);
  }

  apply() {
    this.zoom.apply();
  }

  close() {
    this.zoom.close();
    this.element.remove();
  }

  #goButton() {
    return h(
      "button.icon-button.small",
      { "aria-label": `Leave out ${this.photo.name}`, click: this.actions.remove },
      icon("cross", 16),
    );
  }
}

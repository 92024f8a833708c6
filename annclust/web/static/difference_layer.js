/** Heat over the first of two compared photos where the second one differs, and how strongly it is shown. */

import { differenceOf } from "./difference.js";
import { h } from "./dom.js";
import { percent } from "./words.js";

export class DifferenceLayer {
  constructor() {
    this.wanted = 0;
    this.words = h("span", { role: "status", testid: "difference" });
    this.strength = h("input", {
      type: "range",
      min: 0,
      max: 100,
      value: 80,
      "aria-label": "How strongly differences are shown",
      class: "plain-range",
    });
    this.strength.addEventListener("input", () => this.#fade());
    this.controls = h("div.difference-controls", { hidden: true }, this.words, this.strength);
  }

  /** @param {import("./compare_pane.js").ComparePane[] | null} panes two; null takes it away */
  show(panes) {
    this.controls.hidden = !panes;
    const pair = panes?.map(({ photo }) => photo.id).join();
    if (panes && pair === this.pair) return;
    this.canvas?.remove();
    this.canvas = null;
    this.pair = pair;
    this.wanted += 1;
    if (panes) this.#find(panes, this.wanted);
  }

  /** What is found of a pair that is not wanted any more is nothing to be shown. */
  async #find([first, second], wish) {
    this.words.textContent = "Looking for what differs…";
    this.strength.hidden = true;
    try {
      const found = await differenceOf(first.photo, second.photo);
      if (this.wanted === wish) this.#found(found, first);
    } catch {
      if (this.wanted === wish) this.words.textContent = "One of these pictures cannot be read.";
    }
  }

  #found({ canvas, share, shift, match }, first) {
    this.strength.hidden = !canvas;
    this.words.textContent = canvas
      ? told(share, shift)
      : `These two do not match enough to lay one over the other (${percent(Math.max(0, match))} alike).`;
    if (!canvas) return;
    canvas.className = "heat";
    this.canvas = canvas;
    first.zoom.holder.append(canvas);
    this.#fade();
  }

  #fade() {
    if (this.canvas) this.canvas.style.opacity = this.strength.value / 100;
  }
}

function told(share, { x, y }) {
  const moved = Math.hypot(x, y);
  const differs =
    share < 0.001
      ? "Nothing that one could see differs"
      : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % of the picture differs`;
  return moved > 0.004
    ? `${differs}, once moved by ${(100 * moved).toFixed(1)} % of its size`
    : `${differs}`;
}

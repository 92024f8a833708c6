/** Groups chosen in the grid, to be told that they belong together. */

import { join } from "./deciding.js";
import { h } from "./dom.js";
import { plural } from "./words.js";

export class GroupSelection {
  /** @param {object} app @param {{onChange: () => void, onJoined: () => void}} listeners */
  constructor(app, { onChange, onJoined }) {
    Object.assign(this, { app, onChange, onJoined });
    this.leads = new Set();
    this.element = h("div.selection-bar", {
      role: "region",
      "aria-label": "Selected groups",
      hidden: true,
      testid: "selection",
    });
  }

  /** @param {number} lead */
  has(lead) {
    return this.leads.has(lead);
  }

  /** @param {{lead: number}} group */
  toggle({ lead }) {
    if (!this.leads.delete(lead)) this.leads.add(lead);
    this.#changed();
  }

  clear() {
    this.leads.clear();
    this.#changed();
  }

  #changed() {
    const count = this.leads.size;
    this.element.hidden = count === 0;
    const join = h(
      "button.button.primary",
      { disabled: count < 2, click: () => this.#join() },
      "Belong together",
    );
    const clear = h("button.button.quiet", { click: () => this.clear() }, "Clear");
    this.element.replaceChildren(
      h("strong", { text: `${plural(count, "group")} selected` }),
      join,
      clear,
    );
    this.onChange();
  }

  #join() {
    const words = `${plural(this.leads.size, "group")} belong together from now on.`;
    return join(this.app, [...this.leads], words, () => {
      this.clear();
      this.onJoined();
    });
  }
}

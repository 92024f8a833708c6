/** Photos without a twin: nothing to choose among, never offered for purge. */

import { nothingHere, notGroupedYet, trouble } from "../blanks.js";
import { h } from "../dom.js";
import { PagedList } from "../paged_list.js";
import { thumbnail } from "../pictures.js";
import { VirtualGrid } from "../virtual_grid.js";
import { levelName, plural } from "../words.js";

/** @param {object} app @param {import("../router.js").Route} route */
export function oneOffsView(app, route) {
  if (!app.store.get().collection.clustered)
    return { title: "One-offs", element: notGroupedYet(app) };
  return new OneOffsView(app, route).view();
}

class OneOffsView {
  constructor(app, route) {
    this.app = app;
    this.scroll = route.scroll;
    this.count = h("span.secondary", { role: "status" });
    this.blank = h("div", {});
    this.grid = new VirtualGrid({
      label: "Photos without a twin",
      shape: (width) => (width < 520 ? { least: 92, gap: 6 } : { least: 148, gap: 10 }),
      height: (width) => Math.round(width),
      entry: (index) => this.list.entries[index],
      draw: (index) => this.#cell(index),
      sketch: () => [h("div.tile.skeleton")],
      seen: (_first, last) => this.list.want(last + 120),
    });
    this.list = this.#makeList();
  }

  view() {
    this.list.reload();
    const { granularity, collection } = this.app.store.get();
    const level = levelName(granularity, collection.levels);
    return {
      title: "One-offs",
      element: h(
        "section.view",
        { "aria-label": "One-offs" },
        h(
          "header.view-head",
          {},
          h("h1", { text: "One-offs" }),
          this.count,
          h("p.secondary", { text: `Nothing nearly the same among ${level}: never offered for purge.` }),
        ),
        this.blank,
        this.grid.element,
      ),
      close: () => [this.list.close(), this.grid.close()],
    };
  }

  #makeList() {
    const { api, store } = this.app;
    return new PagedList({
      fetchPage: async (after, limit, signal) => {
        const page = await api.oneOffs(
          { granularity: store.get().granularity, after, limit },
          signal,
        );
        return { ...page, entries: page.photos };
      },
      onChange: () => this.#came(),
      onError: (error) => this.blank.replaceChildren(trouble(error, () => this.list.reload())),
    });
  }

  #came() {
    this.grid.setCount(this.list.total);
    this.grid.redrawChanged();
    this.count.textContent = plural(this.list.total, "photo");
    this.blank.replaceChildren(
      ...(this.list.total
        ? []
        : [nothingHere("No one-offs", "Every photo has a twin at this granularity.", "alone")]),
    );
    if (!this.scroll) return;
    scrollTo({ top: this.scroll, behavior: "instant" });
    if (scrollY >= this.scroll - 1) this.scroll = 0;
  }

  #cell(index) {
    const photo = this.list.entries[index];
    if (!photo) return [h("div.tile.skeleton", {})];
    return [
      h(
        "a.tile",
        {
          href: `/similar/${photo.id}`,
          "data-cell": "",
          "data-photo": photo.id,
          title: photo.name,
          "aria-label": `${photo.name}: look-alikes`,
          testid: "one-off",
        },
        thumbnail(photo),
      ),
    ];
  }
}

/** All groups as cards: the view that one starts from. */

import { acceptAll } from "../accept_all.js";
import { notGroupedYet, nothingHere, trouble } from "../blanks.js";
import { h } from "../dom.js";
import { granularitySlider } from "../granularity_slider.js";
import { emptyCard, groupCard, WORDS_HEIGHT } from "../group_card.js";
import { icon } from "../icons.js";
import { PagedList } from "../paged_list.js";
import { GroupSelection } from "../group_selection.js";
import { segments, select } from "../choices.js";
import { VirtualGrid } from "../virtual_grid.js";
import { number } from "../words.js";

const FILTERS = { all: "All", open: "Open", resolved: "Done", skipped: "Skipped" };
const ORDERS = {
  largest: "Largest first",
  least_certain: "Least certain first",
  newest: "Newest first",
};

/** @param {object} app @param {import("../router.js").Route} route */
export function groupsView(app, route) {
  if (!app.store.get().collection.clustered)
    return { title: "Groups", element: notGroupedYet(app) };
  readQuery(app.store, route.query);
  return new GroupsView(app, route).view();
}

function readQuery(store, query) {
  const changes = {};
  if (query.get("order") in ORDERS) changes.order = query.get("order");
  if (query.get("state") in FILTERS) changes.filter = query.get("state");
  store.set(changes);
}

class GroupsView {
  constructor(app, route) {
    this.app = app;
    this.scroll = route.scroll;
    this.blank = h("div", {});
    this.grid = this.#makeGrid();
    this.list = this.#makeList();
    this.selection = new GroupSelection(app, {
      onChange: () => this.grid.redraw(),
      onJoined: () => this.list.reload(),
    });
    this.slider = this.#makeSlider();
  }

  view() {
    const unwatch = this.app.store.watch((now, before) => this.#stateChanged(now, before));
    this.list.reload();
    return {
      title: "Groups",
      element: h(
        "section.view.groups-view",
        { "aria-label": "Groups" },
        h("h1.unseen", { text: "Groups" }),
        this.#toolbar(),
        this.blank,
        this.grid.element,
        this.selection.element,
      ),
      keys: this.#keys(),
      close: () => [unwatch(), this.list.close(), this.grid.close()],
    };
  }

  #makeGrid() {
    return new VirtualGrid({
      label: "Groups",
      shape: (width) => (width < 520 ? { least: 148, gap: 14 } : { least: 218, gap: 22 }),
      height: (width) => Math.round(width * 0.75) + WORDS_HEIGHT,
      entry: (index) => this.list.entries[index],
      draw: (index) => this.#card(index),
      sketch: emptyCard,
      seen: (_first, last) => this.list.want(last + 40),
    });
  }

  #makeList() {
    const { api, store } = this.app;
    return new PagedList({
      fetchPage: async (after, limit, signal) => {
        const { granularity, order, filter } = store.get();
        const page = await api.groups({ granularity, order, state: filter, after, limit }, signal);
        store.set({ counts: { ...page.counts, photos: page.photos } });
        const entries = page.groups.map((group) => ({ ...group, granularity }));
        return { ...page, entries };
      },
      onChange: () => this.#came(),
      onError: (error) => this.#failed(error),
    });
  }

  #makeSlider() {
    const { collection, granularity } = this.app.store.get();
    return granularitySlider({
      collection,
      granularity,
      onChange: (granularity) => {
        this.app.store.set({ granularity });
        this.#ask();
      },
    });
  }

  #toolbar() {
    const { filter, order } = this.app.store.get();
    this.filters = segments({
      label: "Which groups",
      options: FILTERS,
      chosen: filter,
      testid: "filter",
      onChange: (chosen) => this.#choose({ filter: chosen }),
    });
    const orders = select({
      label: "Order",
      options: ORDERS,
      chosen: order,
      testid: "order",
      onChange: (chosen) => this.#choose({ order: chosen }),
    });
    const choices = [this.filters.element, orders, this.#acceptButton()];
    return h("div.toolbar", {}, this.slider.element, h("div.toolbar-choices", {}, choices));
  }

  #acceptButton() {
    const attributes = {
      testid: "accept-all",
      "aria-label": "Accept all suggestions",
      click: () => this.#acceptAll(),
    };
    return h("button.button", attributes, icon("checks"), h("span", { text: "Accept all…" }));
  }

  #choose(changes) {
    this.app.store.set(changes);
    this.#ask();
  }

  #ask() {
    const { granularity, order, filter } = this.app.store.get();
    this.app.router.note({ g: granularity, order, state: filter });
    this.scroll = null;
    this.toTop = true;
    this.list.wanted = 0;
    this.list.reload();
  }

  #came() {
    const { list, grid } = this;
    if (this.toTop) this.#goToTop();
    grid.setCount(list.total);
    grid.redrawChanged();
    this.blank.replaceChildren(...(list.total ? [] : [this.#empty()]));
    if (this.scroll) this.#scrollBack();
    else this.#focusLast();
  }

  #goToTop() {
    this.toTop = false;
    this.grid.activate(0);
    scrollTo({ top: 0, behavior: "instant" });
  }

  #scrollBack() {
    scrollTo({ top: this.scroll, behavior: "instant" });
    if (scrollY >= this.scroll - 1) this.scroll = null;
    this.#focusLast();
  }

  /** Whoever comes out of a group goes on from its card. */
  #focusLast() {
    const { lastGroup } = this.app.store.get();
    if (this.isFocused || document.activeElement !== document.body) return;
    const place = this.list.entries.findIndex(({ lead }) => lead === lastGroup);
    if (place < 0) return;
    this.isFocused = true;
    this.grid.focus(place);
  }

  #failed(error) {
    this.grid.setCount(0);
    this.blank.replaceChildren(trouble(error, () => this.list.reload()));
  }

  #empty() {
    const { filter } = this.app.store.get();
    if (filter === "open")
      return nothingHere(
        "Everything is looked through",
        "No group is open at this granularity.",
        "check",
      );
    if (filter === "all")
      return nothingHere(
        "No groups here",
        "At this granularity every photo stands alone. Move the slider to the right.",
        "groups",
      );
    return nothingHere(
      "Nothing yet",
      `No group is ${filter === "resolved" ? "done" : "skipped"} yet.`,
      "groups",
    );
  }

  #card(index) {
    const group = this.list.entries[index];
    if (!group) return emptyCard();
    return groupCard(group, {
      isSelected: this.selection.has(group.lead),
      onSelect: () => this.selection.toggle(group),
    });
  }

  #stateChanged(now, before) {
    if (now.collection?.revision !== before.collection?.revision) this.list.reload();
    if (now.counts !== before.counts && now.counts) this.#showCounts(now.counts);
  }

  #showCounts(counts) {
    const { open, resolved, skipped, photos } = counts;
    this.slider.told({ total: open + resolved + skipped, photos });
    this.filters.tell({
      all: number(open + resolved + skipped),
      open: number(open),
      resolved: number(resolved),
      skipped: number(skipped),
    });
  }

  async #acceptAll() {
    if (this.isAccepting) return;
    this.isAccepting = true;
    try {
      const isDone = await acceptAll(this.app, () => this.grid.element.isConnected);
      if (isDone) this.list.reload();
    } catch (error) {
      this.app.toasts.fail(error);
    } finally {
      this.isAccepting = false;
    }
  }

  #keys() {
    const select = () => {
      const group = this.list.entries[this.grid.active];
      if (group) this.selection.toggle(group);
    };
    const enter = () =>
      this.grid.element.contains(document.activeElement)
        ? false
        : this.grid.focus(this.grid.active);
    return {
      v: select,
      a: () => this.#acceptAll(),
      Escape: () => this.selection.clear(),
      ArrowDown: enter,
      ArrowRight: enter,
      ArrowLeft: enter,
      ArrowUp: enter,
    };
  }
}

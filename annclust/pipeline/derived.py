"""Derived files: index and neighbor graph, brought up to date when photos came or went.

Both can be deleted at any time; whoever needs them next makes them again. Where few vectors are new
or gone, what is there is extended; else it is made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.stored import (
    INDEX_PART,
    graph_basis,
    graph_choices,
    photo_graph,
    stored_graph,
    stored_index,
)
from annclust.progress import SILENT, Progress
from annclust.search.faiss_index import VectorIndex, load_index
from annclust.search.graph_build import build_graph, measured_recall
from annclust.search.graph_plan import neighbors_wanted, plan_graph, update_pays
from annclust.search.graph_update import update_graph
from annclust.search.index_build import build_index, extended_index
from annclust.search.index_spec import IndexSpec, choose_index
from annclust.search.list_order import AnyOrder, order_if_listed
from annclust.search.recall import COMPLETE, Recall
from annclust.settings import SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.generations import load_array, part_path
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.vector_source import SelectedVectors

_MOST_GROWTH = 2.0
"""An index keeps what it learned until it is over so many times the rows it learned from."""

_MOST_CHANGED = 0.25
"""Share of new and gone vectors above which a graph is made anew."""


def refresh_index(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> VectorIndex:
    """Give the index over all rows, extended if the stored one lacks some.

    It is made anew if it is damaged, or has become too large for what it learned.
    """
    wanted = choose_index(store.catalog.rows(), store.embedder.dimension, settings)
    basis = f"seed={settings.seed}"
    stored = stored_index(store, settings, basis=basis)
    if stored is not None and _fits(stored, wanted):
        if stored.rows == store.catalog.rows():
            return stored
        extended = _extended_index(store, settings, progress)
        if extended is not None:
            return _publish_index(store, extended, basis, settings)
    index = build_index(store.sound_vectors(), wanted, settings, progress)
    return _publish_index(store, index, basis, settings)


def _fits(stored: VectorIndex, wanted: IndexSpec) -> bool:
    """Whether what an index learned still serves."""
    if stored.spec.kind == "exact" or wanted.kind == "exact":
        return stored.spec == wanted
    return wanted.trained <= _MOST_GROWTH * stored.spec.trained


def _extended_index(
    store: StoreWriter, settings: SearchSettings, progress: Progress
) -> VectorIndex | None:
    vectors = store.sound_vectors()

    def extend(generation: Generation) -> VectorIndex:
        spec = IndexSpec.from_dict(json.loads(generation.spec))
        path = part_path(store.path, generation, INDEX_PART)
        return extended_index(path, spec, settings, vectors, progress)

    return store.load_generation("index", extend)


def _publish_index(
    store: StoreWriter, index: VectorIndex, basis: str, settings: SearchSettings
) -> VectorIndex:
    """Store an index; gives the one that is mapped, so that the memory of the other is free."""
    parts = {INDEX_PART: index.save}
    stored = store.publish("index", parts, basis=basis, spec=index.spec.as_dict())
    return load_index(part_path(store.path, stored, INDEX_PART), index.spec, settings)


def refresh_graph(
    store: StoreWriter,
    live: LiveVectors,
    settings: SearchSettings,
    progress: Progress = SILENT,
) -> NeighborGraph:
    """Give the graph over all live vectors, updated or made anew if it is out of date.

    The index that it is made with is brought up to date as well.
    """
    return refresh_graph_in_order(store, live, settings, progress, always=False)[0]


def refresh_graph_in_order(
    store: StoreWriter,
    live: LiveVectors,
    settings: SearchSettings,
    progress: Progress = SILENT,
    *,
    always: bool = True,
) -> tuple[NeighborGraph, AnyOrder | None]:
    """As `refresh_graph`, with the order of its nodes in the index's lists.

    That is None where searches are exact, and, unless it is wanted always, where the graph was up
    to date.
    """
    if not len(live.rows):
        store.forget("graph")
        return EMPTY_GRAPH, None
    index = refresh_index(store, settings, progress)
    graph = stored_graph(store, live, settings)
    order = None
    if graph is None or always:
        order = order_if_listed(index, live.rows, settings.engine)
    del index  # its memory is needed
    if graph is None:
        graph = _refreshed_graph(store, live, order, settings, progress)
    return graph, order


def _refreshed_graph(
    store: StoreWriter,
    live: LiveVectors,
    order: AnyOrder | None,
    settings: SearchSettings,
    progress: Progress,
) -> NeighborGraph:
    """The graph updated or made anew, stored."""
    updated = _updated_graph(store, live, order, settings, progress)
    if updated is not None:
        return updated
    vectors = store.sound_vectors()
    # Parts are of places in the lists of this index.
    generation = store.catalog.generation("index")
    number = 0 if generation is None else generation.number
    shelf = store.shelf(f"{graph_basis(store, live, settings)} index={number}")
    built = build_graph(
        vectors, settings, order=order, rows=live.rows, progress=progress, shelf=shelf
    )
    graph = _publish_graph(store, live, built.graph, settings, _told(built.recall, 0))
    shelf.clear()
    return graph


def _updated_graph(
    store: StoreWriter,
    live: LiveVectors,
    order: AnyOrder | None,
    settings: SearchSettings,
    progress: Progress,
) -> NeighborGraph | None:
    """The stored graph with what changed, stored; None if there is none that is near enough."""
    stored = store.catalog.generation("graph")
    if stored is None or stored.basis.partition(" ")[2] != graph_choices(store, settings):
        return None
    loaded = store.load_generation(
        "graph", lambda found: (store.graph(found), load_array(store.path, found, "rows.npy"))
    )
    k = min(neighbors_wanted(store.catalog.rows(), settings), max(len(live.rows) - 1, 0))
    if loaded is None or loaded[0].k != k or not _pays(*loaded, live, order, store):
        return None
    vectors = store.sound_vectors()
    whole = None if order is None else order.whole()  # updates are made in this process
    graph = update_graph(*loaded, vectors, settings, order=whole, rows=live.rows, progress=progress)
    recall = COMPLETE
    if order is not None:
        selected = SelectedVectors(vectors, live.rows)
        recall = measured_recall(graph, selected, order, settings, progress)
    updates = json.loads(stored.spec)["updates"] + 1
    return _publish_graph(store, live, graph, settings, _told(recall, updates))


def _pays(
    graph: NeighborGraph, rows: Nodes, live: LiveVectors, order: AnyOrder | None, store: Store
) -> bool:
    """Whether it pays to update a graph over `rows` rather than to make it anew."""
    n = len(live.rows)
    new = n - len(np.intersect1d(rows, live.rows, assume_unique=True))
    gone = len(rows) - n + new
    if not graph.k or new + gone > _MOST_CHANGED * n:
        return False
    if order is None:
        return True
    plan = plan_graph(n, graph.k, order.lists)
    hurt = min(graph.k * gone, n)
    return update_pays(plan, n, store.embedder.dimension, order.lists, new, hurt)


def _told(recall: Recall, updates: int) -> dict[str, object]:
    return {"recall": recall.overall, "dense_recall": recall.dense, "updates": updates}


def _publish_graph(
    store: StoreWriter,
    live: LiveVectors,
    graph: NeighborGraph,
    settings: SearchSettings,
    told: Mapping[str, object],
) -> NeighborGraph:
    """Store a graph; gives the one that is mapped, so that the memory of the other is free."""
    arrays = {"neighbors": graph.neighbors, "distances": graph.distances, "rows": live.rows}
    stored = store.publish(
        "graph",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=graph_basis(store, live, settings),
        spec={"vectors": graph.n, "neighbors": graph.k, **told},
    )
    return store.graph(stored)


def derived_is_current(store: Store, live: LiveVectors, settings: SearchSettings) -> bool:
    """Whether index and graph are there, sound and up to date; loads neither.

    An index may lack the newest rows as long as nothing but looking them up needs it.
    """
    if not len(live.rows):
        return store.catalog.generation("graph") is None
    graph = store.usable_generation("graph", basis=graph_basis(store, live, settings))
    return graph is not None and store.usable_generation("index") is not None


def refresh(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> LiveVectors:
    """Bring index and graph up to date, loading nothing if they are; gives what they are of."""
    live = live_vectors(store)
    if not derived_is_current(store, live, settings):
        refresh_graph(store, live, settings, progress)
    return live


def refreshed_photo_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> tuple[NeighborGraph, Nodes]:
    """Give the graph over all present photos, exact copies included, and their ids, ascending."""
    live = live_vectors(store)
    graph = refresh_graph(store, live, settings, progress)
    neighbors = neighbors_wanted(store.catalog.rows(), settings)
    return photo_graph(graph, live, neighbors), live.photos

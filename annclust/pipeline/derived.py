"""Derived files: index and neighbor graph, made from the vectors when they are out of date.

Both can be deleted at any time; whoever needs them next makes them again.
"""

from __future__ import annotations

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.stored import (
    INDEX_PART,
    graph_basis,
    photo_graph,
    stored_graph,
    stored_index,
)
from annclust.progress import SILENT, Progress
from annclust.search.faiss_index import VectorIndex, build_index
from annclust.search.graph_build import build_graph
from annclust.search.index_spec import choose_index
from annclust.settings import SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import sound_vectors


def refresh_index(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> VectorIndex:
    """Give the index over all rows, made anew if the stored one lacks some or is damaged."""
    spec = choose_index(store.catalog.rows(), store.embedder.dimension, settings)
    basis = f"rows={store.catalog.rows()} seed={settings.seed} {spec.describe()}"
    stored = stored_index(store, settings, basis=basis)
    if stored is not None:
        return stored
    index = build_index(sound_vectors(store), spec, settings, progress)
    store.publish("index", {INDEX_PART: index.save}, basis=basis, spec=spec.as_dict())
    return index


def refresh_graph(
    store: StoreWriter,
    live: LiveVectors,
    settings: SearchSettings,
    progress: Progress = SILENT,
) -> NeighborGraph:
    """Give the graph over all live vectors, made anew if it is out of date.

    The index that it is made with is brought up to date as well.
    """
    if not len(live.rows):
        store.forget("graph")
        return EMPTY_GRAPH
    index = refresh_index(store, settings, progress)
    stored = stored_graph(store, live, settings)
    if stored is not None:
        return stored
    vectors = sound_vectors(store)
    graph = build_graph(vectors, settings, index=index, rows=live.rows, progress=progress)
    arrays = {"neighbors": graph.neighbors, "distances": graph.distances, "rows": live.rows}
    store.publish(
        "graph",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=graph_basis(live, settings),
        spec={"vectors": graph.n, "neighbors": graph.k},
    )
    return graph


def derived_is_current(store: Store, live: LiveVectors, settings: SearchSettings) -> bool:
    """Whether index and graph are there, sound and up to date; loads neither.

    An index may lack the newest rows as long as nothing but looking them up needs it.
    """
    if not len(live.rows):
        return store.catalog.generation("graph") is None
    graph = store.usable_generation("graph", basis=graph_basis(live, settings))
    return graph is not None and store.usable_generation("index") is not None


def refresh(store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT) -> None:
    """Bring index and graph up to date; loads nothing if they are."""
    live = live_vectors(store)
    if not derived_is_current(store, live, settings):
        refresh_graph(store, live, settings, progress)


def refreshed_photo_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> tuple[NeighborGraph, Nodes]:
    """Give the graph over all present photos, exact copies included, and their ids, ascending."""
    live = live_vectors(store)
    return photo_graph(refresh_graph(store, live, settings, progress), live, settings), live.photos

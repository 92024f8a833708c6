"""Derived files: index and neighbor graph, made from the vectors when they are out of date.

Both can be deleted at any time; whoever needs them next makes them again.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.pipeline.stored import INDEX_PART, graph_basis, photo_graph, stored_index
from annclust.progress import SILENT, Progress
from annclust.search.faiss_index import VectorIndex, build_index
from annclust.search.graph_build import build_graph
from annclust.search.index_spec import choose_index
from annclust.settings import SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.store_writer import StoreWriter


def refresh_index(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> VectorIndex:
    """Give the index over all rows, made anew if the stored one lacks some or is damaged."""
    spec = choose_index(store.catalog.rows(), store.embedder.dimension, settings)
    basis = f"rows={store.catalog.rows()} seed={settings.seed} {spec.describe()}"
    stored = stored_index(store, settings, basis=basis)
    if stored is not None:
        return stored
    index = build_index(store.vectors(), spec, settings, progress)
    store.publish("index", {INDEX_PART: index.save}, basis=basis, spec=spec.as_dict())
    return index


def refresh_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> tuple[NeighborGraph, Nodes] | None:
    """Give the graph over the vectors of all present photos, made anew if it is out of date.

    The index that it is made with is brought up to date as well. None if there are no photos.

    Returns
    -------
    NeighborGraph
        Of n vectors.
    ndarray of shape (n,), int64
        Their rows, ascending.
    """
    rows = np.unique(store.catalog.live()[1])
    if not len(rows):
        store.forget("graph")
        return None
    basis = graph_basis(rows, settings)
    stored = store.load_generation("graph", store.graph, basis=basis)
    if stored is not None and store.usable_generation("index"):
        return stored
    index = refresh_index(store, settings, progress)
    if stored is not None:
        return stored
    graph = build_graph(store.vectors(), settings, index=index, rows=rows, progress=progress)
    arrays = {"neighbors": graph.neighbors, "distances": graph.distances, "rows": rows}
    store.publish(
        "graph",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=basis,
        spec={"vectors": graph.n, "neighbors": graph.k},
    )
    return graph, rows


def refreshed_photo_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> tuple[NeighborGraph, Nodes]:
    """Give the graph over all present photos, exact copies included, and their ids, ascending."""
    graph, rows = refresh_graph(store, settings, progress) or (EMPTY_GRAPH, np.zeros(0, np.int64))
    return photo_graph(graph, rows, *store.catalog.live(), settings)

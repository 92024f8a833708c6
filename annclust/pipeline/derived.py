"""Derived files: index and neighbor graph, made from the vectors when they are out of date.

Both can be deleted at any time; whoever needs them next makes them again.
"""

from __future__ import annotations

import json

import numpy as np
import xxhash

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.search.copies import with_copies
from annclust.search.faiss_index import VectorIndex, build_index, load_index
from annclust.search.graph_build import build_graph
from annclust.search.index_spec import IndexSpec, choose_index
from annclust.settings import SearchSettings
from annclust.storage.generations import array_writer, part_path
from annclust.storage.records import Generation
from annclust.storage.store import Store, StoreWriter

_INDEX_PART = "faiss"


def live_rows(store: Store) -> Nodes:
    """Rows of the vectors of all present photos, ascending, each once: shape (m,)."""
    return np.unique(store.catalog.live()[1])


def stored_index(store: Store, settings: SearchSettings) -> VectorIndex | None:
    """The stored index, opened, if there is one whose files are as they were written."""
    generation = store.usable_generation("index")
    if generation is None:
        return None
    spec = IndexSpec.from_dict(json.loads(generation.spec))
    path = part_path(store.path, generation, _INDEX_PART)
    return load_index(path, spec, settings)


def refresh_index(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> VectorIndex:
    """Give the index over all rows, made anew if the stored one lacks some or is damaged."""
    spec = choose_index(store.catalog.rows(), store.embedder.dimension, settings)
    basis = f"rows={store.catalog.rows()} seed={settings.seed} {spec.describe()}"
    if store.usable_generation("index", basis=basis):
        stored = stored_index(store, settings)
        if stored is not None:
            return stored
    index = build_index(store.vectors(), spec, settings, progress)
    store.publish("index", {_INDEX_PART: index.save}, basis=basis, spec=spec.as_dict())
    return index


def refresh_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> Generation | None:
    """Give the graph over the vectors of all present photos, made anew if it is out of date.

    None if there are no photos.
    """
    rows = live_rows(store)
    if not len(rows):
        return None
    basis = _graph_basis(rows, settings)
    stored = store.usable_generation("graph", basis=basis)
    if stored is not None and store.usable_generation("index"):
        return stored
    index = refresh_index(store, settings, progress)
    if stored is not None:
        return stored
    graph = build_graph(store.vectors(), settings, index=index, rows=rows, progress=progress)
    arrays = {"neighbors": graph.neighbors, "distances": graph.distances, "rows": rows}
    return store.publish(
        "graph",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=basis,
        spec={"vectors": graph.n, "neighbors": graph.k},
    )


def photo_graph(
    store: StoreWriter, settings: SearchSettings, progress: Progress = SILENT
) -> NeighborGraph:
    """Give the graph over all present photos by ascending id, exact copies included."""
    generation = refresh_graph(store, settings, progress)
    if generation is None:
        return EMPTY_GRAPH
    graph, rows = store.graph(generation)
    node_of = np.searchsorted(rows, store.catalog.live()[1])
    return with_copies(graph, node_of, neighbors=settings.neighbors)


def _graph_basis(rows: Nodes, settings: SearchSettings) -> str:
    digest = xxhash.xxh3_64_hexdigest(np.ascontiguousarray(rows).tobytes())
    choices = f"k={settings.neighbors} exact<={settings.exact_up_to} seed={settings.seed}"
    return f"rows={digest} {choices}"

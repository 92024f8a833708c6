"""Stored: derived files as readers open them. Loads nothing that only making them needs."""

from __future__ import annotations

import json

import numpy as np
import xxhash

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.search.copies import with_copies
from annclust.search.faiss_index import VectorIndex, load_index
from annclust.search.index_spec import IndexSpec
from annclust.settings import SearchSettings
from annclust.storage.generations import part_path
from annclust.storage.records import Generation
from annclust.storage.store import Store

INDEX_PART = "faiss"


def stored_index(
    store: Store, settings: SearchSettings, *, basis: str | None = None
) -> VectorIndex | None:
    """The stored index, opened, if its files are as they were written and it has that basis."""

    def load(generation: Generation) -> VectorIndex:
        spec = IndexSpec.from_dict(json.loads(generation.spec))
        return load_index(part_path(store.path, generation, INDEX_PART), spec, settings)

    return store.load_generation("index", load, basis=basis)


def graph_basis(rows: Nodes, settings: SearchSettings) -> str:
    """What a graph over some vector rows, shape (n,), depends on."""
    digest = xxhash.xxh3_64_hexdigest(np.ascontiguousarray(rows).tobytes())
    choices = f"k={settings.neighbors} exact<={settings.exact_up_to} seed={settings.seed}"
    return f"rows={digest} {choices}"


def stored_photo_graph(
    store: Store, settings: SearchSettings
) -> tuple[NeighborGraph, Nodes] | None:
    """The graph over all present photos, exact copies included, and their ids, ascending.

    Graph and ids are of one moment. None if the stored graph is out of date.
    """
    with store.catalog.snapshot():
        photos, photo_rows = store.catalog.live()
        basis = graph_basis(np.unique(photo_rows), settings)
        stored = store.load_generation("graph", store.graph, basis=basis)
    if stored is None:
        return None if len(photos) else (EMPTY_GRAPH, photos)
    return photo_graph(*stored, photos, photo_rows, settings)


def photo_graph(
    graph: NeighborGraph, rows: Nodes, photos: Nodes, photo_rows: Nodes, settings: SearchSettings
) -> tuple[NeighborGraph, Nodes]:
    """Expand a graph over vectors to photos.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.
    rows : ndarray of shape (n,), int64
        Their rows, ascending.
    photos, photo_rows : ndarray of shape (m,), int64
        Ids of the photos, and the row of each one's vector.
    settings : SearchSettings
    """
    node_of = np.searchsorted(rows, photo_rows)
    return with_copies(graph, node_of, neighbors=settings.neighbors), photos

"""Stored: derived files as readers open them. Loads nothing that only making them needs."""

from __future__ import annotations

import json

from annclust.arrays import Nodes
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.search.copies import with_copies
from annclust.search.faiss_index import VectorIndex, load_index
from annclust.search.graph_plan import neighbors_wanted
from annclust.search.index_spec import IndexSpec, choose_index
from annclust.settings import SearchSettings
from annclust.storage.generations import part_path
from annclust.storage.records import Generation
from annclust.storage.store import Store

INDEX_PART = "faiss"

_REVISION = 1
"""Of how graphs are made: what was made in another way is made anew."""


def stored_index(
    store: Store, settings: SearchSettings, *, basis: str | None = None
) -> VectorIndex | None:
    """The stored index, opened, if its files are as they were written and it has that basis."""

    def load(generation: Generation) -> VectorIndex:
        spec = IndexSpec.from_dict(json.loads(generation.spec))
        return load_index(part_path(store.path, generation, INDEX_PART), spec, settings)

    return store.load_generation("index", load, basis=basis)


def graph_choices(store: Store, settings: SearchSettings) -> str:
    """What a graph depends on besides the vectors."""
    rows = store.catalog.rows()
    kind = choose_index(rows, store.embedder.dimension, settings).kind
    k = neighbors_wanted(rows, settings)
    shards = " in shards" if settings.shard is not None and settings.shard < rows else ""
    return f"{kind} k={k} recall={settings.recall} seed={settings.seed}{shards} by={_REVISION}"


def graph_basis(store: Store, live: LiveVectors, settings: SearchSettings) -> str:
    """What a graph over live vectors depends on."""
    return f"rows={live.digest} {graph_choices(store, settings)}"


def stored_graph(store: Store, live: LiveVectors, settings: SearchSettings) -> NeighborGraph | None:
    """The stored graph over live vectors; None if it is out of date."""
    if not len(live.rows):
        return EMPTY_GRAPH
    return store.load_generation("graph", store.graph, basis=graph_basis(store, live, settings))


def graph_recall(store: Store) -> float:
    """Share of the true neighbors that the current graph has, as it was measured."""
    graph = store.catalog.generation("graph")
    return 1.0 if graph is None else float(json.loads(graph.spec)["recall"])


def stored_photo_graph(
    store: Store, settings: SearchSettings
) -> tuple[NeighborGraph, Nodes] | None:
    """The graph over all present photos, exact copies included, and their ids, ascending.

    Both are of one moment. None if the stored graph is out of date.
    """
    with store.catalog.snapshot():
        live = live_vectors(store)
        graph = stored_graph(store, live, settings)
        neighbors = neighbors_wanted(store.catalog.rows(), settings)
    return None if graph is None else (photo_graph(graph, live, neighbors), live.photos)


def photo_graph(graph: NeighborGraph, live: LiveVectors, neighbors: int) -> NeighborGraph:
    """Expand a graph over live vectors to the photos that have them."""
    return with_copies(graph, live.node_of, neighbors=neighbors)

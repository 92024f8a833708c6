"""Hierarchies: the density tree over all live vectors, stored, so that it can be cut again.

Building it needs the graph and the vectors; cutting it needs neither. So another cluster size,
method or level is a matter of the stored tree alone, until photos come or go.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from annclust.clustering.hdbscan import neighborhood
from annclust.clustering.hierarchy import BuiltHierarchy, Hierarchy, build_hierarchy
from annclust.clustering.inheritance import Heir, Inheritance
from annclust.clustering.single_linkage import Dendrogram
from annclust.clustering.spanning_tree import Edges, OutsideSearch
from annclust.errors import Changed, InputError
from annclust.neighbor_graph import NeighborGraph
from annclust.pipeline.derived import refresh_graph_in_order
from annclust.pipeline.live_vectors import LiveVectors
from annclust.pipeline.stored import graph_basis, graph_recall
from annclust.progress import SILENT, Progress
from annclust.search.bridges import ExactBridges, ListBridges
from annclust.search.graph_build import shard_size
from annclust.search.graph_plan import neighbors_wanted
from annclust.search.list_order import AnyOrder
from annclust.search.sharded_bridges import ShardedBridges
from annclust.settings import ClusterSettings, SearchSettings
from annclust.shelf import Shelf
from annclust.storage.generation_writer import array_writer
from annclust.storage.generations import load_array
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.vector_source import SelectedVectors

_SMALLEST_CLUSTER = 2
"""Repair looks at every merge that may decide about clusters at some granularity."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredHierarchy:
    """A hierarchy, and how far it can be trusted.

    Parameters
    ----------
    hierarchy : Hierarchy
        Of n nodes.
    recall : float
        Share of the true neighbors that the graph has, as it was measured.
    """

    hierarchy: Hierarchy
    recall: float


def hierarchy_basis(
    store: Store, live: LiveVectors, settings: ClusterSettings, search: SearchSettings
) -> str:
    """What a hierarchy depends on."""
    return f"{graph_basis(store, live, search)} min_samples={settings.effective_min_samples}"


def stored_hierarchy(store: Store, basis: str) -> StoredHierarchy | None:
    """The stored hierarchy; None if it has another basis."""

    def load(generation: Generation) -> StoredHierarchy:
        told = json.loads(generation.spec)
        merges, proven = (
            np.asarray(load_array(store.path, generation, f"{part}.npy"))
            for part in ("merges", "proven")
        )
        hierarchy = Hierarchy(told["vectors"], Dendrogram(merges), proven, told["components"])
        return StoredHierarchy(hierarchy, told["recall"])

    return store.load_generation("tree", load, basis=basis)


def hierarchy_over(
    store: Store, live: LiveVectors, settings: ClusterSettings
) -> StoredHierarchy | None:
    """The stored hierarchy if it is over live vectors and of those samples, whatever its graph."""
    tree = store.catalog.generation("tree")
    if tree is None or not _is_over(tree, live, settings):
        return None
    return stored_hierarchy(store, tree.basis)


def hierarchy_lacking(store: Store, live: LiveVectors, settings: ClusterSettings) -> Changed:
    """Why there is no such hierarchy."""
    tree = store.catalog.generation("tree")
    # One that is over them and cannot be read is damaged.
    return "dropped" if tree is None or _is_over(tree, live, settings) else "choices"


def _is_over(tree: Generation, live: LiveVectors, settings: ClusterSettings) -> bool:
    rows, samples = f"rows={live.digest} ", f" min_samples={settings.effective_min_samples}"
    return tree.basis.startswith(rows) and tree.basis.endswith(samples)


def refresh_hierarchy(
    store: StoreWriter,
    live: LiveVectors,
    settings: ClusterSettings,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> StoredHierarchy:
    """Give the hierarchy over all live vectors, made anew if it is out of date.

    Index and graph are brought up to date only if it is.

    Raises
    ------
    InputError
        If `min_samples` is larger than the graph allows.
    """
    basis = hierarchy_basis(store, live, settings, search)
    stored = stored_hierarchy(store, basis)
    if stored is not None:
        return stored
    check_samples(store, live, settings, search)
    graph, order = refresh_graph_in_order(store, live, search, progress)
    shelf = store.shelf(basis)
    outside = _outside(store, live, order, search)
    heir = Heir(live.rows, _inheritance(store, basis))
    built = _built(graph, settings, outside, heir, search, progress, shelf)
    found = StoredHierarchy(built.hierarchy, graph_recall(store))
    _publish(store, found, built.inheritance, basis)
    shelf.clear()
    return found


def _publish(
    store: StoreWriter, found: StoredHierarchy, inheritance: Inheritance, basis: str
) -> None:
    tree = found.hierarchy
    arrays = {
        "rows": inheritance.names,
        "merges": tree.dendrogram.merges,
        "proven": tree.proven,
        "found": inheritance.edges.table,
        "asked": np.column_stack(
            [inheritance.sides.view(np.int64), inheritance.outer, inheritance.sizes]
        ),
    }
    store.publish(
        "tree",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis=basis,
        spec={"vectors": tree.n, "components": tree.components, "recall": found.recall},
    )


def _inheritance(store: StoreWriter, basis: str) -> Inheritance | None:
    """What the stored tree leaves to one of that basis; None if it was made in another way."""
    tree = store.catalog.generation("tree")
    if tree is None or tree.basis.partition(" ")[2] != basis.partition(" ")[2]:
        return None

    def load(generation: Generation) -> Inheritance:
        names, found, asked = (
            np.asarray(load_array(store.path, generation, f"{part}.npy"))
            for part in ("rows", "found", "asked")
        )
        sides, outer, sizes = np.ascontiguousarray(asked.T)
        return Inheritance(names, Edges.from_table(found), sides.view(np.uint64), outer, sizes)

    return store.load_generation("tree", load)


def check_samples(
    store: Store, live: LiveVectors, settings: ClusterSettings, search: SearchSettings
) -> None:
    """Refuse more samples than the graph has neighbors, before it is built.

    Raises InputError.
    """
    n, neighbors = len(live.rows), neighbors_wanted(store.catalog.rows(), search)
    try:
        neighborhood(n, min(neighbors, max(n - 1, 0)), settings)
    except ValueError as error:
        raise InputError(str(error)) from error


def _built(
    graph: NeighborGraph,
    settings: ClusterSettings,
    outside: OutsideSearch,
    heir: Heir,
    search: SearchSettings,
    progress: Progress,
    shelf: Shelf,
) -> BuiltHierarchy:
    samples = neighborhood(graph.n, graph.k, settings)
    return build_hierarchy(
        graph,
        samples,
        outside,
        min_cluster_size=_SMALLEST_CLUSTER,
        heir=heir,
        threads=search.threads,
        engine=search.engine,
        progress=progress,
        shelf=shelf,
    )


def _outside(
    store: StoreWriter, live: LiveVectors, order: AnyOrder | None, search: SearchSettings
) -> OutsideSearch:
    vectors = SelectedVectors(store.sound_vectors(), live.rows)
    if order is None:
        return ExactBridges(vectors)
    size = shard_size(vectors, search)
    if size < len(live.rows):
        return ShardedBridges(vectors, order, size, search.threads, search.engine)
    return ListBridges(vectors, order, search.threads, search.engine)

"""Hierarchy: all that is known about density before anyone chooses a cluster size.

The first four steps of HDBSCAN*, and the certificate and repair that bring them near to the exact
ones; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Weights
from annclust.clustering.certificate import horizons, proven_merges
from annclust.clustering.core_distance import core_is_known, known_core_distances
from annclust.clustering.graph_forest import graph_forest
from annclust.clustering.inheritance import Heir, Inheritance
from annclust.clustering.repair import plan_repair
from annclust.clustering.single_linkage import NO_MERGES, Dendrogram, single_linkage
from annclust.clustering.spanning_tree import (
    Edges,
    OutsideSearch,
    SpanningForest,
    components,
    joined,
    together,
    ways_out,
    with_edges,
)
from annclust.engine import LOCAL, Engine
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.shelf import NO_SHELF, Shelf

_STEPS = (30, 15, 45, 10)
"""Shares of the time: forest and bridges, certificate, questions of the repair, tree anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Merges of n vectors, and how far they are certain.

    Parameters
    ----------
    n : int
        Number of vectors.
    dendrogram : Dendrogram
        Of n leaves.
    proven : ndarray of shape (n - 1,), bool
        Merges that are certainly those of the exact hierarchy.
    components : int
        Parts that the graph fell into, before they were joined.
    """

    n: int
    dendrogram: Dendrogram
    proven: NDArray[np.bool_]
    components: int


@dataclass(frozen=True, slots=True, eq=False)
class BuiltHierarchy:
    """A hierarchy, and what its tree leaves to the next one, over nearly the same vectors."""

    hierarchy: Hierarchy
    inheritance: Inheritance


def build_hierarchy(
    graph: NeighborGraph,
    min_samples: int,
    outside: OutsideSearch,
    *,
    min_cluster_size: int,
    heir: Heir | None = None,
    threads: int = 1,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
    shelf: Shelf = NO_SHELF,
) -> BuiltHierarchy:
    """Merge the vectors of a graph by mutual reachability.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.
    min_samples : int
        Size of the neighborhood that makes a place dense, the vector itself counted: from 1 to
        ``graph.k + 1``.
    outside : OutsideSearch
        Asked for the edges that join components of the graph, and for those that it may lack.
    min_cluster_size : int
        Sides of a merge that are at least so large make it worth a repair.
    heir : Heir or None
        Of the n vectors: what a tree before knew needs not be asked again.
    threads : int
    engine : Engine
        These make no difference to the result.
    progress : Progress
    shelf : Shelf
        Of this work alone; what lies there is taken for a part of it.
    """
    heir = Heir(np.arange(graph.n)) if heir is None else heir
    if graph.n < 2:
        alone = Hierarchy(graph.n, NO_MERGES, np.zeros(0, dtype=np.bool_), graph.n)
        return BuiltHierarchy(alone, Inheritance.nothing(heir.names))
    core = known_core_distances(graph, min_samples=min_samples)
    sure = core_is_known(graph, min_samples=min_samples)
    with progress.stage("Density tree", sum(_STEPS)) as stage:
        forest = partial(graph_forest, graph, core, threads=threads, engine=engine)
        parts, tree, found = _joined_forest(forest, core, outside, heir, shelf)
        stage.advance(_STEPS[0])
        horizon = horizons(graph)
        dendrogram, proven = _certified(tree, horizon, sure)
        stage.advance(_STEPS[1])
        size = min_cluster_size
        plan = plan_repair(dendrogram, proven, horizon, core, heir, min_cluster_size=size)
        asked = heir.keys(dendrogram, plan.sides)
        if len(plan.queries):
            del dendrogram, proven  # what comes needs their memory
            repairs = ways_out(plan.queries, plan.places, plan.barred, outside)
            stage.advance(_STEPS[2])
            found, tree = together(found, repairs), with_edges(tree, repairs, core)
            dendrogram, proven = _certified(tree, horizon, sure)
    left = Inheritance.of(tree, dendrogram, proven, found, heir, asked, min_cluster_size)
    return BuiltHierarchy(Hierarchy(graph.n, dendrogram, proven, parts), left)


def _joined_forest(
    forest_of_graph: Callable[[], SpanningForest],
    core: Distances,
    outside: OutsideSearch,
    heir: Heir,
    shelf: Shelf,
) -> tuple[int, SpanningForest, Edges]:
    """The parts that a graph falls into, the tree that joins them, and the edges it has besides."""
    kept, known = shelf.get("tree-0"), shelf.get("tree-1")
    if kept is not None and known is not None:
        left, right = kept[1:, :2].astype(np.int64).T
        tree = SpanningForest(left, right, kept[1:, 2])
        return int(kept[0, 0]), tree, Edges.from_table(known)
    forest = forest_of_graph()
    parts = int(components(forest, len(core)).max(initial=-1)) + 1
    tree, bridges = joined(with_edges(forest, heir.edges, core), core, outside)
    found = together(heir.edges, bridges)
    edges = np.column_stack([tree.left, tree.right, tree.weight])
    shelf.put("tree-0", np.vstack([[parts, 0, 0], edges]))
    shelf.put("tree-1", found.table)
    return parts, tree, found


def _certified(
    tree: SpanningForest, horizon: Weights, sure: NDArray[np.bool_]
) -> tuple[Dendrogram, NDArray[np.bool_]]:
    """The merges along a tree, and which of them are proven."""
    dendrogram = single_linkage(tree)  # merge i is edge i of the tree
    measured = sure[tree.left] & sure[tree.right]
    return dendrogram, proven_merges(dendrogram, horizon, measured)

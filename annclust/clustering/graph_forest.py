"""Graph forest: the minimum spanning forest of a neighbor graph, without sorting all its edges.

Part of step 3 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from annclust.arrays import Distances, Labels, Neighbors, Nodes
from annclust.clustering.mutual_reachability import mutual_reachability, reachable_weights
from annclust.clustering.spanning_tree import SpanningForest, connected, lightest, spanning_forest
from annclust.engine import LOCAL, Engine
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts

_BATCH = 400_000
"""Edges that are sorted at a time, about: enough for SciPy to be busy, few to be in memory."""

_MOST_BATCHES = 16

_SAMPLED = 61
"""One weight in so many is looked at to cut edges into batches: a prime, as a divisor of the number
of neighbors would look at the nearest ones alone."""


_PART = 4_000_000
"""Edges of one part, about, of those whose forests are found one by one."""


def graph_forest(
    graph: NeighborGraph, core: Distances, *, threads: int = 1, engine: Engine = LOCAL
) -> SpanningForest:
    """Minimum spanning forest of a neighbor graph by mutual reachability.

    On machines that share the work it is the forest of the forests of its parts, with the same
    edges: what is the heaviest of a cycle in a part is so in the whole.

    Parameters
    ----------
    graph : NeighborGraph
        Of n nodes.
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.
    threads : int
    engine : Engine
        These make no difference to the result.

    Returns
    -------
    SpanningForest
        As `spanning_forest` of the graph's edges.
    """
    if engine.is_here:
        weights = reachable_weights(graph, core, threads=threads)
        return forest_of_lists(graph.neighbors, weights, threads=threads)
    nodes = max(_PART // max(graph.k, 1), 1)
    held, starts = engine.hold(core), range(0, graph.n, nodes)
    parts = (
        (
            start,
            graph.neighbors[start : start + nodes],
            graph.distances[start : start + nodes],
            held,
        )
        for start in starts
    )
    forests = [*engine.map(_forest_of_part, parts, threads=threads)]
    while len(forests) > 1:
        pairs = ((graph.n, *forests[at : at + 2]) for at in range(0, len(forests), 2))
        forests = [*engine.map(_forest_of, pairs, threads=threads)]
    return engine.value(forests[0])


def _forest_of_part(
    first: int, neighbors: Neighbors, distances: Distances, core: Distances
) -> SpanningForest:
    """The forest of the edges of some nodes, numbered from `first` on, to any others."""
    own = core[first : first + len(neighbors), np.newaxis]
    weights = mutual_reachability(distances, own, core[neighbors])
    weights[neighbors < 0] = np.inf
    if len(core) <= neighbors.size:
        return forest_of_lists(neighbors, weights, first=first, n=len(core))
    # Of so few nodes, a forest over all would be mostly of others: they are numbered anew.
    names = np.union1d(neighbors[neighbors >= 0], np.arange(first, first + len(neighbors)))
    places = np.searchsorted(names, neighbors)
    own_place = int(np.searchsorted(names, first))
    return forest_of_lists(places, weights, first=own_place, n=len(names)).named(names)


def _forest_of(n: int, *forests: SpanningForest) -> SpanningForest:
    left = np.concatenate([forest.left for forest in forests])
    right = np.concatenate([forest.right for forest in forests])
    weight = np.concatenate([forest.weight for forest in forests]).astype(np.float32)  # as it was
    if n <= len(left):
        return spanning_forest(left, right, weight, n)
    names = np.union1d(left, right)
    ends = np.searchsorted(names, left), np.searchsorted(names, right)
    return spanning_forest(*ends, weight, len(names)).named(names)


def forest_of_lists(
    neighbors: Neighbors,
    weights: Distances,
    *,
    first: int = 0,
    n: int | None = None,
    threads: int = 1,
) -> SpanningForest:
    """Minimum spanning forest of lists of neighbors by any weights.

    Light edges come first, in batches. Most of the others then join what is joined, and are dropped
    without being sorted (filter-Kruskal: [1]_): a third of the time, and a tenth of the memory.

    Parameters
    ----------
    neighbors : ndarray of shape (m, k), int32 or int64
        Of the nodes from `first` on.
    weights : ndarray of shape (m, k), float32
        Not negative; ``inf`` where there is no edge.
    first : int
    n : int or None
        All nodes; those with lists if None.
    threads : int
        Makes no difference to the result: batches are collected ahead.

    Returns
    -------
    SpanningForest
        As `spanning_forest` of the graph's edges.

    References
    ----------
    .. [1] Osipov, Sanders, Singler (2009), The filter-Kruskal minimum spanning tree algorithm,
       ALENEX.
    """
    m, k = neighbors.shape
    weight, ends = weights.ravel(), neighbors.ravel()

    def batch(bounds: tuple[float, float]) -> tuple[Nodes, Nodes, Distances]:
        low, high = bounds
        found = np.flatnonzero((weight > np.float32(low)) & (weight <= np.float32(high)))
        return found // k + first, ends[found].astype(np.int64), weight[found]

    groups, parts = np.arange(m if n is None else n), []
    for left, right, weights in map_parts(batch, pairwise(_cuts(weight)), threads):
        apart = groups[left] != groups[right]
        part = lightest(left[apart], right[apart], weights[apart], groups)
        groups = _merged(groups, groups[part.left], groups[part.right])
        parts.append(part)
    return SpanningForest(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def _cuts(weight: Distances) -> list[float]:
    """Bounds of batches of weights, ascending; equal weights are in one batch."""
    known = weight[::_SAMPLED]
    known = known[np.isfinite(known)]
    batches = min(weight.size // _BATCH, _MOST_BATCHES)
    shares = np.arange(1, batches) / batches if len(known) else np.zeros(0)
    inner = np.quantile(known, shares) if len(shares) else shares
    bounds = np.unique(inner.astype(np.float32)).tolist()
    return [-np.inf, *bounds, float(np.finfo(np.float32).max)]


def _merged(groups: Labels, left: Labels, right: Labels) -> Labels:
    """Number groups anew after some of them were joined."""
    return connected(left, right, int(groups.max(initial=-1)) + 1)[groups]

"""Graph forest: the minimum spanning forest of a neighbor graph, without sorting all its edges.

Part of step 3 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from annclust.arrays import Distances, Labels, Neighbors, Nodes
from annclust.clustering.mutual_reachability import reachable_weights
from annclust.clustering.spanning_tree import SpanningForest, connected, lightest
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts

_BATCH = 400_000
"""Edges that are sorted at a time, about: enough for SciPy to be busy, few to be in memory."""

_MOST_BATCHES = 16

_SAMPLED = 61
"""One weight in so many is looked at to cut edges into batches: a prime, as a divisor of the number
of neighbors would look at the nearest ones alone."""


def graph_forest(graph: NeighborGraph, core: Distances, *, threads: int = 1) -> SpanningForest:
    """Minimum spanning forest of a neighbor graph by mutual reachability.

    Parameters
    ----------
    graph : NeighborGraph
        Of n nodes.
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.
    threads : int
        Makes no difference to the result.

    Returns
    -------
    SpanningForest
        As `spanning_forest` of the graph's edges.
    """
    weights = reachable_weights(graph, core, threads=threads)
    return forest_of_lists(graph.neighbors, weights, threads=threads)


def forest_of_lists(
    neighbors: Neighbors, weights: Distances, *, threads: int = 1
) -> SpanningForest:
    """Minimum spanning forest of lists of neighbors by any weights.

    Light edges come first, in batches. Most of the others then join what is joined, and are dropped
    without being sorted (filter-Kruskal: [1]_): a third of the time, and a tenth of the memory.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), int32 or int64
    weights : ndarray of shape (n, k), float32
        Not negative; ``inf`` where there is no edge.
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
    n, k = neighbors.shape
    weight, ends = weights.ravel(), neighbors.ravel()

    def batch(bounds: tuple[float, float]) -> tuple[Nodes, Nodes, Distances]:
        low, high = bounds
        found = np.flatnonzero((weight > np.float32(low)) & (weight <= np.float32(high)))
        return found // k, ends[found].astype(np.int64), weight[found]

    groups, parts = np.arange(n), []
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

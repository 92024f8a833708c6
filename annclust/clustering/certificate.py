"""Certificate: how much of a hierarchy is proven, although the graph has but k neighbors.

An edge that a k-NN graph lacks is at least as long as the last known neighbor of either end. So a
merge at distance w is one of the exact hierarchy if w is not larger than the shortest such distance
on one of its sides: by the cut property of spanning trees no missing edge could have come before.

Its own edge must be as long as it seems: it may be longer where the core distance of an end is but
a lower bound, and nothing is proven then. Other edges that seem too short do no harm: even so they
did not come before.

The proof takes the graph's neighbors for the true ones: over an approximate graph it holds as far
as that graph's recall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, Weights
from annclust.clustering.single_linkage import Dendrogram
from annclust.neighbor_graph import NeighborGraph

_AT_A_TIME = 1 << 16
"""Intervals."""


def horizons(graph: NeighborGraph) -> Weights:
    """How far around each vector all others are known.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.

    Returns
    -------
    ndarray of shape (n,), float64
        Distance of the last known neighbor, 0 if none is known, ``inf`` if all n - 1 are.
    """
    known = (graph.neighbors >= 0).sum(axis=1)
    horizon = np.max(graph.distances, axis=1, where=graph.neighbors >= 0, initial=0)
    return np.where(known >= graph.n - 1, np.inf, horizon)


def proven_merges(
    dendrogram: Dendrogram, horizon: Weights, measured: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which merges are proven to be those of the exact hierarchy.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    horizon : ndarray of shape (n,), float64
        As `horizons` gives it.
    measured : ndarray of shape (n - 1,), bool
        Whether the edge of each merge is exactly as long as the merge says: both of its ends know
        their core distance.

    Returns
    -------
    ndarray of shape (n - 1,), bool
    """
    left, right = dendrogram.left, dendrogram.right
    order, starts = dendrogram.layout.order, dendrogram.layout.starts
    reach = least_of_each(horizon[order], starts, dendrogram.sizes)
    within: NDArray[np.bool_] = dendrogram.distance <= np.maximum(reach[left], reach[right])
    return within & measured


def least_of_each(values: Weights, starts: Nodes, sizes: Nodes) -> Weights:
    """Least value in each of many intervals: of two that overlap, as long as a power of two."""
    least = np.empty(len(starts))
    runs, length = values, 1
    while length <= len(values):
        of_length = np.flatnonzero((length <= sizes) & (sizes < 2 * length))
        for at in range(0, len(of_length), _AT_A_TIME):  # else they take more than the tree
            some = of_length[at : at + _AT_A_TIME]
            first = starts[some]
            least[some] = np.minimum(runs[first], runs[first + sizes[some] - length])
        runs = np.minimum(runs[: max(len(runs) - length, 0)], runs[length:])
        length *= 2
    return least


def deciding_merges(dendrogram: Dendrogram, min_cluster_size: int) -> NDArray[np.bool_]:
    """Which merges decide about clusters: those of two sides that both could be one.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    min_cluster_size : int

    Returns
    -------
    ndarray of shape (n - 1,), bool
        The splits of the condensed tree.
    """
    sizes = dendrogram.sizes
    smaller = np.minimum(sizes[dendrogram.left], sizes[dendrogram.right])
    deciding: NDArray[np.bool_] = smaller >= min_cluster_size
    return deciding


def doubtful_sides(
    dendrogram: Dendrogram, proven: NDArray[np.bool_], min_cluster_size: int
) -> tuple[Nodes, Nodes]:
    """Merges that decide about clusters and are not proven, and the smaller side of each.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    proven : ndarray of shape (n - 1,), bool
    min_cluster_size : int

    Returns
    -------
    merges, sides : ndarray of shape (m,), int64
        Places of the merges, ascending, and nodes of the dendrogram.
    """
    merges = np.flatnonzero(deciding_merges(dendrogram, min_cluster_size) & ~proven)
    sizes, left, right = dendrogram.sizes, dendrogram.left, dendrogram.right
    return merges, np.where(sizes[left] <= sizes[right], left, right)[merges]


def certified_share(
    dendrogram: Dendrogram, proven: NDArray[np.bool_], min_cluster_size: int
) -> float:
    """Share of proven ones among the merges that decide the clusters.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    proven : ndarray of shape (n - 1,), bool
        As `proven_merges` gives it.
    min_cluster_size : int

    Returns
    -------
    float
        From 0 to 1; 1 where nothing is decided.
    """
    deciding = deciding_merges(dendrogram, min_cluster_size)
    return float(proven[deciding].mean()) if deciding.any() else 1.0

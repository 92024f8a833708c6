"""Mutual reachability: distances as seen from places of unequal density.

Step 2 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.neighbor_graph import NeighborGraph


def mutual_reachability(
    distances: Distances, core_left: Distances, core_right: Distances
) -> Distances:
    """Largest of a distance and the core distances of its two ends.

    Parameters
    ----------
    distances, core_left, core_right : ndarray of one shape, float32

    Returns
    -------
    ndarray of that shape, float32
        A maximum of float32 values is one of them: wider floats would add bytes, not precision.

    References
    ----------
    .. [1] Campello, Moulavi, Sander (2013), PAKDD, Definition 3.
    """
    reachability: Distances = np.maximum(distances, np.maximum(core_left, core_right))
    return reachability


def reachable_edges(graph: NeighborGraph, core: Distances) -> tuple[Nodes, Nodes, Distances]:
    """Every edge of a graph with its mutual reachability.

    The arrays of the graph are not touched.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.

    Returns
    -------
    left, right : ndarray of shape (m,), int64
        The ends; `left` ascends. An edge that both ends know comes in both directions.
    weight : ndarray of shape (m,), float32
        Finite, not negative.
    """
    left = np.repeat(np.arange(graph.n), graph.k)
    right = graph.neighbors.ravel().astype(np.int64)
    weight = mutual_reachability(graph.distances.ravel(), core[left], core[right])
    known = right >= 0
    return left[known], right[known], weight[known]

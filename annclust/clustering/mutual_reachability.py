"""Mutual reachability: distances as seen from places of unequal density.

Step 2 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Distances
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts

_BLOCK = 65_536
"""Vectors worked on at a time: in place, so that a graph is never there twice."""


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


def reachable_weights(graph: NeighborGraph, core: Distances, *, threads: int = 1) -> Distances:
    """Mutual reachability of every edge of a graph.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors, k neighbors each.
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.
    threads : int
        Makes no difference to the result.

    Returns
    -------
    ndarray of shape (n, k), float32
        ``inf`` where there is no neighbor.
    """
    weight = np.empty((graph.n, graph.k), dtype=np.float32)

    def fill(first: int) -> None:
        block = slice(first, first + _BLOCK)
        part, neighbors = weight[block], graph.neighbors[block]
        np.maximum(graph.distances[block], core[block, np.newaxis], out=part)
        np.maximum(part, core[neighbors], out=part)
        part[neighbors < 0] = np.inf

    for _ in map_parts(fill, range(0, graph.n, _BLOCK), threads):
        pass
    return weight

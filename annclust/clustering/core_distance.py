"""Core distance: how far a vector must look to see enough company.

Step 1 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances
from annclust.neighbor_graph import NeighborGraph


def core_distances(graph: NeighborGraph, *, min_samples: int) -> Distances:
    """Distance from each vector to its `min_samples`-th nearest neighbor.

    As in [1]_, the vector itself counts as its first neighbor, whereas `graph`
    leaves it out; hence the column ``min_samples - 2``.

    Parameters
    ----------
    graph : NeighborGraph
        Neighbors of n vectors, k each.
    min_samples : int
        Size of the neighborhood, from 1 to ``graph.k + 1``.

    Returns
    -------
    ndarray of shape (n,), float32
        ``inf`` where the neighborhood holds fewer than `min_samples`.

    Raises
    ------
    ValueError
        If `graph` has too few neighbors per vector.

    References
    ----------
    .. [1] Campello, Moulavi, Sander (2013), PAKDD, Definition 1.
    """
    if not 1 <= min_samples <= graph.k + 1:
        raise ValueError(
            f"min_samples must lie between 1 and {graph.k + 1} (the graph has {graph.k} neighbors"
            f" per vector), not at {min_samples}"
        )
    if min_samples == 1:
        return np.zeros(graph.n, dtype=np.float32)
    return np.array(graph.distances[:, min_samples - 2], dtype=np.float32)


def core_is_known(graph: NeighborGraph, *, min_samples: int) -> NDArray[np.bool_]:
    """Which of the `known_core_distances` are exact, and not but a lower bound.

    A vector that knows all others has its core distance, even if it asks for more company.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.
    min_samples : int
        As in `core_distances`.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    known = (graph.neighbors >= 0).sum(axis=1)
    enough: NDArray[np.bool_] = known >= min(min_samples, graph.n) - 1
    return enough


def known_core_distances(graph: NeighborGraph, *, min_samples: int) -> Distances:
    """Core distances that are always finite, so that every vector has a place in the hierarchy.

    Where a vector has too few known neighbors, that of the farthest one it has stands in: the true
    core distance is no less. Without any neighbor it is 0, and the other ends of its edges decide.

    Parameters
    ----------
    graph, min_samples
        As in `core_distances`.

    Returns
    -------
    ndarray of shape (n,), float32
        `core_distances`, or a lower bound of it; `core_is_known` says which.

    Raises
    ------
    ValueError
        If `graph` has too few neighbors per vector.
    """
    core = core_distances(graph, min_samples=min_samples)
    short = np.flatnonzero(np.isinf(core))
    known = np.where(graph.neighbors[short] >= 0, graph.distances[short], 0)
    core[short] = known.max(axis=1, initial=0)
    return core

"""Measuring: distances that count, from the vectors themselves, by difference.

In matrix form they are rounded so that copies lie apart; these are right down to 0.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Distances, Neighbors, Nodes, Vectors
from annclust.search.faiss_index import squared_distances_by_row
from annclust.vector_source import ArrayVectors, RowSource


def nearest_candidates(
    vectors: RowSource, nodes: Nodes, candidates: Nodes, k: int
) -> tuple[Distances, Nodes]:
    """The k nearest of each node's candidates, by exact distances.

    Parameters
    ----------
    vectors : RowSource
        One vector for each node.
    nodes : ndarray of shape (m,), int64
    candidates : ndarray of shape (m, c), int64
        Nodes, each at most once in a row; -1 where there is none.
    k : int
        At most c.

    Returns
    -------
    distances : ndarray of shape (m, k), float32
        Euclidean, ascending, ties by node; ``inf`` where there are fewer.
    nodes : ndarray of shape (m, k), int64
        -1 where there are fewer.
    """
    distances = distances_between(vectors, nodes, candidates)
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)


def distances_between(vectors: RowSource, nodes: Nodes, candidates: Nodes) -> Distances:
    """Euclidean distance of each node to its candidates, by difference, in one thread.

    Parameters
    ----------
    vectors : RowSource
    nodes : ndarray of shape (m,), int64
    candidates : ndarray of shape (m, c), int64

    Returns
    -------
    ndarray of shape (m, c), float32
        ``inf`` where a candidate is -1.
    """
    if isinstance(vectors, ArrayVectors) and vectors.rows.flags.c_contiguous:
        return distances_by_row(vectors.rows[nodes], vectors.rows, candidates)
    own = nodes[:, np.newaxis]
    named = np.hstack([own, np.where(candidates < 0, own, candidates)])
    used, places = np.unique(named, return_inverse=True)
    gathered = np.ascontiguousarray(vectors.take(used))
    places = places.reshape(len(nodes), -1)
    others = np.where(candidates < 0, -1, places[:, 1:])
    return distances_by_row(gathered[places[:, 0]], gathered, others)


def distances_by_row(queries: Vectors, vectors: Vectors, rows: Neighbors) -> Distances:
    """Euclidean distance of each query to some rows, by difference, in one thread.

    Parameters
    ----------
    queries : ndarray of shape (m, d), float32
    vectors : ndarray of shape (n, d), float32, contiguous
    rows : ndarray of shape (m, c), int32 or int64

    Returns
    -------
    ndarray of shape (m, c), float32
        ``inf`` where a row is -1.
    """
    squared = squared_distances_by_row(queries, vectors, rows)
    squared[rows < 0] = np.inf
    return np.sqrt(squared)

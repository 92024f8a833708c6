"""Exact search: slow and certain. Nothing here assumes vectors of length 1.

The query path of small collections, the rows newer than an index, the last word of every
approximate search (`rerank`), and the edges that join components (`ExactBridges`). NumPy alone.

Distances are first compared in matrix form, which is fast and rounded; those that could be among
the nearest are then computed by difference, which is right down to 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Labels, Nodes, Vectors
from annclust.vector_source import VectorSource

_BLOCK = 8_192
"""Vectors read at a time: 42 MB of float32 at 1,280 dimensions."""

_QUERIES = 1_024
"""Queries answered at a time: 34 MB of distances to one block."""

_SLACK = 16
"""Candidates beyond k: the matrix form may swap neighbors that are nearly as far."""


def nearest(vectors: VectorSource, queries: Vectors, k: int) -> tuple[Distances, Nodes]:
    """The k nearest rows of each query, over all rows.

    Parameters
    ----------
    vectors : VectorSource
        n vectors of dimension d; read in blocks.
    queries : ndarray of shape (m, d), float32
    k : int

    Returns
    -------
    distances : ndarray of shape (m, k), float32
        Euclidean, ascending; ``inf`` where there are fewer than k rows. Where more than 16 further
        rows are as far as the k-th (up to .001 at length 1), any of them may stand for it.
    rows : ndarray of shape (m, k), int64
        Ties come by row; -1 where there are fewer.
    """
    candidates = _candidates(vectors, queries, min(k + _SLACK, vectors.shape[0]))
    return rerank(vectors, queries, candidates, k)


def rerank(
    vectors: VectorSource, queries: Vectors, candidates: Nodes, k: int
) -> tuple[Distances, Nodes]:
    """The k nearest of each query's candidates, by distances that are right down to 0.

    Parameters
    ----------
    vectors : VectorSource
    queries : ndarray of shape (m, d), float32
    candidates : ndarray of shape (m, c), int64
        Rows, each at most once per query; -1 where there is none.
    k : int

    Returns
    -------
    distances : ndarray of shape (m, k), float32
        Euclidean, ascending, ties by row; ``inf`` where there are fewer than k candidates.
    rows : ndarray of shape (m, k), int64
        -1 where there are fewer.
    """
    distances = candidate_distances(vectors, queries, candidates)
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    found = np.take_along_axis(candidates, order, 1).astype(np.int64)
    distances = np.take_along_axis(distances, order, 1)
    short = ((0, 0), (0, max(k - found.shape[1], 0)))
    distances = np.pad(distances, short, constant_values=np.inf)
    return distances, np.pad(found, short, constant_values=-1)


def candidate_distances(vectors: VectorSource, queries: Vectors, candidates: Nodes) -> Distances:
    """Euclidean distance of each query to each of its candidates, by difference.

    Parameters
    ----------
    vectors : VectorSource
    queries : ndarray of shape (m, d), float32
    candidates : ndarray of shape (m, c), int64

    Returns
    -------
    ndarray of shape (m, c), float32
        ``inf`` where a candidate is -1.
    """
    distances = np.full(candidates.shape, np.inf, dtype=np.float32)
    for query, rows, own in zip(queries, candidates, distances, strict=True):
        known = np.flatnonzero(rows >= 0)
        for first in range(0, len(known), _BLOCK):
            part = known[first : first + _BLOCK]
            difference = vectors.take(rows[part]) - query
            own[part] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


@dataclass(frozen=True, slots=True, eq=False)
class ExactBridges:
    """Finds the nearest vector of another group; what joins the components of a forest.

    Parameters
    ----------
    vectors : VectorSource
        n vectors, one for each node.
    """

    vectors: VectorSource

    def nearest_outside(self, queries: Nodes, groups: Labels, /) -> tuple[Nodes, Distances]:
        """The nearest node of another group, for each query node.

        Parameters
        ----------
        queries : ndarray of shape (m,), int64
            Nodes.
        groups : ndarray of shape (n,), int64
            Group of every node.

        Returns
        -------
        nodes : ndarray of shape (m,), int64
            -1 where all nodes are of the query's own group; ties by node.
        distances : ndarray of shape (m,), float32
            Euclidean; ``inf`` where there is none.
        """
        own = self.vectors.take(queries)
        barred = _Barred(groups[queries], groups)
        candidates = _candidates(self.vectors, own, 1 + _SLACK, barred)
        distances, nodes = rerank(self.vectors, own, candidates, 1)
        return nodes[:, 0], distances[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class _Barred:
    """Rows that a query may not find: those of its own group."""

    own: Labels
    groups: Labels

    def within(self, queries: slice, rows: slice) -> NDArray[np.bool_]:
        barred: NDArray[np.bool_] = self.own[queries, np.newaxis] == self.groups[rows]
        return barred


def _candidates(
    vectors: VectorSource, queries: Vectors, k: int, barred: _Barred | None = None
) -> Nodes:
    """The k rows of each query that are nearest in matrix form, in no order: shape (m, k).

    -1 where there are fewer.
    """
    n, _ = vectors.shape
    best = np.full((len(queries), k), np.inf, dtype=np.float32)
    rows = np.full((len(queries), k), -1, dtype=np.int64)
    # Blocks outside, queries inside: vectors are read once, however many the queries.
    for first in range(0, n, _BLOCK):
        block = vectors.block(first, min(first + _BLOCK, n))
        for start in range(0, len(queries), _QUERIES):
            part = slice(start, start + _QUERIES)
            squared = _squared_distances(queries[part], block)
            if barred is not None:
                squared[barred.within(part, slice(first, first + _BLOCK))] = np.inf
            near, places = _smallest(squared, k)
            near, found = np.hstack([best[part], near]), np.hstack([rows[part], places + first])
            best[part], chosen = _smallest(near, k)
            rows[part] = np.take_along_axis(found, chosen, 1)
    return np.where(np.isfinite(best), rows, -1)


def _squared_distances(queries: Vectors, vectors: Vectors) -> Distances:
    """Squared distances in matrix form, shape (m, n): rounded, so a little below 0 at times.

    Seen from the middle of the queries: vectors far from the origin would round each other away.
    """
    center = queries.mean(axis=0)
    queries, vectors = queries - center, vectors - center
    squared: Distances = queries @ vectors.T
    squared *= -2
    squared += np.einsum("ij,ij->i", queries, queries)[:, np.newaxis]
    squared += np.einsum("ij,ij->i", vectors, vectors)
    return squared


def _smallest(distances: Distances, k: int) -> tuple[Distances, Nodes]:
    """The k smallest of each row, or all if fewer, and their columns; in no order."""
    if distances.shape[1] <= k:
        return distances, np.broadcast_to(np.arange(distances.shape[1]), distances.shape)
    columns = np.argpartition(distances, k, axis=1)[:, :k]
    return np.take_along_axis(distances, columns, 1), columns

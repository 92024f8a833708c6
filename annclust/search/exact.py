"""Exact search: slow and certain. Nothing here assumes vectors of length 1.

The query path of small collections, their neighbor graph, the rows newer than an index, and the
last word of every approximate search (`rerank`). NumPy alone.

Distances are first compared in matrix form, which is fast and rounded; those that could be among
the nearest are then computed by difference, which is right down to 0. Where rounding leaves it open
whether all that could be among them were compared, as in a burst of frames nearly equal, everything
within reach of rounding is compared again. So the result depends on nothing but the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors
from annclust.search.ragged import padded_lists
from annclust.vector_source import VectorSource

_BLOCK = 8_192
"""Vectors read at a time: 42 MB of float32 at 1,280 dimensions."""

_QUERIES = 1_024
"""Queries answered at a time: 34 MB of distances to one block."""

_MEASURED = 512
"""Pairs measured at a time: 3 MB of differences."""

_UNSURE = 128
"""Queries whose surroundings are looked at again at a time: 4 MB of distances to one block."""

_SLACK = 16
"""Candidates beyond k: fewer queries are unsure then."""


class Bar(Protocol):
    """Keeps some rows from being found by some queries."""

    def __call__(self, squared: Distances, queries: Nodes, first: int, /) -> None:
        """Set to ``inf``, in place, what must not be found.

        Parameters
        ----------
        squared : ndarray of shape (m, b), float32
            Squared distances of `queries` to the rows from `first` on.
        queries : ndarray of shape (m,), int64
            Positions of the queries among all that are asked.
        first : int
        """
        ...


def nearest(
    vectors: VectorSource,
    queries: Vectors,
    k: int,
    *,
    itself: Nodes | None = None,
    threads: int = 1,
) -> tuple[Distances, Nodes]:
    """The k nearest rows of each query, over all rows.

    Parameters
    ----------
    vectors : VectorSource
        n vectors of dimension d; read in blocks.
    queries : ndarray of shape (m, d), float32
    k : int
    itself : ndarray of shape (m,), int64, or None
        Row of each query, which is left out.
    threads : int
        That read the vectors; makes no difference to the result.

    Returns
    -------
    distances : ndarray of shape (m, k), float32
        Euclidean, ascending; ``inf`` where there are fewer than k rows.
    rows : ndarray of shape (m, k), int64
        Ties come by row; -1 where there are fewer.
    """
    bar = None if itself is None else _bar_itself(itself)
    return nearest_allowed(vectors, queries, k, bar, threads)


def _bar_itself(itself: Nodes) -> Bar:
    def bar(squared: Distances, queries: Nodes, first: int) -> None:
        own = itself[queries] - first
        here = np.flatnonzero((own >= 0) & (own < squared.shape[1]))
        squared[here, own[here]] = np.inf

    return bar


def nearest_allowed(
    vectors: VectorSource, queries: Vectors, k: int, bar: Bar | None, threads: int = 1
) -> tuple[Distances, Nodes]:
    """As `nearest`, among the rows that `bar` leaves to each query."""
    pool = min(k + _SLACK, vectors.shape[0])
    candidates, reach = _pools(vectors, queries, pool, bar, threads)
    distances, rows = rerank(vectors, queries, candidates, k)
    farthest = np.square(distances[:, -1]) if k else np.zeros(len(queries), np.float32)
    unsure = np.flatnonzero(farthest > reach)
    for start in range(0, len(unsure), _UNSURE):
        part = unsure[start : start + _UNSURE]
        within = _all_within(vectors, queries, part, farthest[part], bar)
        distances[part], rows[part] = rerank(vectors, queries[part], within, k)
    return distances, rows


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
    width = max(min(candidates.shape[1], _MEASURED), 1)
    for column in range(0, candidates.shape[1], width):
        for first in range(0, len(queries), _MEASURED // width):
            part = slice(first, first + _MEASURED // width), slice(column, column + width)
            rows = candidates[part]
            known = rows >= 0
            if known.any():
                own = queries[part[0], np.newaxis]
                away = _differences(vectors, own, np.where(known, rows, rows.max()))
                distances[part] = np.where(known, away, np.float32(np.inf))
    return distances


def _differences(vectors: VectorSource, queries: Vectors, rows: Nodes) -> Distances:
    """Distance of each query, (m, 1, d), to each of its rows, (m, c)."""
    gathered = vectors.take(rows.ravel()).reshape(*rows.shape, -1)
    difference = gathered - queries
    away: Distances = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    return away


def _pools(
    vectors: VectorSource, queries: Vectors, size: int, bar: Bar | None, threads: int
) -> tuple[Nodes, Distances]:
    """The rows nearest to each query in matrix form, and how far that is all there is.

    Returns
    -------
    pools : ndarray of shape (m, size), int64
        In no order; -1 where there are fewer.
    reach : ndarray of shape (m,), float32
        Squared distance below which every row is in the pool, whatever was rounded.
    """
    best = np.full((len(queries), size), np.inf, dtype=np.float32)
    rows = np.full((len(queries), size), -1, dtype=np.int64)
    rounding = np.zeros(len(queries), dtype=np.float32)
    everyone = np.arange(len(queries))
    # Blocks outside, queries inside: vectors are read once, however many the queries.
    for first, block in _blocks(vectors, threads):
        for start in range(0, len(queries), _QUERIES):
            part = everyone[start : start + _QUERIES]
            squared, error = squared_distances(queries[part], block)
            if bar is not None:
                bar(squared, part, first)
            near, places = _smallest(squared, size)
            near, found = np.hstack([best[part], near]), np.hstack([rows[part], places + first])
            best[part], chosen = _smallest(near, size)
            rows[part] = np.take_along_axis(found, chosen, 1)
            np.maximum.at(rounding, part, error)
    reach = best.max(axis=1) - rounding if size else np.full(len(queries), np.inf, np.float32)
    return np.where(np.isfinite(best), rows, -1), reach


def _all_within(
    vectors: VectorSource, queries: Vectors, asked: Nodes, limits: Distances, bar: Bar | None
) -> Nodes:
    """Every row that may lie within a squared distance of some queries: shape (m, most), padded."""
    own = queries[asked]
    pairs: list[tuple[Nodes, Nodes]] = []
    for first, block in _blocks(vectors, 1):
        squared, error = squared_distances(own, block)
        if bar is not None:
            bar(squared, asked, first)
        query, place = np.nonzero(squared <= (limits + error)[:, np.newaxis])
        pairs.append((query, place + first))
    query = np.concatenate([each for each, _ in pairs])
    order = np.argsort(query, kind="stable")
    query, row = query[order], np.concatenate([each for _, each in pairs])[order]
    return padded_lists(query, row, len(asked))


def _blocks(vectors: VectorSource, threads: int) -> Iterator[tuple[int, Vectors]]:
    n, _ = vectors.shape
    starts = range(0, n, _BLOCK)
    if threads == 1:  # a single query does not wait for what only parallel work needs
        yield from ((first, vectors.block(first, min(first + _BLOCK, n))) for first in starts)
        return
    from annclust.parallel import map_parts

    blocks = map_parts(lambda first: vectors.block(first, min(first + _BLOCK, n)), starts, threads)
    yield from zip(starts, blocks, strict=True)


def squared_distances(queries: Vectors, vectors: Vectors) -> tuple[Distances, Distances]:
    """Squared distances in matrix form, and by how much they may be off.

    Parameters
    ----------
    queries : ndarray of shape (m, d), float32
    vectors : ndarray of shape (n, d), float32

    Returns
    -------
    squared : ndarray of shape (m, n), float32
    error : ndarray of shape (m,), float32

    Notes
    -----
    Seen from the middle of the queries: vectors far from the origin would round each other away.
    A sum of d products is off by at most d units of roundoff of the sum of their magnitudes (Higham
    2002, Accuracy and Stability of Numerical Algorithms, section 3.1), which |q| + |x| bounds.
    """
    center = queries.mean(axis=0)
    queries, vectors = queries - center, vectors - center
    squared: Distances = queries @ vectors.T
    squared *= -2
    lengths = np.einsum("ij,ij->i", queries, queries)
    others = np.einsum("ij,ij->i", vectors, vectors)
    squared += lengths[:, np.newaxis]
    squared += others
    share = np.finfo(np.float32).eps * (queries.shape[1] + 8)
    error = share * np.square(np.sqrt(lengths) + np.sqrt(others.max(initial=0)))
    return squared, error.astype(np.float32)


def _smallest(distances: Distances, k: int) -> tuple[Distances, Nodes]:
    """The k smallest of each row, or all if fewer, and their columns; in no order."""
    if distances.shape[1] <= k:
        return distances, np.broadcast_to(np.arange(distances.shape[1]), distances.shape)
    columns = np.argpartition(distances, k, axis=1)[:, :k]
    return np.take_along_axis(distances, columns, 1), columns

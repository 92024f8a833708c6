"""k-means: centers that vectors gather around. Pure.

Lloyd's algorithm (Lloyd 1982, Least squares quantization in PCM, IEEE Transactions on Information
Theory 28), in matrix products on any engine, with the same result on all of them.
FAISS's own takes three times as long on one thread, and gives another result on two.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors
from annclust.engine import Held
from annclust.settings import SearchSettings

_ITERATIONS = 8
_BLOCK = 4_096
"""Vectors that one part of the work has."""

_COMPARED = 1 << 23
"""Pairs of a vector and a center compared at a time: 34 MB of distances."""


def k_means(vectors: Vectors, centers: int, settings: SearchSettings) -> Vectors:
    """Find centers.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
    centers : int
        At most n.
    settings : SearchSettings
        Its seed draws the vectors that are centers at first; engine and threads make no difference
        to the result.

    Returns
    -------
    ndarray of shape (centers, d), float32
    """
    drawn = np.random.default_rng(settings.seed).choice(len(vectors), centers, replace=False)
    found, held = vectors[np.sort(drawn)], settings.engine.hold(vectors)
    for _ in range(_ITERATIONS):
        nearest, away = _assigned(held, len(vectors), found, settings)
        found = _means(vectors, nearest, away, centers)
    return found


def nearest_centers(vectors: Vectors, centers: Vectors) -> tuple[Nodes, Distances]:
    """The nearest center of each vector, and the squared distance to it: two (m,).

    Parameters
    ----------
    vectors : ndarray of shape (m, d), float32
    centers : ndarray of shape (c, d), float32
    """
    best, least = np.empty(len(vectors), dtype=np.int64), np.empty(len(vectors), dtype=np.float32)
    size = max(_COMPARED // len(centers), 1)
    for first in range(0, len(vectors), size):
        some = slice(first, first + size)
        away = distances_to_centers(vectors[some], centers)
        best[some] = away.argmin(axis=1)
        least[some] = np.take_along_axis(away, best[some, np.newaxis], 1)[:, 0]
    return best, least + np.einsum("ij,ij->i", vectors, vectors)


def distances_to_centers(vectors: Vectors, centers: Vectors) -> Distances:
    """Squared distance of each vector to each center, less the vector's own length squared.

    Parameters
    ----------
    vectors : ndarray of shape (m, d), float32
    centers : ndarray of shape (c, d), float32

    Returns
    -------
    ndarray of shape (m, c), float32
        Good for comparing centers, row by row.
    """
    away: Distances = vectors @ (-2 * centers.T)
    away += np.einsum("ij,ij->i", centers, centers)
    return away


def _assigned(
    vectors: Held[Vectors], n: int, centers: Vectors, settings: SearchSettings
) -> tuple[Nodes, Distances]:
    """The nearest center of each of n vectors, and the squared distance to it."""
    engine = settings.engine
    held = engine.hold(centers)
    parts = ((vectors, held, first) for first in range(0, n, _BLOCK))
    with closing(engine.map(_nearest, parts, threads=settings.threads)) as results:
        best, away = zip(*map(engine.value, results), strict=True)
    return np.concatenate(best), np.concatenate(away)


def _nearest(vectors: Vectors, centers: Vectors, first: int) -> tuple[Nodes, Distances]:
    return nearest_centers(vectors[first : first + _BLOCK], centers)


def _means(vectors: Vectors, nearest: Nodes, away: Distances, centers: int) -> Vectors:
    """The mean of each center's vectors; one that has none moves to a vector far from its own."""
    order = np.argsort(nearest, kind="stable")
    counts = np.bincount(nearest, minlength=centers)
    kept = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[kept]
    means = np.empty((centers, vectors.shape[1]), dtype=np.float32)
    means[kept] = np.add.reduceat(vectors[order], starts, axis=0) / counts[kept, np.newaxis]
    empty = np.flatnonzero(counts == 0)
    means[empty] = vectors[np.argsort(-away, kind="stable")[: len(empty)]]
    return means

"""Reduction: fewer dimensions that hold most of what tells vectors apart. Pure.

Principal component analysis: the axes of largest variance. Whatever vectors they were learned from,
axes at right angles never make two vectors farther apart, which `graph_update` counts on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annclust.arrays import Vectors, Weights
from annclust.parallel import map_parts, one_thread_in_blas

_ROUNDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A shift and some axes.

    Parameters
    ----------
    mean : ndarray of shape (d,), float32
    axes : ndarray of shape (d, r), float32
        Columns of length 1 at right angles.
    """

    mean: Vectors
    axes: Vectors

    def apply(self, vectors: Vectors) -> Vectors:
        """Vectors after it, shape (m, r), float32."""
        centered: Vectors = vectors - self.mean
        return centered @ self.axes


def learn_reduction(sample: Iterable[Vectors], reduced: int, threads: int) -> Reduction:
    """Learn the axes of largest variance.

    Parameters
    ----------
    sample : iterable of ndarray of shape (m, d), float32
        Vectors in blocks.
    reduced : int
        Axes to keep.
    threads : int
        Makes no difference to the result.
    """
    sums = list(map_parts(_moments, sample, threads))
    n = sum(count for count, _, _ in sums)
    mean: Weights = np.sum(np.stack([first for _, first, _ in sums]), axis=0) / n
    second: Weights = sums[0][2].astype(np.float64)
    for _, _, product in sums[1:]:
        second += product
    second /= n
    with one_thread_in_blas():
        axes = np.linalg.eigh(second - np.outer(mean, mean))[1][:, ::-1][:, :reduced]
    return Reduction(mean.astype(np.float32), np.ascontiguousarray(axes, dtype=np.float32))


def leading_axes(vectors: Vectors, count: int, seed: int) -> tuple[Vectors, float]:
    """Axes near to those of largest variance, found without a square of all dimensions.

    Two rounds of subspace iteration from random directions (Halko, Martinsson, Tropp 2011, Finding
    structure with randomness, SIAM Review 53(2)).

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
        Around the origin.
    count : int
        At most d.
    seed : int

    Returns
    -------
    axes : ndarray of shape (d, count), float32
        Columns of length 1 at right angles.
    held : float
        Share of the variance along them.
    """
    drawn = np.random.default_rng(seed).standard_normal((vectors.shape[1], count))
    axes = drawn.astype(np.float32)
    for _ in range(_ROUNDS):
        axes = np.linalg.qr(vectors.T @ (vectors @ axes))[0]
    along, whole = vectors @ axes, float(np.square(vectors).sum(dtype=np.float64))
    held = float(np.square(along).sum(dtype=np.float64)) / whole if whole else 1.0
    return np.ascontiguousarray(axes), held


def _moments(block: Vectors) -> tuple[int, Weights, Vectors]:
    """Number, sum, and sum of outer products of some vectors."""
    first: Weights = block.sum(axis=0, dtype=np.float64)
    return len(block), first, block.T @ block

"""Exact join: the true neighbors of every node of a small collection.

Each node is compared with all others by one matrix product, over a few axes where these hold most
of what tells vectors apart. Some that seem near are measured; none that is among the nearest can
seem farther than the k-th of these, and all that do not are measured too. So the result depends on
nothing but the vectors, and takes a fraction of comparing all dimensions of all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors
from annclust.parallel import map_parts
from annclust.search.measuring import distances_by_row
from annclust.search.power_distance import STRETCH, rounded_axes, rounded_products
from annclust.search.ragged import padded_lists
from annclust.search.reduction import learn_reduction

_PAIRS = 1 << 20
"""Pairs compared at a time: 4 MB of distances."""

_AXES = 128
_DIMENSIONS, _MANY = 512, 2_000
"""Dimensions, and vectors, from which on finding axes pays."""

_HELD = 0.8
"""Share of the variance that the axes must hold: else too many pairs seem near."""

_LEARNED = 4_000
"""Vectors from which axes are learned, at least."""

_LEARNED_AT_A_TIME = 1_024

_SEEN = 2_048
"""Columns in which it is looked how near the near ones are, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class ExactJoin:
    """n vectors, of which each is compared with all others.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
    queries, others : ndarray of shape (n, r + 2), float32
        Factors of the squared distance in the space in which all are compared, less what rounding
        may add to it.
    """

    vectors: Vectors
    queries: Vectors
    others: Vectors

    @classmethod
    def of(cls, vectors: Vectors, *, threads: int) -> Self:
        """Prepare n vectors, shape (n, d); n is at least 2."""
        n, d = vectors.shape
        moved = vectors - vectors.mean(axis=0)
        lengths = np.einsum("ij,ij->i", moved, moved)
        allowed = np.zeros(n, dtype=np.float32)
        if d >= _DIMENSIONS and n >= _MANY:
            along = _along_axes(moved, threads)
            if along is not None:
                allowed = lengths * np.float32(rounded_axes(d, along.shape[1]))
                moved, lengths = along, np.einsum("ij,ij->i", along, along)
        sure = lengths * np.float32(1 - rounded_products(moved.shape[1] + 2)) - allowed
        queries, others = (np.ones((n, moved.shape[1] + 2), dtype=np.float32) for _ in range(2))
        queries[:, :-2], queries[:, -1] = moved, sure
        queries[:, :-2] *= -2
        others[:, :-2], others[:, -2] = moved, sure
        return cls(np.ascontiguousarray(vectors), queries, others)

    @property
    def at_a_time(self) -> int:
        """Nodes to look for at a time."""
        return max(_PAIRS // len(self.vectors), 8)

    def nearest(self, nodes: Nodes, k: int) -> tuple[Distances, Nodes]:
        """The k nearest others of some nodes.

        Parameters
        ----------
        nodes : ndarray of shape (m,), int64
        k : int
            From 1 to n - 1.

        Returns
        -------
        distances : ndarray of shape (m, k), float32
            Euclidean, ascending, ties by node; measured by difference.
        nodes : ndarray of shape (m, k), int64
        """
        away = self.queries[nodes] @ self.others.T
        away[np.arange(len(nodes)), nodes] = np.inf
        some = _padded(away <= _limits(away, k)[:, np.newaxis])
        measured = distances_by_row(self.vectors[nodes], self.vectors, some)
        bound = np.partition(measured, k - 1, axis=1)[:, k - 1]
        row, column = np.nonzero(some >= 0)
        away[row, some[row, column]] = np.inf
        reach = np.square(bound) * np.float32(1 + 2 * STRETCH)
        rest = _padded(away <= reach[:, np.newaxis])
        away_rest = distances_by_row(self.vectors[nodes], self.vectors, rest)
        return _least(np.hstack([some, rest]), np.hstack([measured, away_rest]), bound, k)


def _along_axes(vectors: Vectors, threads: int) -> Vectors | None:
    """Vectors along a few axes; None where these hold too little."""
    some = vectors[:: max(len(vectors) // _LEARNED, 1)]
    blocks = np.array_split(some, -(-len(some) // _LEARNED_AT_A_TIME))
    learned = learn_reduction(blocks, _AXES, seed=0, threads=threads)
    if learned.held < _HELD:
        return None
    parts = np.array_split(vectors, -(-len(vectors) // _LEARNED_AT_A_TIME))
    return np.vstack(list(map_parts(learned.apply, parts, threads)))


def _limits(away: Distances, k: int) -> Distances:
    """A distance for each row below which k columns or more lie, and not many more.

    It is that of some rank among columns at even steps; where it leaves too few, of all columns.
    """
    step = max(away.shape[1] // _SEEN, 1)
    seen = away[:, ::step]
    rank = min(-(-(2 * k + 16) // step), seen.shape[1] - 1)
    limits = np.partition(seen, rank, axis=1)[:, rank]
    limits = np.minimum(limits, np.finfo(np.float32).max)  # not the node itself
    few = np.flatnonzero((away <= limits[:, np.newaxis]).sum(axis=1) < k)
    limits[few] = np.partition(away[few], k - 1, axis=1)[:, k - 1]
    return limits


def _padded(chosen: NDArray[np.bool_]) -> Nodes:
    """The chosen columns of each row: shape (m, most), -1 behind the last."""
    row, column = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    return padded_lists(row, column, len(chosen))


def _least(found: Nodes, distances: Distances, bound: Distances, k: int) -> tuple[Distances, Nodes]:
    """The k nearest of what each row found; k of these are within its bound."""
    row, column = np.nonzero(distances <= bound[:, np.newaxis])
    node, away = found[row, column], distances[row, column]
    order = np.lexsort((node, away, row))
    first = np.searchsorted(row[order], np.arange(len(found)))
    chosen = order[first[:, np.newaxis] + np.arange(k)]
    return away[chosen], node[chosen]

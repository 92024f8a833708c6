"""Affinities: how much each photo wants to be near each of its neighbors.

Step 1 of a map; see :mod:`annclust.photo_map.drawing` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from annclust.arrays import Distances, Nodes
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts

MOST_NEIGHBORS = 32
"""Neighbors of a photo that count: twice as many take twice the time, and pull no photo to another
place."""

_PER_EFFECTIVE_NEIGHBOR = 3.0
"""Known neighbors for each one that counts in effect (van der Maaten 2014, JMLR 15)."""

Widths = NDArray[np.float64]

_BLOCK = 16_384
_HALVINGS = 30
_WIDEST, _NARROWEST = -10.0, 20.0
"""Powers of two between which a width is looked for, seen from the average distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Affinities:
    """What draws the nodes of a graph together, the same in both directions; a row for each node.

    Parameters
    ----------
    starts : ndarray of shape (n + 1,), int64
        Where the row of each node begins; its end is where the next one begins.
    others : ndarray of shape (m,), int32
        The nodes that those of the rows are drawn to, ascending in each row.
    weights : ndarray of shape (m,), float32
        Above 0; over all rows their sum is the number of nodes that have neighbors.
    """

    starts: Nodes
    others: NDArray[np.int32]
    weights: Distances

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.starts) - 1

    def matrix(self) -> csr_array[np.float32]:
        """The same as a matrix of shape (n, n)."""
        return csr_array((self.weights, self.others, self.starts), shape=(self.n, self.n))


def affinities(graph: NeighborGraph, *, threads: int = 1) -> Affinities:
    """Gaussian weights of the neighbors, as wide around each photo as its neighborhood is.

    As in t-SNE [1]_, but for the photos that are no neighbors, whose weights are 0: the width is
    the one with which a third of the known neighbors would count as much as they all do.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors. No more than `MOST_NEIGHBORS` of each are looked at.
    threads : int
        Makes no difference to the result.

    References
    ----------
    .. [1] van der Maaten, Hinton (2008), JMLR 9, Section 2.
    """
    parts = [slice(first, first + _BLOCK) for first in range(0, graph.n, _BLOCK)]
    one_way = np.zeros((graph.n, min(graph.k, MOST_NEIGHBORS)), dtype=np.float32)
    squares = (graph.distances[part, :MOST_NEIGHBORS].astype(np.float32) ** 2 for part in parts)
    for part, weights in zip(parts, map_parts(_weights, squares, threads), strict=True):
        one_way[part] = weights
    return _both_ways(graph.neighbors[:, :MOST_NEIGHBORS], one_way)


def _weights(squares: Distances) -> Distances:
    """Weights of the neighbors of some nodes, shape (m, k): of a row 1 in all, or all of them 0.

    Found by halving; entropies fall as widths do.
    """
    known = np.isfinite(squares)
    beyond = _beyond_nearest(squares, known)
    count = known.sum(axis=1)
    wanted = np.log(np.maximum(count / _PER_EFFECTIVE_NEIGHBOR, 1))
    low, high = np.full(len(squares), _WIDEST), np.full(len(squares), _NARROWEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        wide = _entropies(_gaussian(beyond, known, middle), beyond, middle) > wanted
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    found = _gaussian(beyond, known, high)
    weights: Distances = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return weights


def _beyond_nearest(squares: Distances, known: NDArray[np.bool_]) -> Distances:
    """By how much squares exceed that of the nearest, in units of the row's average of that.

    0 where there is no neighbor.
    """
    nearest = np.where(known[:, :1], squares[:, :1], 0)
    beyond = np.where(known, squares - nearest, 0)
    average = beyond.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    scaled: Distances = (beyond / np.where(average > 0, average, 1)).astype(np.float32)
    return scaled


def _gaussian(beyond: Distances, known: NDArray[np.bool_], power: Widths) -> Distances:
    narrow = np.exp2(power, dtype=np.float32)[:, np.newaxis]
    return np.where(known, np.exp(-narrow * beyond), np.float32(0))


def _entropies(found: Distances, beyond: Distances, power: Widths) -> Widths:
    """Entropy of each row of weights, in nats; 0 of a row without any."""
    total = np.maximum(found.sum(axis=1), 1)  # the nearest has 1
    entropies: Widths = np.log(total) + np.exp2(power) * (found * beyond).sum(axis=1) / total
    return entropies


def _both_ways(neighbors: NDArray[np.integer], one_way: Distances) -> Affinities:
    """The average of what either end of an edge wants."""
    n, _ = neighbors.shape
    there = (neighbors >= 0) & (one_way > 0)
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    one = csr_array((one_way[there] / 2, neighbors[there], starts), shape=(n, n))
    both = csr_array(one + one.T)
    both.sort_indices()
    return Affinities(both.indptr.astype(np.int64), both.indices.astype(np.int32), both.data)

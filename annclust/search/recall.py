"""Recall: the share of true neighbors that a graph has, over a sample that is searched exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors
from annclust.parallel import map_parts
from annclust.search.exact import nearest
from annclust.search.list_order import AnyOrder
from annclust.search.measuring import distances_by_row
from annclust.search.power_distance import PowerTest
from annclust.vector_source import VectorSource

_ROUNDING = 1e-5
"""Relative; two ways of summing the same squares differ by no more."""

_BLOCK = 1_024
"""Nodes that are compared after PCA at a time, about."""

_MOST_OF_ALL = 0.1
"""Share of all pairs from which on it is less work to compare all."""

_PAIRS = 2_048
"""Pairs that are measured at a time: 20 MB of differences at 1,280 dimensions."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of the true neighbors that were found, from 0 to 1.

    Parameters
    ----------
    overall : float
    dense : float
        Among the half of the sample that has its neighbors nearest: there the clusters are.
    """

    overall: float
    dense: float


COMPLETE = Recall(1.0, 1.0)
"""Of a graph that was made by exact search."""


def sample_nodes(n: int, *, size: int, seed: int) -> Nodes:
    """Some of n nodes, drawn at random, ascending: all of them if there are no more."""
    return np.sort(np.random.default_rng(seed).choice(n, min(size, n), replace=False))


@dataclass(frozen=True, slots=True, eq=False)
class RecallSample:
    """Some nodes, and how far their true neighbors reach.

    Parameters
    ----------
    nodes : ndarray of shape (m,), int64
    reach : ndarray of shape (m,), float32
        Distance of the k-th nearest. A neighbor is true if it is no farther, whichever of equals it
        is.
    """

    nodes: Nodes
    reach: Distances

    @classmethod
    def drawn(
        cls, vectors: VectorSource, k: int, *, size: int, seed: int, threads: int = 1
    ) -> RecallSample:
        """Search for the true neighbors of nodes drawn at random.

        Parameters
        ----------
        vectors : VectorSource
            One vector for each node.
        k, size, seed, threads : int
        """
        nodes = sample_nodes(vectors.shape[0], size=size, seed=seed)
        return cls._searched(vectors, nodes, k, threads)

    @classmethod
    def _searched(cls, vectors: VectorSource, nodes: Nodes, k: int, threads: int) -> RecallSample:
        queries = vectors.take(nodes)
        distances, _ = nearest(vectors, queries, k, itself=nodes, threads=threads)
        return cls(nodes, distances[:, -1])

    @classmethod
    def bounded(
        cls, vectors: VectorSource, order: AnyOrder, nodes: Nodes, found: Distances, threads: int
    ) -> RecallSample:
        """Search for the true neighbors of nodes of which some neighbors are known.

        They are no farther than the farthest one that is known, so that few need to be measured;
        the result is that of a search of all.

        Parameters
        ----------
        vectors : VectorSource
            One vector for each of n nodes.
        order : AnyOrder
            Of the same nodes.
        nodes : ndarray of shape (m,), int64
        found : ndarray of shape (m, k), float32
            Distances of the neighbors that are known, ascending; ``inf`` where there is none.
        threads : int
        """
        k = found.shape[1]
        pairs = _pairs(vectors, order, nodes, found[:, -1], threads)
        if pairs is None:
            return cls._searched(vectors, nodes, k, threads)
        queries, (member, others) = vectors.take(nodes), pairs

        def measure(part: slice) -> Distances:
            return _distances(vectors, queries[member[part]], others[part])

        parts = [slice(first, first + _PAIRS) for first in range(0, len(member), _PAIRS)]
        away = np.concatenate([found[:0, 0], *map_parts(measure, parts, threads)])
        by_distance = np.lexsort((away, member))
        counts = np.bincount(member, minlength=len(nodes))
        enough = np.flatnonzero(counts >= k)
        last = (np.cumsum(counts) - counts)[enough] + k - 1
        reach = found[:, -1].copy()
        reach[enough] = np.minimum(reach[enough], away[by_distance[last]])
        return cls(nodes, reach)

    def recall(self, distances: Distances) -> Recall:
        """How many of the true neighbors were found.

        Parameters
        ----------
        distances : ndarray of shape (m, k), float32
            Of what was found for `nodes`; ``inf`` where there is nothing.
        """
        found = distances <= self.reach[:, np.newaxis] * (1 + _ROUNDING)
        dense = self.reach <= np.median(self.reach)
        return Recall(float(found.mean()), float(found[dense].mean()))


def _pairs(
    vectors: VectorSource, order: AnyOrder, nodes: Nodes, reach: Distances, threads: int
) -> tuple[Nodes, Nodes] | None:
    """Which of some nodes, by position, may have which others in reach; sorted by the latter.

    None if these are so many that comparing all is less work.
    """
    places = order.places[nodes]
    queries = order.reduced_at(places)
    longest, (_, dimensions) = vectors.longest(), vectors.shape

    def look(lists: tuple[int, int]) -> tuple[Nodes, Nodes]:
        first, some = order.starts[lists[0]], order.of_lists(*lists)
        test = PowerTest.of(some.reduced, longest=longest, dimensions=dimensions)
        member, sought = test.within(queries, reach)
        other = places[member] != first + sought
        return member[other], some.nodes[sought[other]]

    found, count = [], 0
    for pairs in map_parts(look, order.cuts(_BLOCK), threads):
        found.append(pairs)
        count += len(pairs[0])
        if count > _MOST_OF_ALL * order.n * len(nodes):
            return None
    member, others = (np.concatenate(each) for each in zip(*found, strict=True))
    by_node = np.argsort(others, kind="stable")  # as the vectors lie
    return member[by_node], others[by_node]


def _distances(vectors: VectorSource, queries: Vectors, others: Nodes) -> Distances:
    """Distance of each query to one node."""
    used, place = np.unique(others, return_inverse=True)
    gathered = np.ascontiguousarray(vectors.take(used))
    return distances_by_row(queries, gathered, place[:, np.newaxis])[:, 0]

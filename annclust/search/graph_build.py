"""Graph build: a collection joined with itself, as a `NeighborGraph`.

Small collections are joined by exact search; larger ones through the index, which names candidates.
Either way the distances that count are computed by difference from the vectors themselves, and ties
go to the lower node, so that the graph does not depend on threads or blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from annclust.arrays import Distances, Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.search.exact import nearest
from annclust.search.faiss_index import VectorIndex, distances_by_row
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors, VectorSource

_BLOCK = 1_024

_RERANKED = 256
"""Nodes whose candidates are gathered at a time: at worst 130 MB at k = 32, d = 1,280."""

_ROUNDING = 1e-5
"""Relative; two ways of summing the same squares differ by no more."""


def build_graph(
    vectors: VectorSource,
    settings: SearchSettings,
    *,
    index: VectorIndex | None = None,
    rows: Nodes | None = None,
    progress: Progress = SILENT,
) -> NeighborGraph:
    """Join vectors with themselves.

    Parameters
    ----------
    vectors : VectorSource
    settings : SearchSettings
    index : VectorIndex or None
        Over all rows of `vectors`; without it, or if it is exact, the join is exact and holds all
        vectors in memory.
    rows : ndarray of shape (n,), int64, or None
        Rows to join, ascending; all if None.
    progress : Progress

    Returns
    -------
    NeighborGraph
        Of n nodes, which count `rows`; k is `settings.neighbors`, or n - 1 if that is less. Every
        node has k neighbors.
    """
    rows = np.arange(vectors.shape[0]) if rows is None else rows
    n = len(rows)
    k = min(settings.neighbors, max(n - 1, 0))
    neighbors = np.full((n, k), -1, dtype=np.int32)
    distances = np.full((n, k), np.inf, dtype=np.float32)
    with (
        progress.stage("Joining neighbors", n, unit="vectors") as stage,
        threadpool_limits(settings.threads, "blas"),
    ):
        join = _join(SelectedVectors(vectors, rows), k, index, settings.threads)
        for nodes in _blocks(join.order(), _BLOCK) if k else ():
            distances[nodes], neighbors[nodes] = join.nearest(nodes)
            stage.advance(len(nodes))
    return NeighborGraph(neighbors, distances)


def measured_recall(
    graph: NeighborGraph, vectors: VectorSource, *, sample: int = 200, seed: int = 0
) -> float:
    """Share of the true neighbors that a graph has, over a sample of its nodes.

    A neighbor is true if it is no farther than the k-th nearest, whichever of equals it is.

    Parameters
    ----------
    graph : NeighborGraph
    vectors : VectorSource
        One vector for each node.
    sample, seed : int
        How many nodes are looked at, and which.
    """
    if not graph.k:
        return 1.0
    rng = np.random.default_rng(seed)
    nodes = np.sort(rng.choice(graph.n, min(sample, graph.n), replace=False))
    farthest = nearest(vectors, vectors.take(nodes), graph.k, itself=nodes)[0][:, -1:]
    return float((graph.distances[nodes] <= farthest * (1 + _ROUNDING)).mean())


class _Join(Protocol):
    """Finds the neighbors of nodes."""

    def order(self) -> Nodes:
        """All nodes, in an order in which neighbors come close together."""
        ...

    def nearest(self, nodes: Nodes) -> tuple[Distances, Nodes]:
        """The k nearest of each node, itself left out: two (m, k)."""
        ...


def _join(selected: SelectedVectors, k: int, index: VectorIndex | None, threads: int) -> _Join:
    if index is None or index.spec.kind == "exact":
        return _ExactJoin(ArrayVectors(selected.block(0, selected.shape[0])), k)
    return _IndexJoin.over(selected, k, index, threads)


@dataclass(frozen=True, slots=True, eq=False)
class _ExactJoin:
    """Every node is compared with every other; all vectors are held in memory."""

    vectors: ArrayVectors
    k: int

    def order(self) -> Nodes:
        return np.arange(self.vectors.shape[0])

    def nearest(self, nodes: Nodes) -> tuple[Distances, Nodes]:
        return nearest(self.vectors, self.vectors.take(nodes), self.k, itself=nodes)


@dataclass(frozen=True, slots=True, eq=False)
class _IndexJoin:
    """Candidates come from the index; nodes that lie in one inverted list are asked together.

    That order buys twice: searches find their lists in the cache, and the candidates of a block
    overlap, so that fewer vectors are gathered.
    """

    selected: SelectedVectors
    k: int
    index: VectorIndex
    node_of_row: Nodes
    allowed: NDArray[np.bool_] | None
    probes: int
    threads: int

    @classmethod
    def over(
        cls, selected: SelectedVectors, k: int, index: VectorIndex, threads: int
    ) -> _IndexJoin:
        n, joined = index.rows, len(selected.rows)
        node_of_row = np.full(n, -1, dtype=np.int64)
        node_of_row[selected.rows] = np.arange(joined)
        allowed = None if joined == n else node_of_row >= 0
        # Where half of the rows are joined, lists are half as long: look into twice as many.
        probes = min(-(-index.spec.probes * n // joined), index.spec.lists)
        return cls(selected, k, index, node_of_row, allowed, probes, threads)

    def order(self) -> Nodes:
        nodes = np.arange(self.selected.shape[0])
        lists = [self.index.lists_of(self.selected.take(part)) for part in _blocks(nodes, _BLOCK)]
        return np.argsort(np.concatenate(lists), kind="stable")

    def nearest(self, nodes: Nodes) -> tuple[Distances, Nodes]:
        candidates = self._candidates(nodes)
        candidates[candidates == nodes[:, np.newaxis]] = -1
        parts = zip(_blocks(nodes, _RERANKED), _blocks(candidates, _RERANKED), strict=True)
        distances = np.vstack([self._distances(*part) for part in parts])
        order = np.lexsort((candidates, distances), axis=1)[:, : self.k]
        return np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)

    def _candidates(self, nodes: Nodes) -> Nodes:
        vectors = self.selected.take(nodes)
        found = self._search(vectors, self.probes)
        short = ((found >= 0) & (found != nodes[:, np.newaxis])).sum(axis=1) < self.k
        if short.any():  # small lists: look into all of them
            found[short] = self._search(vectors[short], self.index.spec.lists)
        return found

    def _search(self, vectors: Vectors, probes: int) -> Nodes:
        rows = self.index.search(vectors, self.k + 1, allowed=self.allowed, probes=probes)[1]
        return np.where(rows >= 0, self.node_of_row[rows], -1)

    def _distances(self, nodes: Nodes, candidates: Nodes) -> Distances:
        """Distance of each node to its candidates, by difference; ``inf`` where there is none."""
        own = nodes[:, np.newaxis]
        wanted = np.hstack([own, np.where(candidates < 0, own, candidates)])
        used, places = np.unique(wanted, return_inverse=True)
        gathered, places = self.selected.take(used), places.reshape(wanted.shape)
        distances = distances_by_row(gathered[places[:, 0]], gathered, places[:, 1:], self.threads)
        distances[candidates < 0] = np.inf
        return distances


def _blocks(nodes: Nodes, size: int) -> list[Nodes]:
    return [nodes[first : first + size] for first in range(0, len(nodes), size)]

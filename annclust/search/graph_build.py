"""Graph build: a collection joined with itself, as a `NeighborGraph`.

A join names candidates for a block of nodes: by brute force in small collections, through the index
in larger ones. Either way the distances that count are computed by difference from the vectors
themselves, and ties go to the lower node, so that the graph does not depend on threads or blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.search.exact import nearest
from annclust.search.faiss_index import VectorIndex, brute_force, distances_by_row
from annclust.settings import SearchSettings
from annclust.vector_source import SelectedVectors, VectorSource

_BLOCK = 1_024

_RERANKED = 256
"""Nodes whose candidates are gathered at a time: at worst 130 MB at k = 32, d = 1,280."""

_SLACK = 8
"""Candidates beyond k: rounding may swap neighbors that are nearly as far."""

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
    with progress.stage("Joining neighbors", n, unit="vectors") as stage:
        if k:
            join = _join(SelectedVectors(vectors, rows), k, index, settings.threads)
            for nodes in _blocks(join.order(), _BLOCK):
                distances[nodes], neighbors[nodes] = _nearest_of(join, nodes, k, settings.threads)
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
    distances, found = nearest(vectors, vectors.take(nodes), graph.k + 1)
    # The node itself is left out; where too many copies hide it, the last one stands for it.
    itself = found == nodes[:, np.newaxis]
    itself[:, -1] |= ~itself.any(axis=1)
    farthest = distances[~itself].reshape(len(nodes), graph.k)[:, -1:]
    return float((graph.distances[nodes] <= farthest * (1 + _ROUNDING)).mean())


class _Join(Protocol):
    """Names candidates for nodes."""

    def order(self) -> Nodes:
        """All nodes, in an order in which neighbors come close together."""
        ...

    def candidates(self, nodes: Nodes) -> Nodes:
        """At least k other nodes that may be the nearest of each: shape (m, c).

        Each one once, the node itself possibly among them; -1 where there are fewer.
        """
        ...

    def gather(self, nodes: Nodes) -> tuple[Vectors, Nodes]:
        """Vectors that hold those of all of `nodes` (any shape), and the place of each one."""
        ...


def _join(selected: SelectedVectors, k: int, index: VectorIndex | None, threads: int) -> _Join:
    if index is None or index.spec.kind == "exact":
        return _ExactJoin(selected.block(0, selected.shape[0]), k, threads)
    return _IndexJoin.over(selected, k, index)


@dataclass(frozen=True, slots=True, eq=False)
class _ExactJoin:
    """Every node is compared with every other; all vectors are held in memory."""

    vectors: Vectors
    k: int
    threads: int

    def order(self) -> Nodes:
        return np.arange(len(self.vectors))

    def candidates(self, nodes: Nodes) -> Nodes:
        wanted = min(self.k + 1 + _SLACK, len(self.vectors))
        return brute_force(self.vectors[nodes], self.vectors, wanted, self.threads)[1]

    def gather(self, nodes: Nodes) -> tuple[Vectors, Nodes]:
        return self.vectors, nodes


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

    @classmethod
    def over(cls, selected: SelectedVectors, k: int, index: VectorIndex) -> _IndexJoin:
        n, joined = index.rows, len(selected.rows)
        node_of_row = np.full(n, -1, dtype=np.int64)
        node_of_row[selected.rows] = np.arange(joined)
        allowed = None if joined == n else node_of_row >= 0
        # Where half of the rows are joined, lists are half as long: look into twice as many.
        probes = min(-(-index.spec.probes * n // joined), index.spec.lists)
        return cls(selected, k, index, node_of_row, allowed, probes)

    def order(self) -> Nodes:
        nodes = np.arange(self.selected.shape[0])
        lists = [self.index.lists_of(self.selected.take(part)) for part in _blocks(nodes, _BLOCK)]
        return np.argsort(np.concatenate(lists), kind="stable")

    def candidates(self, nodes: Nodes) -> Nodes:
        vectors = self.selected.take(nodes)
        found = self._search(vectors, self.probes)
        short = ((found >= 0) & (found != nodes[:, np.newaxis])).sum(axis=1) < self.k
        if short.any():  # small lists: look into all of them
            found[short] = self._search(vectors[short], self.index.spec.lists)
        return found

    def _search(self, vectors: Vectors, probes: int) -> Nodes:
        rows = self.index.search(vectors, self.k + 1, allowed=self.allowed, probes=probes)[1]
        return np.where(rows >= 0, self.node_of_row[rows], -1)

    def gather(self, nodes: Nodes) -> tuple[Vectors, Nodes]:
        used, places = np.unique(nodes, return_inverse=True)
        return self.selected.take(used), places.reshape(nodes.shape)


def _blocks(nodes: Nodes, size: int) -> list[Nodes]:
    return [nodes[first : first + size] for first in range(0, len(nodes), size)]


def _nearest_of(join: _Join, nodes: Nodes, k: int, threads: int) -> tuple[Distances, Nodes]:
    """The k nearest candidates of each node, itself left out: two (m, k)."""
    candidates = join.candidates(nodes)
    candidates[candidates == nodes[:, np.newaxis]] = -1
    parts = zip(_blocks(nodes, _RERANKED), _blocks(candidates, _RERANKED), strict=True)
    distances = np.vstack([_distances(join, *part, threads) for part in parts])
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)


def _distances(join: _Join, nodes: Nodes, candidates: Nodes, threads: int) -> Distances:
    """Distance of each node to its candidates, by difference; ``inf`` where there is none."""
    own = nodes[:, np.newaxis]
    gathered, places = join.gather(np.hstack([own, np.where(candidates < 0, own, candidates)]))
    distances = distances_by_row(gathered[places[:, 0]], gathered, places[:, 1:], threads)
    distances[candidates < 0] = np.inf
    return distances

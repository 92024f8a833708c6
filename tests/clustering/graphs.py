"""Graphs over a few points, made slowly and obviously, for the tests of clustering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes
from annclust.clustering.spanning_tree import SpanningForest
from annclust.neighbor_graph import NeighborGraph

Points = NDArray[np.float64]


def pairwise_distances(points: Points) -> Distances:
    """Euclidean distance of every pair, float32."""
    difference = points[:, np.newaxis] - points[np.newaxis]
    return np.sqrt((difference**2).sum(axis=2)).astype(np.float32)


def graph_of(points: Points, k: int | None = None) -> NeighborGraph:
    """The k nearest neighbors of each point; all others if None. Ties go to the lower point."""
    n = len(points)
    distances = pairwise_distances(points)
    np.fill_diagonal(distances, -1)  # each point comes first in its own row, and is dropped
    order = np.argsort(distances, axis=1, kind="stable")[:, 1:]
    neighbors = order[:, : n - 1 if k is None else k].astype(np.int32)
    return NeighborGraph(neighbors, np.take_along_axis(distances, neighbors.astype(np.int64), 1))


def line(*positions: float) -> Points:
    """Points on a line."""
    return np.array(positions, dtype=np.float64)[:, np.newaxis]


def blobs(*centers: float, size: int = 10, seed: int = 0) -> Points:
    """Round groups of `size` points in the plane, with their centers on a line."""
    noise = np.random.default_rng(seed).normal(size=(len(centers) * size, 2))
    return noise + np.repeat(np.array([(center, 0.0) for center in centers]), size, axis=0)


@dataclass(frozen=True)
class BruteBridges:
    """The nearest points outside, by looking at all of them."""

    points: Points

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        distances = pairwise_distances(self.points)[queries]
        distances[(barred[:, :1] <= places) & (places < barred[:, 1:])] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        found = np.take_along_axis(distances, order, 1)
        return np.where(np.isfinite(found), order, -1), found


class NoBridges:
    """Finds no way out."""

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        shape = (len(queries), count)
        return np.full(shape, -1), np.full(shape, np.inf, dtype=np.float32)


def edges_of_graph(graph: NeighborGraph, core: Distances) -> tuple[Nodes, Nodes, Distances]:
    """Both ends of every edge, in both directions, and its mutual reachability."""
    ends = [(a, b) for a in range(graph.n) for b in graph.neighbors[a].tolist() if b >= 0]
    left, right = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    away = graph.distances[graph.neighbors >= 0]
    return left, right, np.maximum(away, np.maximum(core[left], core[right]))


@st.composite
def generic_points(draw: st.DrawFn, min_n: int = 2, max_n: int = 50) -> Points:
    """Points in general position: some lumps, and no two pairs equally far apart."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(min_n, max_n)), draw(st.integers(1, 5))
    lumps = rng.normal(scale=draw(st.sampled_from([0.0, 3.0, 10.0])), size=(4, d))
    return rng.normal(size=(n, d)) + lumps[rng.integers(4, size=n)]


@st.composite
def grid_points(draw: st.DrawFn, min_n: int = 2, max_n: int = 30) -> Points:
    """Points of a small grid: many ties, and exact copies."""
    cell = st.tuples(st.integers(0, 4), st.integers(0, 4))
    cells = draw(st.lists(cell, min_size=min_n, max_size=max_n))
    return np.array(cells, dtype=np.float64).reshape(len(cells), 2)


@st.composite
def neighbor_graphs(draw: st.DrawFn, min_k: int = 1) -> NeighborGraph:
    """Graphs over points with and without ties, of any k."""
    points = draw(st.one_of(generic_points(min_k + 1), grid_points(min_k + 1)))
    return graph_of(points, draw(st.integers(min_k, len(points) - 1)))


@st.composite
def spanning_trees(draw: st.DrawFn) -> SpanningForest:
    """Trees of up to 40 nodes whose edges ascend, with ties."""
    n = draw(st.integers(2, 40))
    parents = [draw(st.integers(0, node - 1)) for node in range(1, n)]
    weight = sorted(draw(st.lists(st.integers(0, 9), min_size=n - 1, max_size=n - 1)))
    order = np.array(draw(st.permutations(range(n - 1))), dtype=np.int64)
    left, right = np.array(parents)[order], np.arange(1, n)[order]
    return SpanningForest(left, right, np.array(weight, dtype=np.float64))

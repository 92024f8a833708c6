"""Graphs whose maps are known beforehand, and slow, obvious forms of what the room computes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.neighbor_graph import NeighborGraph
from annclust.photo_map.places import Places
from tests.clustering.graphs import graph_of


def crowds(*, groups: int = 8, size: int = 40, seed: int = 0) -> NDArray[np.float64]:
    """Round groups of points in 20 dimensions, far apart."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(groups, 20)) * 6
    return np.repeat(centers, size, axis=0) + rng.normal(size=(groups * size, 20))


def cliques(*sizes: int, distance: float = 0.5) -> NeighborGraph:
    """Groups in which all are equally far from each other, without an edge between the groups."""
    n, k = sum(sizes), max(sizes) - 1
    neighbors = np.full((n, k), -1, dtype=np.int32)
    distances = np.full((n, k), np.inf, dtype=np.float32)
    first = 0
    for size in sizes:
        members = np.arange(first, first + size)
        for member in members:
            others = members[members != member]
            neighbors[member, : len(others)] = others
            distances[member, : len(others)] = distance
        first += size
    return NeighborGraph(neighbors, distances)


def nearest_on(places: Places, count: int) -> NDArray[np.int64]:
    """The `count` nearest on a map of each node, shape (n, count)."""
    return graph_of(places.astype(np.float64), count).neighbors.astype(np.int64)


def kept(graph: NeighborGraph, places: Places, *, among: int, of: int = 15) -> float:
    """Share of the `of` nearest neighbors that are among the nearest on the map."""
    wanted, found = graph.neighbors[:, :of], nearest_on(places, among)
    return float((wanted[:, :, np.newaxis] == found[:, np.newaxis]).any(axis=2).mean())

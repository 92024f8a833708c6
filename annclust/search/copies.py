"""Copies: from a graph over unique vectors to one over photos. Pure.

Exact copies share a vector, hence a node of the stored graph; photos want to see each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.neighbor_graph import NeighborGraph

_BLOCK = 1_024


def with_copies(graph: NeighborGraph, node_of: Nodes, *, neighbors: int) -> NeighborGraph:
    """Expand a graph over unique vectors to the photos that hold them.

    A photo's copies come first, at distance 0; then, in the order of the graph, all photos of each
    neighbor.

    Parameters
    ----------
    graph : NeighborGraph
        Of n nodes.
    node_of : ndarray of shape (m,), int64
        Node of each photo; every node has at least one photo.
    neighbors : int
        Neighbors to keep of each photo.

    Returns
    -------
    NeighborGraph
        Of m nodes, which count the photos; k is `neighbors`, or m - 1 if that is less. -1 where
        fewer are known.
    """
    m = len(node_of)
    k = min(neighbors, max(m - 1, 0))
    if graph.k == k and np.array_equal(node_of, np.arange(graph.n)):
        return graph
    found = np.full((m, k), -1, dtype=np.int32)
    distances = np.full((m, k), np.inf, dtype=np.float32)
    holders = _Holders.of(node_of, graph.n)
    for first in range(0, m if k else 0, _BLOCK):
        photos = np.arange(first, min(first + _BLOCK, m))
        nodes, away = _with_self(graph, node_of[photos])
        found[photos], distances[photos] = _expanded(photos, nodes, away, holders, k)
    return NeighborGraph(found, distances)


@dataclass(frozen=True, slots=True, eq=False)
class _Holders:
    """The photos of each node: ``photos[starts[node] : starts[node] + counts[node]]``."""

    photos: Nodes
    starts: Nodes
    counts: Nodes

    @classmethod
    def of(cls, node_of: Nodes, n: int) -> _Holders:
        counts = np.bincount(node_of, minlength=n)
        return cls(np.argsort(node_of, kind="stable"), np.cumsum(counts) - counts, counts)


def _with_self(graph: NeighborGraph, nodes: Nodes) -> tuple[Nodes, Distances]:
    """The neighbors of some nodes, each node itself in front at distance 0."""
    own: Nodes = np.hstack([nodes[:, np.newaxis], graph.neighbors[nodes].astype(np.int64)])
    zero = np.zeros((len(nodes), 1), dtype=np.float32)
    return own, np.hstack([zero, graph.distances[nodes]])


def _expanded(
    photos: Nodes, nodes: Nodes, away: Distances, holders: _Holders, k: int
) -> tuple[Nodes, Distances]:
    """Replace the nodes in each photo's list by their photos, and keep k of them."""
    counts = np.where(nodes >= 0, holders.counts[nodes], 0)
    ends = np.cumsum(counts, axis=1)
    # One more than k, since the photo itself may be among them.
    place = np.broadcast_to(np.arange(k + 1), (len(photos), k + 1))
    entry = (ends[:, np.newaxis, :] <= place[:, :, np.newaxis]).sum(axis=2)
    known = entry < nodes.shape[1]
    entry = np.minimum(entry, nodes.shape[1] - 1)
    offset = place - np.take_along_axis(ends - counts, entry, 1)
    node = np.take_along_axis(nodes, entry, 1)
    found = np.where(known, holders.photos[np.where(known, holders.starts[node] + offset, 0)], -1)
    distances = np.where(known, np.take_along_axis(away, entry, 1), np.float32(np.inf))
    # False sorts before True, and stably: the photo itself goes to the end, where it is cut off.
    order = np.argsort(found == photos[:, np.newaxis], axis=1, kind="stable")[:, :k]
    kept: Nodes = np.take_along_axis(found, order, 1)
    lengths: Distances = np.take_along_axis(distances, order, 1)
    return kept, lengths

"""Built graph: what every way of building a neighbor graph gives, and how it is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annclust.arrays import Candidates, Distances, Neighbors, Nodes
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import Progress
from annclust.search.list_order import AnyOrder
from annclust.search.recall import Recall, RecallSample, sample_nodes
from annclust.settings import SearchSettings
from annclust.vector_source import VectorSource

_SAMPLE = 100
"""Nodes that are searched exactly to measure recall: 1,600 neighbors, which tell .99 from .98."""


@dataclass(frozen=True, slots=True, eq=False)
class BuiltGraph:
    """A graph, and how far it can be trusted.

    Parameters
    ----------
    graph : NeighborGraph
    recall : Recall
        Measured, unless the graph was made by exact search.
    """

    graph: NeighborGraph
    recall: Recall


def sampled(n: int, settings: SearchSettings) -> Nodes:
    """Nodes over which recall is measured, always the same of n."""
    return sample_nodes(n, size=_SAMPLE, seed=settings.seed)


def searched(
    vectors: VectorSource,
    order: AnyOrder,
    nodes: Nodes,
    found: Distances,
    settings: SearchSettings,
    progress: Progress,
) -> RecallSample:
    """What can be among the true neighbors of some nodes, given the distances that were found."""
    with progress.stage("Sampling for recall"):
        return RecallSample.bounded(vectors, order, nodes, found, settings.threads)


def measured_rows(distances: Distances, neighbors: Nodes) -> Candidates:
    """Neighbors, and the bits of their distances, as one array that travels: (m, 2 k), int32."""
    return np.hstack([neighbors.astype(np.int32), distances.view(np.int32)])


def rows_measured(rows: Candidates) -> tuple[Distances, Neighbors]:
    """Undo `measured_rows`: two (m, k)."""
    k = rows.shape[1] // 2
    return rows[:, k:].view(np.float32), rows[:, :k]


def graph_of_rows(
    nodes: Nodes, k: int, parts: Iterable[tuple[tuple[int, int], Candidates]]
) -> NeighborGraph:
    """Put a graph together.

    Parameters
    ----------
    nodes : ndarray of shape (n,), int64
        Node at each place.
    k : int
    parts : iterable of ((int, int), ndarray of shape (m, 2 k))
        Spans of places, and their `measured_rows`.
    """
    graph = blank_graph(len(nodes), k)
    for span, rows in parts:
        own = nodes[slice(*span)]
        graph.distances[own], graph.neighbors[own] = rows_measured(rows)
    return graph


def blank_graph(n: int, k: int) -> NeighborGraph:
    """One in which nobody knows anybody yet."""
    blank = np.full((n, k), np.inf, dtype=np.float32)
    return NeighborGraph(np.full((n, k), -1, dtype=np.int32), blank)

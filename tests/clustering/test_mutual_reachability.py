"""Mutual reachability of numbers and of a graph's edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from annclust.clustering.core_distance import core_distances
from annclust.clustering.mutual_reachability import mutual_reachability, reachable_edges
from annclust.neighbor_graph import NeighborGraph
from tests.clustering.graphs import graph_of, line, neighbor_graphs


def test_the_largest_of_three_counts() -> None:
    distances, left, right = np.array(
        [[3, 1, 1], [1, 3, 1], [1, 1, 3]], dtype=np.float32
    )  # each one is the largest once
    reachability = mutual_reachability(distances, left, right)
    assert reachability.tolist() == [3, 3, 3]
    assert reachability.dtype == np.float32


def test_every_edge_of_the_graph_is_given_from_both_ends() -> None:
    left, right, weight = reachable_edges(graph_of(line(0, 1, 3)), np.zeros(3, np.float32))
    edges = dict(zip(zip(left.tolist(), right.tolist(), strict=True), weight, strict=True))
    assert edges == {(0, 1): 1, (0, 2): 3, (1, 0): 1, (1, 2): 2, (2, 0): 3, (2, 1): 2}


def test_missing_neighbors_are_no_edges() -> None:
    neighbors = np.array([[1, -1], [0, 2], [1, -1]], dtype=np.int32)
    distances = np.array([[1, np.inf], [1, 2], [2, np.inf]], dtype=np.float32)
    left, right, _ = reachable_edges(NeighborGraph(neighbors, distances), np.zeros(3, np.float32))
    assert left.tolist() == [0, 1, 1, 2]
    assert right.tolist() == [1, 0, 2, 1]


@given(graph=neighbor_graphs())
def test_no_edge_is_shorter_than_its_distance_or_a_core_distance(graph: NeighborGraph) -> None:
    core = core_distances(graph, min_samples=graph.k + 1)
    left, right, weight = reachable_edges(graph, core)
    assert (weight >= graph.distances.ravel()).all()
    assert (weight >= core[left]).all()
    assert (weight >= core[right]).all()
    assert (np.diff(left) >= 0).all()

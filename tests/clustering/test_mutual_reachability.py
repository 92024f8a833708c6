"""Mutual reachability of numbers and of a graph's edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from annclust.clustering.core_distance import core_distances
from annclust.clustering.mutual_reachability import mutual_reachability, reachable_weights
from annclust.neighbor_graph import NeighborGraph
from tests.clustering.graphs import graph_of, line, neighbor_graphs


def test_the_largest_of_three_counts() -> None:
    distances, left, right = np.array(
        [[3, 1, 1], [1, 3, 1], [1, 1, 3]], dtype=np.float32
    )  # each one is the largest once
    reachability = mutual_reachability(distances, left, right)
    assert reachability.tolist() == [3, 3, 3]
    assert reachability.dtype == np.float32


def test_a_graph_keeps_its_shape() -> None:
    weight = reachable_weights(graph_of(line(0, 1, 3)), np.array([0, 2, 0], np.float32))
    assert weight.tolist() == [[2, 3], [2, 2], [2, 3]]
    assert weight.dtype == np.float32


def test_missing_neighbors_are_infinitely_far_and_the_graph_is_not_touched() -> None:
    neighbors = np.array([[1, -1], [0, 2], [1, -1]], dtype=np.int32)
    distances = np.array([[1, np.inf], [1, 2], [2, np.inf]], dtype=np.float32)
    graph = NeighborGraph(neighbors, distances.copy())
    weight = reachable_weights(graph, np.full(3, 5, np.float32))
    assert weight.tolist() == [[5, np.inf], [5, 5], [5, np.inf]]
    assert np.array_equal(graph.distances, distances)


@given(graph=neighbor_graphs())
def test_no_edge_is_shorter_than_its_distance_or_a_core_distance(graph: NeighborGraph) -> None:
    core = core_distances(graph, min_samples=graph.k + 1)
    weight = reachable_weights(graph, core)
    assert (weight >= graph.distances).all()
    assert (weight >= core[:, np.newaxis]).all()
    assert (weight >= core[graph.neighbors]).all()

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from annclust.neighbor_graph import NeighborGraph
from annclust.photo_map.affinities import affinities
from tests.clustering.graphs import graph_of, line, neighbor_graphs
from tests.photo_map.graphs import cliques, crowds


def test_equally_far_neighbors_count_the_same() -> None:
    matrix = affinities(cliques(5)).matrix().toarray()
    assert np.allclose(matrix, (1 - np.eye(5)) / 4)


def test_nearer_neighbors_count_more_as_many_in_effect_as_a_third() -> None:
    graph = graph_of(crowds(), 30)
    matrix = affinities(graph).matrix().toarray()
    nearest, last = graph.neighbors[:, 0], graph.neighbors[:, -1]
    rows = np.arange(graph.n)
    assert (matrix[rows, nearest] > matrix[rows, last]).all()
    effective = 1 / (matrix**2).sum(axis=1)
    assert 5 < np.median(effective) < 20


def test_of_two_neighbors_only_the_nearer_one_counts() -> None:
    matrix = affinities(graph_of(line(0, 1, 3))).matrix().toarray()
    assert np.allclose(matrix, [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]])


def test_copies_count_most() -> None:
    graph = graph_of(line(0, 0, 0, 1, 2, 3, 4))
    matrix = affinities(graph).matrix().toarray()
    assert matrix[0, 1] == pytest.approx(matrix[0, 2], rel=1e-3)
    assert matrix[0, 1] > 2 * matrix[0, 3]


def test_who_has_no_neighbors_is_drawn_to_nobody() -> None:
    graph = NeighborGraph(
        np.array([[1, -1], [0, -1], [-1, -1]]),
        np.array([[1, np.inf], [1, np.inf], [np.inf, np.inf]], np.float32),
    )
    found = affinities(graph)
    assert found.starts.tolist() == [0, 1, 2, 2]
    assert found.weights.tolist() == [1, 1]


@given(graph=neighbor_graphs())
def test_all_affinities_go_both_ways_and_are_one_a_node(graph: NeighborGraph) -> None:
    matrix = affinities(graph).matrix().toarray()
    assert np.array_equal(matrix, matrix.T)
    assert (matrix >= 0).all()
    assert matrix.sum() == pytest.approx(graph.n, rel=1e-5)
    assert not matrix.diagonal().any()

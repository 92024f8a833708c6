"""Core distances, on a line and against sorting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.core_distance import (
    core_distances,
    core_is_known,
    known_core_distances,
)
from annclust.neighbor_graph import NeighborGraph
from tests.clustering.graphs import (
    Points,
    generic_points,
    graph_of,
    line,
    neighbor_graphs,
    pairwise_distances,
)

LINE = graph_of(line(0, 1, 3))


def test_the_vector_itself_is_its_first_neighbor() -> None:
    assert core_distances(LINE, min_samples=1).tolist() == [0, 0, 0]
    assert core_distances(LINE, min_samples=2).tolist() == [1, 1, 2]
    assert core_distances(LINE, min_samples=3).tolist() == [3, 2, 3]


@pytest.mark.parametrize("min_samples", [0, 4])
def test_a_neighborhood_must_fit_the_graph(min_samples: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 3"):
        core_distances(LINE, min_samples=min_samples)


SPARSE = NeighborGraph(
    np.array([[1, -1], [0, 2], [-1, -1]], dtype=np.int32),
    np.array([[1, np.inf], [1, 2], [np.inf, np.inf]], dtype=np.float32),
)


def test_too_little_company_is_infinitely_far() -> None:
    assert core_distances(SPARSE, min_samples=3).tolist() == [np.inf, 2, np.inf]


def test_the_farthest_known_neighbor_stands_in_for_those_that_are_missing() -> None:
    assert known_core_distances(SPARSE, min_samples=3).tolist() == [1, 2, 0]


def test_a_stand_in_is_not_known_to_be_the_core_distance() -> None:
    assert core_is_known(SPARSE, min_samples=3).tolist() == [False, True, False]
    assert core_is_known(SPARSE, min_samples=2).tolist() == [True, True, False]
    assert core_is_known(SPARSE, min_samples=1).tolist() == [True, True, True]


def test_who_knows_all_others_knows_its_core_distance() -> None:
    two = NeighborGraph(
        np.array([[1, -1], [0, -1]], dtype=np.int32),
        np.array([[1, np.inf], [1, np.inf]], dtype=np.float32),
    )
    assert known_core_distances(two, min_samples=3).tolist() == [1, 1]
    assert core_is_known(two, min_samples=3).tolist() == [True, True]


def test_the_result_is_not_a_view_of_the_graph() -> None:
    graph = graph_of(line(0, 1, 3))
    core_distances(graph, min_samples=2)[:] = 7
    assert graph.distances[:, 0].tolist() == [1, 1, 2]


@given(graph=neighbor_graphs(min_k=2))
def test_a_larger_neighborhood_never_shrinks_a_core_distance(graph: NeighborGraph) -> None:
    smaller = core_distances(graph, min_samples=graph.k)
    larger = core_distances(graph, min_samples=graph.k + 1)
    assert (smaller <= larger).all()


@given(points=generic_points(), choice=st.data())
def test_it_is_the_so_manieth_of_all_sorted_distances(
    points: Points, choice: st.DataObject
) -> None:
    min_samples = choice.draw(st.integers(1, len(points)))
    expected = np.sort(pairwise_distances(points), axis=1)[:, min_samples - 1]
    assert (core_distances(graph_of(points), min_samples=min_samples) == expected).all()


@given(graph=neighbor_graphs())
def test_where_all_neighbors_are_known_nothing_stands_in(graph: NeighborGraph) -> None:
    exact = core_distances(graph, min_samples=graph.k + 1)
    assert (known_core_distances(graph, min_samples=graph.k + 1) == exact).all()

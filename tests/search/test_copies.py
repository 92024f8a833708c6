from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.search.copies import with_copies
from annclust.search.graph_build import build_graph
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors

PAIR = NeighborGraph(np.array([[1], [0]], np.int32), np.array([[5], [5]], np.float32))


def line(n: int, k: int) -> NeighborGraph:
    """The graph over the points 0, 1, 3, 6, 10, …"""
    places = np.cumsum(np.arange(n), dtype=np.float32)[:, np.newaxis]
    return build_graph(ArrayVectors(places), SearchSettings(neighbors=k, threads=1)).graph


def expanded_by_hand(
    graph: NeighborGraph, node_of: list[int], photo: int, k: int
) -> list[tuple[int, float]]:
    entries = [(node_of[photo], 0.0)]
    entries += zip(
        graph.neighbors[node_of[photo]].tolist(),
        graph.distances[node_of[photo]].tolist(),
        strict=True,
    )
    photos = [
        (other, distance)
        for node, distance in entries
        for other, holds in enumerate(node_of)
        if holds == node and other != photo
    ]
    return photos[:k]


def test_copies_come_first_then_all_photos_of_each_neighbor() -> None:
    graph = with_copies(PAIR, np.array([0, 1, 0, 1]), neighbors=3)
    assert graph.neighbors.tolist() == [[2, 1, 3], [3, 0, 2], [0, 1, 3], [1, 0, 2]]
    assert graph.distances.tolist() == [[0, 5, 5]] * 4


def test_more_copies_than_neighbors_leave_room_for_nobody_else() -> None:
    graph = with_copies(PAIR, np.array([0, 0, 0, 0, 1]), neighbors=2)
    assert graph.neighbors.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    assert graph.distances.tolist() == [[0, 0]] * 4 + [[5, 5]]


def test_without_copies_the_graph_stays_as_it_is() -> None:
    assert with_copies(PAIR, np.array([0, 1]), neighbors=4) is PAIR


def test_without_copies_no_more_neighbors_are_kept_than_wanted() -> None:
    assert with_copies(line(5, 4), np.arange(5), neighbors=2).k == 2


def test_copies_of_one_vector_are_each_others_neighbors() -> None:
    alone = NeighborGraph(np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32))
    graph = with_copies(alone, np.zeros(3, np.int64), neighbors=8)
    assert graph.neighbors.tolist() == [[1, 2], [0, 2], [0, 1]]


def test_no_photos_have_no_graph() -> None:
    assert with_copies(EMPTY_GRAPH, np.zeros(0, np.int64), neighbors=3).n == 0


@given(data=st.data(), n=st.integers(1, 12), k=st.integers(1, 6), wanted=st.integers(1, 9))
def test_expanding_agrees_with_doing_it_by_hand(
    data: st.DataObject, n: int, k: int, wanted: int
) -> None:
    more = data.draw(st.lists(st.integers(0, n - 1), max_size=20))
    node_of = data.draw(st.permutations([*range(n), *more]))
    graph = line(n, k)
    found = with_copies(graph, np.array(node_of), neighbors=wanted)
    assert found.problems() == []
    for photo in range(len(node_of)):
        expected = expanded_by_hand(graph, node_of, photo, found.k)
        known = found.neighbors[photo] >= 0
        neighbors = found.neighbors[photo][known].tolist()
        distances = found.distances[photo][known].tolist()
        assert list(zip(neighbors, distances, strict=True)) == expected


def test_a_large_collection_is_expanded_block_by_block() -> None:
    node_of = np.concatenate([np.arange(1_500), np.arange(1_500)])
    graph = with_copies(line(1_500, 2), node_of, neighbors=4)
    assert (graph.neighbors[:, 0] == (np.arange(3_000) + 1_500) % 3_000).all()
    assert graph.problems() == []

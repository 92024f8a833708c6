from __future__ import annotations

import numpy as np
import pytest

from annclust.arrays import Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.search import recall
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.search.recall import RecallSample
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors
from tests.search.samples import clustered, recall_of

EXACT = SearchSettings(threads=1, neighbors=8)


def exact_graph(vectors: ArrayVectors, k: int = 8) -> NeighborGraph:
    return build_graph(vectors, SearchSettings(threads=1, neighbors=k)).graph


def test_neighbors_count_that_are_as_near_as_the_true_ones() -> None:
    source = ArrayVectors(np.arange(40, dtype=np.float32)[:, np.newaxis] ** 2)
    graph = exact_graph(source, 4)
    half = NeighborGraph(graph.neighbors, graph.distances.copy())
    half.distances[:, 2:] = 1e6
    assert recall_of(graph, source) == 1
    assert recall_of(half, source, size=10) == 0.5


def test_copies_do_not_fool_it() -> None:
    source = ArrayVectors(np.repeat(clustered(20, 4), 60, axis=0))
    assert recall_of(exact_graph(source), source) == 1


def test_over_selected_rows_it_counts_nodes() -> None:
    vectors = ArrayVectors(clustered(200, 5))
    rows = np.arange(0, 200, 3)
    graph = build_graph(vectors, EXACT, rows=rows).graph
    assert recall_of(graph, SelectedVectors(vectors, rows)) == 1


def test_the_dense_half_is_that_with_the_nearest_neighbors() -> None:
    sample = RecallSample(np.arange(4), np.array([1, 2, 3, 4], dtype=np.float32))
    found = np.array([[1, 1], [2, 9], [9, 9], [9, 9]], dtype=np.float32)
    assert sample.recall(found).dense == 0.75
    assert sample.recall(found).overall == pytest.approx(3 / 8)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("known", [3, 0])
def test_what_is_known_bounds_the_search_and_changes_nothing(threads: int, known: int) -> None:
    vectors = clustered(5_000, 140)
    settings = SearchSettings(threads=threads, neighbors=8, exact_up_to=0)
    index = build_index(ArrayVectors(vectors), choose_index(*vectors.shape, settings), settings)
    rows = np.setdiff1d(np.arange(5_000), np.arange(0, 5_000, 7))
    order = ListOrder.of(index, rows)
    source = SelectedVectors(ArrayVectors(vectors), rows)
    true = RecallSample.drawn(source, 8, size=60, seed=1)
    graph = build_graph(ArrayVectors(vectors), settings, order=order, rows=rows).graph
    found = graph.distances[true.nodes]
    found[:known, 4:] = np.inf  # as of nodes that found few
    sample = RecallSample.bounded(source, order, true.nodes, found, threads)
    assert sample.reach == pytest.approx(true.reach, rel=1e-6)


@pytest.mark.parametrize("seed", range(15))
def test_a_burst_far_from_the_origin_loses_no_neighbor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    place = rng.standard_normal(96)
    burst = place / np.linalg.norm(place) + 1e-5 * rng.standard_normal((600, 96))
    bounded_is_brute(burst.astype(np.float32))


@pytest.mark.parametrize(("apart", "dimensions"), [(1e3, 3), (1e5, 2)])
def test_neither_do_towns_far_apart(apart: float, dimensions: int) -> None:
    rng = np.random.default_rng(1)
    towns = 0.5 * rng.standard_normal((600, dimensions)) + apart * (np.arange(600) % 2)[:, None]
    bounded_is_brute(towns.astype(np.float32))


def test_where_all_may_be_near_all_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_MOST_OF_ALL", 0.0)
    bounded_is_brute(clustered(600, 20))


def bounded_is_brute(vectors: Vectors) -> None:
    settings = SearchSettings(threads=1, neighbors=8, exact_up_to=0)
    source = ArrayVectors(vectors)
    order = ListOrder.of(
        build_index(source, choose_index(*vectors.shape, settings), settings), np.arange(600)
    )
    graph = build_graph(source, settings, order=order).graph
    true = RecallSample.drawn(source, 8, size=60, seed=1)
    for known in (graph.distances[true.nodes], exact_graph(source).distances[true.nodes]):
        sample = RecallSample.bounded(source, order, true.nodes, known, 1)
        assert sample.reach == pytest.approx(true.reach, rel=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_sample_is_the_same_on_any_number_of_threads(threads: int) -> None:
    vectors = ArrayVectors(clustered(20_000, 6))
    sample = RecallSample.drawn(vectors, 5, size=50, seed=3, threads=threads)
    alone = RecallSample.drawn(vectors, 5, size=50, seed=3)
    assert np.array_equal(sample.nodes, alone.nodes)
    assert np.array_equal(sample.reach, alone.reach)

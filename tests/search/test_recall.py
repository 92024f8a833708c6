from __future__ import annotations

import numpy as np
import pytest

from annclust.neighbor_graph import NeighborGraph
from annclust.search.graph_build import build_graph
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
def test_the_sample_is_the_same_on_any_number_of_threads(threads: int) -> None:
    vectors = ArrayVectors(clustered(20_000, 6))
    sample = RecallSample.drawn(vectors, 5, size=50, seed=3, threads=threads)
    alone = RecallSample.drawn(vectors, 5, size=50, seed=3)
    assert np.array_equal(sample.nodes, alone.nodes)
    assert np.array_equal(sample.reach, alone.reach)

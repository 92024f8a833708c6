from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Nodes, Vectors
from annclust.search.exact import nearest, rerank
from annclust.vector_source import ArrayVectors
from tests.search.samples import (
    clustered,
    grid_vectors,
    nearest_by_sorting,
    true_distances,
    two_towns,
)

LINE = ArrayVectors(np.array([[0], [1], [3], [3], [7]], dtype=np.float32))
ORIGIN = np.zeros((1, 1), dtype=np.float32)


def test_the_nearest_come_first_and_equals_by_row() -> None:
    distances, rows = nearest(LINE, ORIGIN, 4)
    assert distances.tolist() == [[0, 1, 3, 3]]
    assert rows.tolist() == [[0, 1, 2, 3]]


def test_where_there_are_fewer_the_rest_is_marked() -> None:
    distances, rows = nearest(LINE, ORIGIN, 7)
    assert rows[0, 5:].tolist() == [-1, -1]
    assert distances[0, 5:].tolist() == [np.inf, np.inf]


def test_no_vectors_have_no_nearest() -> None:
    nothing = ArrayVectors(np.zeros((0, 3), dtype=np.float32))
    distances, rows = nearest(nothing, np.ones((2, 3), dtype=np.float32), 2)
    assert rows.tolist() == [[-1, -1]] * 2
    assert np.isinf(distances).all()


def test_no_queries_have_no_answers() -> None:
    distances, rows = nearest(LINE, np.zeros((0, 1), dtype=np.float32), 3)
    assert distances.shape == rows.shape == (0, 3)


def test_a_copy_is_at_distance_0_although_the_matrix_form_rounds() -> None:
    vectors = 100 * clustered(500, 64)
    distances, rows = nearest(ArrayVectors(vectors), vectors[:50], 1)
    assert rows[:, 0].tolist() == list(range(50))
    assert (distances == 0).all()


@pytest.mark.parametrize("spread", [1e-3, 1e-4, 1e-5])
def test_neighbors_nearer_than_rounding_are_still_the_nearest(spread: float) -> None:
    vectors = two_towns(600, 96, spread)
    distances, rows = nearest(ArrayVectors(vectors), vectors, 5, itself=np.arange(600))
    true = true_distances(vectors, vectors)
    np.fill_diagonal(true, np.inf)
    assert distances == pytest.approx(np.sort(true, axis=1)[:, :5], rel=1e-5)
    assert (rows != np.arange(600)[:, np.newaxis]).all()


def test_asking_together_or_alone_gives_the_same() -> None:
    vectors = two_towns(400, 64, 1e-4)
    together = nearest(ArrayVectors(vectors), vectors[:20], 7)
    for query in range(20):
        alone = nearest(ArrayVectors(vectors), vectors[query : query + 1], 7)
        assert alone[1].tolist() == together[1][query : query + 1].tolist()


def test_a_row_that_is_left_out_is_not_missed_among_its_copies() -> None:
    copies = ArrayVectors(np.zeros((60, 3), dtype=np.float32))
    distances, rows = nearest(copies, copies.rows, 4, itself=np.arange(60))
    assert (distances == 0).all()
    assert rows[0].tolist() == [1, 2, 3, 4]
    assert rows[59].tolist() == [0, 1, 2, 3]


def test_several_blocks_are_searched_as_one() -> None:
    vectors = clustered(20_000, 4)  # more than two blocks of rows, more than one of queries
    queries = vectors[::13][:1_100]
    distances, rows = nearest(ArrayVectors(vectors), queries, 3)
    for query in (0, 500, 1_024, 1_099):
        expected = np.sort(true_distances(queries[query : query + 1], vectors)[0])[:3]
        assert distances[query] == pytest.approx(expected, abs=1e-6)
    assert rows[:, 0].tolist() == list(range(0, 20_000, 13))[:1_100]


@given(vectors=grid_vectors(most=17), queries=st.data(), k=st.integers(1, 20))
def test_nearest_agrees_with_sorting_all_distances(
    vectors: Vectors, queries: st.DataObject, k: int
) -> None:
    asked = vectors[queries.draw(st.lists(st.integers(0, len(vectors) - 1), max_size=4))] + 1
    found = nearest(ArrayVectors(vectors), asked, k)[1]
    true = true_distances(asked, vectors)
    expected = nearest_by_sorting(true, k, lambda _: np.arange(len(vectors)))
    assert [row[row >= 0].tolist() for row in found] == expected


@given(vectors=grid_vectors(most=60), k=st.integers(1, 5))
def test_nearest_distances_are_right_however_many_are_equal(vectors: Vectors, k: int) -> None:
    distances, _ = nearest(ArrayVectors(vectors), vectors[:3], k)
    true = np.sort(true_distances(vectors[:3], vectors), axis=1)[:, :k]
    assert distances[:, : true.shape[1]] == pytest.approx(true)


def test_rerank_looks_at_the_candidates_alone() -> None:
    distances, rows = rerank(LINE, ORIGIN, np.array([[4, -1, 3]]), 2)
    assert (distances.tolist(), rows.tolist()) == ([[3, 7]], [[3, 4]])


def test_rerank_takes_more_candidates_than_fit_into_a_block() -> None:
    vectors = clustered(9_000, 2)
    order = np.random.default_rng(0).permutation(9_000)[np.newaxis]
    distances, _ = rerank(ArrayVectors(vectors), vectors[:1], order, 9_000)
    true = np.sort(true_distances(vectors[:1], vectors)[0])
    assert distances[0] == pytest.approx(true, abs=1e-6)


def test_rerank_of_no_candidates_finds_nothing() -> None:
    distances, rows = rerank(LINE, ORIGIN, np.full((1, 2), -1), 1)
    assert (distances.tolist(), rows.tolist()) == ([[np.inf]], [[-1]])


@given(vectors=grid_vectors(), data=st.data(), k=st.integers(1, 6))
def test_rerank_agrees_with_sorting(vectors: Vectors, data: st.DataObject, k: int) -> None:
    n = len(vectors)
    chosen = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    candidates = np.array([[*chosen, -1, -1]], dtype=np.int64)
    found = rerank(ArrayVectors(vectors), vectors[:1], candidates, k)[1]

    def seen(_: int) -> Nodes:
        return np.array(chosen, dtype=np.int64)

    expected = nearest_by_sorting(true_distances(vectors[:1], vectors), k, seen)
    assert [row[row >= 0].tolist() for row in found] == expected

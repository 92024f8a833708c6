from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from annclust.arrays import Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.search.graph_build import build_graph
from annclust.search.graph_update import update_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import order_if_listed
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors
from tests.search.samples import clustered, grid_vectors, recall_of

EXACT = SearchSettings(threads=1, neighbors=8)
IVF = replace(EXACT, exact_up_to=0)


def built(vectors: Vectors, rows: Nodes, settings: SearchSettings) -> NeighborGraph:
    index = build_index(ArrayVectors(vectors), choose_index(*vectors.shape, settings), settings)
    order = order_if_listed(index, rows)
    return build_graph(ArrayVectors(vectors), settings, order=order, rows=rows).graph


def updated(
    vectors: Vectors, old: Nodes, new: Nodes, settings: SearchSettings
) -> tuple[NeighborGraph, NeighborGraph]:
    source = ArrayVectors(vectors)
    before = built(vectors, old, settings)
    index = build_index(source, choose_index(*vectors.shape, settings), settings)
    return before, update_graph(
        before, old, source, settings, order=order_if_listed(index, new), rows=new
    )


rows_of = st.lists(st.booleans(), min_size=40, max_size=40)


@checks(max_examples=150, deadline=None)
@given(vectors=grid_vectors(fewest=12), before=rows_of, after=rows_of, k=st.integers(1, 4))
def test_with_exact_search_an_updated_graph_is_the_one_built_anew(
    vectors: Vectors, before: list[bool], after: list[bool], k: int
) -> None:
    old, new = (np.flatnonzero(chosen[: len(vectors)]) for chosen in (before, after))
    if min(len(old), len(new)) <= k:
        return
    settings = replace(EXACT, neighbors=k)
    _, change = updated(vectors, old, new, settings)
    expected = built(vectors, new, settings)
    assert change.neighbors.tolist() == expected.neighbors.tolist()
    assert change.distances.tolist() == expected.distances.tolist()


def test_with_exact_search_that_holds_for_vectors_of_images_too() -> None:
    vectors = clustered(1_500, 96)
    old = np.setdiff1d(np.arange(1_400), np.arange(0, 1_400, 9))
    new = np.arange(20, 1_500)
    _, change = updated(vectors, old, new, EXACT)
    expected = built(vectors, new, EXACT)
    assert change.neighbors.tobytes() == expected.neighbors.tobytes()
    assert change.distances.tobytes() == expected.distances.tobytes()


def test_through_inverted_lists_an_update_finds_as_much_as_building_anew() -> None:
    vectors = clustered(6_000, 160)
    old = np.setdiff1d(np.arange(5_800), np.arange(0, 5_800, 40))
    new = np.setdiff1d(np.arange(6_000), np.arange(0, 5_800, 30))
    _, change = updated(vectors, old, new, IVF)
    source = SelectedVectors(ArrayVectors(vectors), new)
    assert change.problems() == []
    assert (change.neighbors >= 0).all()
    anew = recall_of(built(vectors, new, IVF), source, size=1_000)
    assert recall_of(change, source, size=1_000) >= anew - 0.002


def test_through_inverted_lists_no_old_list_misses_a_new_vector() -> None:
    vectors = clustered(4_000, 140)
    old, new = np.arange(3_900), np.arange(4_000)
    before, change = updated(vectors, old, new, IVF)
    for node in range(0, 3_900, 13):
        near = np.sqrt(((vectors[3_900:] - vectors[node]) ** 2).sum(axis=1))
        merged = np.sort(np.append(before.distances[node], near))[:8]
        assert change.distances[node] == pytest.approx(merged, rel=1e-5)


def test_the_number_of_threads_changes_no_byte() -> None:
    vectors = clustered(5_000, 140)
    old, new = np.arange(0, 4_900), np.arange(50, 5_000)
    one, two = (updated(vectors, old, new, replace(IVF, threads=count))[1] for count in (1, 2))
    assert one.neighbors.tobytes() == two.neighbors.tobytes()
    assert one.distances.tobytes() == two.distances.tobytes()


def test_ties_are_broken_alike_in_both() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        one = rng.standard_normal(7).astype(np.float32)
        vectors = np.stack([rng.permutation(one) for _ in range(40)])
        _, change = updated(vectors, np.arange(0, 34), np.arange(3, 40), EXACT)
        expected = built(vectors, np.arange(3, 40), EXACT)
        assert change.neighbors.tolist() == expected.neighbors.tolist()


def test_no_arrival_is_missed_in_towns_far_apart() -> None:
    rng = np.random.default_rng(2)
    towns = 0.5 * rng.standard_normal((600, 3)) + 1e5 * (np.arange(600) % 2)[:, np.newaxis]
    vectors = towns.astype(np.float32)
    before, change = updated(vectors, np.arange(540), np.arange(600), IVF)
    for node in range(540):
        near = np.sqrt(((vectors[540:] - vectors[node]) ** 2).sum(axis=1))
        merged = np.sort(np.append(before.distances[node], near))[:8]
        assert change.distances[node] == pytest.approx(merged, rel=1e-5)


def test_nothing_new_changes_nothing() -> None:
    vectors = clustered(300, 12)
    before, change = updated(vectors, np.arange(300), np.arange(300), EXACT)
    assert np.array_equal(before.neighbors, change.neighbors)
    assert np.array_equal(before.distances, change.distances)


def test_lists_that_lost_neighbors_keep_those_that_they_have() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((6_000, 32)).astype(np.float32)  # hard: no clusters at all
    old = np.arange(6_000)
    new = np.flatnonzero(rng.random(6_000) > 0.15)
    before, change = updated(vectors, old, new, IVF)
    place = np.full(6_000, -1)
    place[new] = np.arange(len(new))
    for node in range(0, len(new), 29):
        known = place[before.neighbors[new[node]]]
        kept = before.distances[new[node]][known >= 0]
        assert (change.distances[node][: len(kept)] <= kept * (1 + 1e-6)).all()
    source = SelectedVectors(ArrayVectors(vectors), new)
    anew = recall_of(built(vectors, new, IVF), source, size=1_000)
    assert recall_of(change, source, size=1_000) >= anew - 0.01

"""Bridges: the nearest vectors outside an interval of places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Labels, Nodes, Vectors
from annclust.engine import LOCAL, Engine
from annclust.search.bridges import ExactBridges, ListBridges
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.search.sharded_bridges import ShardedBridges
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors
from tests.engines import Elsewhere
from tests.search.samples import (
    clustered,
    grid_vectors,
    nearest_by_sorting,
    true_distances,
    two_towns,
)

LINE = ArrayVectors(np.array([[0], [1], [3], [7], [7]], dtype=np.float32))
IVF = SearchSettings(threads=2, exact_up_to=0)


def bars(groups: Labels) -> tuple[Nodes, Nodes]:
    """Places in which groups are intervals, and the own one of each node."""
    order = np.argsort(groups, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    first = np.searchsorted(groups[order], groups)
    last = np.searchsorted(groups[order], groups, side="right")
    return places, np.column_stack([first, last])


def through_lists(vectors: Vectors, rows: Nodes, engine: Engine = LOCAL) -> ListBridges:
    source = ArrayVectors(vectors)
    index = build_index(source, choose_index(*vectors.shape, IVF), IVF)
    return ListBridges(SelectedVectors(source, rows), ListOrder.of(index, rows), 2, engine)


def among_shards(vectors: Vectors, rows: Nodes, size: int, engine: Engine) -> ShardedBridges:
    source = ArrayVectors(vectors)
    index = build_index(source, choose_index(*vectors.shape, IVF), IVF)
    order = ListOrder.of(index, rows)
    return ShardedBridges(SelectedVectors(source, rows), order, size, 2, engine)


def test_bridges_that_are_looked_for_elsewhere_are_the_same() -> None:
    vectors, rows = clustered(900, 24), np.arange(900)
    places, barred = bars(rows % 7)
    asked = np.repeat(rows[::3], 2)
    here = through_lists(vectors, rows).nearest_outside(asked, places, barred[asked], 2)
    engine = Elsewhere(twice=True)
    there = through_lists(vectors, rows, engine)
    for _ in range(2):
        found = there.nearest_outside(asked, places, barred[asked], 2)
        assert [each.tobytes() for each in found] == [each.tobytes() for each in here]
    assert engine.parts == ["_outside"] * 2


@pytest.mark.parametrize("away", [0, 500], ids=["near", "beyond what lists hold"])
@pytest.mark.parametrize("size", [1, 90, 10_000])
def test_bridges_among_shards_are_those_among_all(away: int, size: int) -> None:
    vectors, rows = clustered(1_000, 16), np.flatnonzero(np.arange(1_000) % 9)
    vectors[900:] += away
    places, barred = bars(rows // 900 if away else rows % 7)
    asked = np.repeat(np.flatnonzero(rows >= 900), 2)
    whole = through_lists(vectors, rows).nearest_outside(asked, places, barred[asked], 2)
    for engine in (LOCAL, Elsewhere(twice=True)):
        sharded = among_shards(vectors, rows, size, engine)
        found = sharded.nearest_outside(asked, places, barred[asked], 2)
        assert [each.tobytes() for each in found] == [each.tobytes() for each in whole]
        if isinstance(engine, Elsewhere):
            assert ("scan" in engine.parts) == (away > 0)
    assert not len(sharded.nearest_outside(asked[:0], places, barred[:0], 2)[0])


def test_a_bridge_leads_to_the_nearest_of_another_group() -> None:
    places, barred = bars(np.array([0, 0, 1, 1, 1]))
    asked = np.array([1, 4])
    nodes, distances = ExactBridges(LINE).nearest_outside(asked, places, barred[asked], 1)
    assert (nodes.tolist(), distances.tolist()) == ([[2], [1]], [[2], [6]])


def test_several_bridges_come_nearest_first() -> None:
    places, barred = bars(np.array([0, 0, 1, 1, 1]))
    nodes, distances = ExactBridges(LINE).nearest_outside(np.array([2]), places, barred[[2]], 3)
    assert (nodes.tolist(), distances.tolist()) == ([[1, 0, -1]], [[2, 3, np.inf]])


def test_there_is_no_bridge_out_of_the_only_group() -> None:
    places, barred = bars(np.zeros(5, np.int64))
    nodes, distances = ExactBridges(LINE).nearest_outside(np.array([0]), places, barred[:1], 1)
    assert (nodes.tolist(), distances.tolist()) == ([[-1]], [[np.inf]])


def test_bridges_between_places_nearer_than_rounding_are_the_shortest() -> None:
    vectors = two_towns(300, 96, 1e-4)
    groups = np.arange(300) // 2 % 5
    search = ExactBridges(ArrayVectors(vectors))
    _, distances = search.nearest_outside(np.arange(300), *bars(groups), 1)
    true = np.where(groups[:, np.newaxis] == groups, np.inf, true_distances(vectors, vectors))
    assert distances[:, 0] == pytest.approx(true.min(axis=1), rel=1e-5)


@given(vectors=grid_vectors(most=17), data=st.data())
def test_bridges_agree_with_sorting(vectors: Vectors, data: st.DataObject) -> None:
    n = len(vectors)
    drawn = data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    groups, count = np.array(drawn, dtype=np.int64), data.draw(st.integers(1, 3))
    search = ExactBridges(ArrayVectors(vectors))
    nodes, _ = search.nearest_outside(np.arange(n), *bars(groups), count)
    expected = nearest_by_sorting(
        true_distances(vectors, vectors), count, lambda row: np.flatnonzero(groups != groups[row])
    )
    assert [row[row >= 0].tolist() for row in nodes] == expected


@pytest.mark.parametrize("size", [20, 1_500])
def test_through_lists_bridges_are_nearly_as_short(size: int) -> None:
    vectors = clustered(3_200, 24)
    rows = np.setdiff1d(np.arange(3_200), np.arange(0, 3_200, 16))  # 3,000
    own = np.minimum(np.arange(3_000) // size, 1)
    places, barred = bars(own)
    asked = np.arange(0, size, 5)
    nodes, distances = through_lists(vectors, rows).nearest_outside(asked, places, barred[asked], 4)
    exact = ExactBridges(ArrayVectors(vectors[rows]))
    expected = exact.nearest_outside(asked, places, barred[asked], 4)[1]
    assert (own[nodes] == 1).all()
    assert (distances <= expected * (1 + 1e-5)).mean() > 0.98


def test_where_near_lists_hold_only_barred_ones_all_lists_are_searched() -> None:
    far = clustered(1_000, 16)
    far[900:] += 500
    places, barred = bars(np.repeat([0, 1], [900, 100]))
    nodes, distances = through_lists(far, np.arange(1_000)).nearest_outside(
        np.arange(900, 1_000), places, barred[900:], 2
    )
    assert (nodes < 900).all()
    assert (nodes >= 0).all()
    assert np.isfinite(distances).all()

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annclust.arrays import Nodes, Vectors
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_join import joined, joined_everywhere, smallest_columns
from annclust.search.list_order import ListOrder
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors
from tests.search.samples import clustered, true_distances

IVF = SearchSettings(threads=1, exact_up_to=0)


def order_of(vectors: Vectors, rows: Nodes) -> ListOrder:
    spec = replace(choose_index(*vectors.shape, IVF), lists=8)
    return ListOrder.of(build_index(ArrayVectors(vectors), spec, IVF), rows)


def test_every_node_has_a_place_and_its_vector() -> None:
    vectors = clustered(500, 6)
    rows = np.arange(0, 500, 3)
    order = order_of(vectors, rows)
    assert sorted(order.nodes.tolist()) == list(range(len(rows)))
    assert (order.nodes[order.places] == np.arange(len(rows))).all()
    assert order.starts[-1] == len(rows)
    near = true_distances(order.reduced, order.reduced)
    true = true_distances(vectors[rows[order.nodes]], vectors[rows[order.nodes]])
    assert near == pytest.approx(true, abs=1e-3)


def test_looking_into_all_lists_finds_the_nearest() -> None:
    vectors = clustered(700, 6)
    order = order_of(vectors, np.arange(700))
    found = joined(order, np.arange(700), probes=8, pool=12)
    away = true_distances(order.reduced, order.reduced)
    np.fill_diagonal(away, np.inf)
    expected = np.sort(away, axis=1)[:, :12]
    assert np.take_along_axis(away, found.astype(np.int64), 1) == pytest.approx(expected, abs=1e-4)


def test_looking_into_few_lists_finds_what_is_in_them() -> None:
    order = order_of(clustered(700, 6), np.arange(700))
    places = np.arange(100, 300)
    found = joined(order, places, probes=1, pool=400)
    for place, near in zip(places, found, strict=True):
        own = order.list_of(np.array([place]))[0]
        members = set(range(order.starts[own], order.starts[own + 1])) - {int(place)}
        assert set(near[near >= 0].tolist()) == members


def test_a_pool_larger_than_all_others_is_filled_up() -> None:
    order = order_of(clustered(30, 4), np.arange(30))
    found = joined(order, np.arange(30), probes=8, pool=40)
    assert (np.sort(found, axis=1)[:, :11] == -1).all()
    assert ((found >= 0).sum(axis=1) == 29).all()


@pytest.mark.parametrize("k", [1, 4, 9])
def test_smallest_columns_come_in_order(k: int) -> None:
    values = np.random.default_rng(0).random((50, 6)).astype(np.float32)
    expected = np.argsort(values, axis=1)[:, :k]
    assert np.array_equal(smallest_columns(values, k), expected)


def test_comparing_with_all_finds_what_looking_into_all_lists_finds() -> None:
    order = order_of(clustered(700, 6), np.arange(700))
    places = np.arange(0, 700, 3)
    everywhere = joined_everywhere(order, places, pool=12)
    assert np.array_equal(everywhere, joined(order, places, probes=8, pool=12))


def test_of_many_copies_no_more_are_held_than_the_pool_takes() -> None:
    vectors = np.vstack([np.ones((900, 6)), clustered(300, 6)]).astype(np.float32)
    order = order_of(vectors, np.arange(1_200))
    found = joined(order, np.arange(1_200), probes=2, pool=20)
    assert found.shape == (1_200, 20)
    alike = order.nodes < 900
    assert alike[found[alike]].all()
    assert not (found == np.arange(1_200)[:, np.newaxis]).any()

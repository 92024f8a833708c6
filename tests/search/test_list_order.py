"""The order of nodes in the lists of an index: vectors in memory, or left in the index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Nodes
from annclust.search.faiss_index import VectorIndex, load_index
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import IndexOrder, ListOrder, held_order, order_if_listed
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors
from tests.engines import Elsewhere
from tests.search.samples import clustered

SETTINGS = SearchSettings(exact_up_to=100)
ROWS = 1_500
SOME = np.flatnonzero(np.arange(ROWS) % 7 > 1)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    """As it is found on the disk."""
    vectors = ArrayVectors(clustered(ROWS, 24))
    built = build_index(vectors, choose_index(*vectors.shape, SETTINGS), SETTINGS)
    path: Path = tmp_path_factory.mktemp("index") / "index"
    built.save(path)
    return load_index(path, built.spec, SETTINGS)


def same(one: ListOrder, other: ListOrder) -> bool:
    """Whether two orders are equal to the bit."""
    names = ("nodes", "starts", "centroids", "reduced", "lengths")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)


@pytest.mark.parametrize("rows", [np.arange(ROWS), SOME], ids=["all", "some"])
def test_any_lists_are_read_from_the_index_as_they_are_in_memory(
    index: VectorIndex, rows: Nodes
) -> None:
    mapped, whole = IndexOrder.of(index, rows), ListOrder.of(index, rows)
    assert sorted(whole.nodes.tolist()) == list(range(len(rows)))
    assert mapped.n == whole.n == len(rows)
    assert mapped.width == whole.width == 24
    for first, last in ((0, whole.lists), (0, 1), (3, 9), (whole.lists - 2, whole.lists)):
        assert same(mapped.of_lists(first, last), whole.of_lists(first, last))


@pytest.mark.parametrize("rows", [np.arange(ROWS), SOME], ids=["all", "some"])
def test_vectors_of_places_are_those_of_their_nodes(index: VectorIndex, rows: Nodes) -> None:
    mapped, places = IndexOrder.of(index, rows), np.array([700, 3, 3, 0, len(rows) - 1])
    reduced = index.reduced(clustered(ROWS, 24))[rows]
    for order in (mapped, mapped.whole()):
        assert np.array_equal(order.reduced_at(places), reduced[order.nodes[places]])


@pytest.mark.parametrize("size", [1, 90, 10_000])
def test_shards_hold_every_list_once_and_none_is_empty(index: VectorIndex, size: int) -> None:
    order = IndexOrder.of(index, np.arange(40))  # many lists have no node of these
    cuts = order.cuts(size)
    assert [each for first, last in cuts for each in range(first, last)] == [*range(order.lists)]
    assert all(order.starts[last] > order.starts[first] for first, last in cuts)
    shards = [number for number, (first, last) in enumerate(cuts) for _ in range(first, last)]
    assert order.shard_of_lists(size).tolist() == shards


@pytest.mark.parametrize("size", [200, 10_000])
def test_what_another_process_holds_is_the_whole(index: VectorIndex, size: int) -> None:
    order, engine = IndexOrder.of(index, SOME), Elsewhere()
    held = engine.value(held_order(engine, order, size=size))
    assert same(held, order.whole())


def test_only_another_process_leaves_vectors_in_the_index(index: VectorIndex) -> None:
    assert isinstance(order_if_listed(index, SOME), ListOrder)
    assert isinstance(order_if_listed(index, SOME, Elsewhere()), IndexOrder)

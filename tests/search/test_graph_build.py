from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from annclust.arrays import Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import Stage, StoppedError
from annclust.search.faiss_index import VectorIndex
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder, order_if_listed
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors
from tests.engines import Elsewhere
from tests.search.samples import (
    clustered,
    grid_vectors,
    nearest_by_sorting,
    recall_of,
    true_distances,
    two_towns,
)
from tests.stopping import DictShelf, StopAt

EXACT = SearchSettings(threads=1, neighbors=8)
IVF = replace(EXACT, exact_up_to=0)
BOTH = pytest.mark.parametrize("settings", [EXACT, IVF], ids=["exact", "ivf"])


def index_of(vectors: Vectors, settings: SearchSettings) -> VectorIndex:
    n, d = vectors.shape
    return build_index(ArrayVectors(vectors), choose_index(n, d, settings), settings)


def graph_of(
    vectors: Vectors, settings: SearchSettings, rows: Nodes | None = None
) -> NeighborGraph:
    index = index_of(vectors, settings)
    rows = np.arange(len(vectors)) if rows is None else rows
    order = order_if_listed(index, rows)
    return build_graph(ArrayVectors(vectors), settings, order=order, rows=rows).graph


def test_each_vector_gets_its_nearest_ones_and_not_itself() -> None:
    line = np.array([[0], [1], [3], [7]], dtype=np.float32)
    graph = graph_of(line, replace(EXACT, neighbors=2))
    assert graph.neighbors.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert graph.distances.tolist() == [[1, 3], [1, 2], [2, 3], [4, 6]]


@BOTH
@pytest.mark.parametrize("n", [0, 1, 2, 3, 9])
def test_in_a_small_collection_everyone_knows_everyone(n: int, settings: SearchSettings) -> None:
    graph = graph_of(clustered(n, 6), replace(settings, neighbors=9))
    assert (graph.n, graph.k) == (n, max(n - 1, 0))
    everyone = set(range(n))
    for node, known in enumerate(graph.neighbors):
        assert set(known.tolist()) == everyone - {node}


@BOTH
def test_every_node_has_k_neighbors_at_their_true_distance(settings: SearchSettings) -> None:
    vectors = clustered(2_500, 140)
    graph = graph_of(vectors, settings)
    assert (graph.neighbors >= 0).all()
    assert graph.problems() == []
    for node in range(0, 2_500, 97):
        true = true_distances(vectors[node : node + 1], vectors[graph.neighbors[node]])[0]
        assert graph.distances[node] == pytest.approx(true, rel=1e-5)


@BOTH
def test_copies_are_at_distance_0(settings: SearchSettings) -> None:
    vectors = np.repeat(clustered(300, 20), 3, axis=0) * 30
    graph = graph_of(vectors, settings)
    assert (graph.distances[:, :2] == 0).all()
    assert (graph.neighbors[:, :2] // 3 == np.arange(900)[:, np.newaxis] // 3).all()


@BOTH
def test_more_copies_than_neighbors_leave_nobody_without(settings: SearchSettings) -> None:
    vectors = np.vstack([np.ones((200, 8), dtype=np.float32), clustered(200, 8)])
    graph = graph_of(vectors, settings)
    assert (graph.neighbors >= 0).all()
    assert graph.problems() == []
    assert (graph.distances[:200] == 0).all()


@BOTH
@pytest.mark.parametrize("every", [2, 40])
def test_rows_that_are_left_out_are_nobodys_neighbors(every: int, settings: SearchSettings) -> None:
    vectors = clustered(3_000, 20)
    rows = np.arange(0, 3_000, every)
    graph = graph_of(vectors, settings, rows)
    alone = graph_of(vectors[rows], EXACT)
    assert (graph.neighbors >= 0).all()
    assert graph.problems() == []
    assert (graph.neighbors == alone.neighbors).mean() > 0.95


@BOTH
def test_the_number_of_threads_changes_no_byte(settings: SearchSettings) -> None:
    vectors = clustered(4_000, 150)
    one, two = (graph_of(vectors, replace(settings, threads=count)) for count in (1, 2))
    assert one.neighbors.tobytes() == two.neighbors.tobytes()
    assert one.distances.tobytes() == two.distances.tobytes()


def test_nor_does_it_where_vectors_are_nearer_than_rounding() -> None:
    vectors = two_towns(2_500, 128, 1e-4)
    one, two = (graph_of(vectors, replace(EXACT, threads=count)) for count in (1, 2))
    assert one.neighbors.tobytes() == two.neighbors.tobytes()
    assert recall_of(one, ArrayVectors(vectors)) == 1


def test_the_join_through_the_index_finds_nearly_all_neighbors() -> None:
    vectors = clustered(5_000, 160)
    assert recall_of(graph_of(vectors, IVF), ArrayVectors(vectors)) > 0.97


@checks(max_examples=50)
@given(vectors=grid_vectors(fewest=2, most=9), k=st.integers(1, 10))
def test_the_exact_join_agrees_with_sorting(vectors: Vectors, k: int) -> None:
    graph = graph_of(vectors, replace(EXACT, neighbors=k))
    everyone = np.arange(len(vectors))
    expected = nearest_by_sorting(
        true_distances(vectors, vectors), k, lambda node: everyone[everyone != node]
    )
    assert graph.neighbors.tolist() == expected


@pytest.mark.parametrize("shard", [None, 1])
@checks(max_examples=25)
@given(vectors=grid_vectors(fewest=2), data=st.data())
def test_a_join_through_all_lists_is_exact(
    shard: int | None, vectors: Vectors, data: st.DataObject
) -> None:
    n = len(vectors)
    chosen = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True).map(sorted))
    rows = np.array(chosen, dtype=np.int64)
    settings = replace(IVF, shard=shard)
    graph = graph_of(vectors, settings, rows)  # so few vectors have no more lists than are probed
    true = np.sort(true_distances(vectors[rows], vectors[rows]), axis=1)[:, 1 : graph.k + 1]
    assert graph.problems() == []
    assert graph.distances == pytest.approx(true)


@BOTH
def test_it_makes_no_difference_where_parts_are_computed_nor_how_often(
    settings: SearchSettings,
) -> None:
    vectors = clustered(2_500, 30)
    engine = Elsewhere(twice=True)
    here, there = graph_of(vectors, settings), graph_of(vectors, replace(settings, engine=engine))
    assert there.neighbors.tobytes() == here.neighbors.tobytes()
    assert there.distances.tobytes() == here.distances.tobytes()
    stages = {"_compare"} if settings is EXACT else {"_join", "_refine", "_measure"}
    assert stages <= set(engine.parts)


def test_shards_of_any_size_give_one_graph_wherever_they_are() -> None:
    vectors = clustered(9_000, 24)
    settings = replace(IVF, exact_up_to=1_000)
    whole = graph_of(vectors, replace(settings, shard=8_999))
    for size in (700, 4_000):
        engine = Elsewhere()
        graph = graph_of(vectors, replace(settings, shard=size, engine=engine))
        assert graph.neighbors.tobytes() == whole.neighbors.tobytes()
        assert graph.distances.tobytes() == whole.distances.tobytes()
        steps = "look ask compare nearest_of_block seek measure nearest_measured"
        assert {*steps.split()} <= {*engine.parts}
    assert whole.problems() == []
    assert recall_of(whole, ArrayVectors(vectors)) > 0.98


def test_who_has_too_few_in_its_lists_is_compared_with_all_whatever_the_shards() -> None:
    vectors = clustered(6_000, 24)
    settings = replace(IVF, exact_up_to=1_000, neighbors=24)
    index = index_of(vectors, settings)
    full = np.arange(6_000)
    order = ListOrder.of(index, full)
    kept = np.sort(order.nodes[: order.starts[40]][::9])  # of some lists little is left
    rows = np.unique(np.concatenate([kept, order.nodes[order.starts[60] :]]))
    graphs = [
        build_graph(
            ArrayVectors(vectors),
            replace(settings, shard=shard),
            order=ListOrder.of(index, rows),
            rows=rows,
        ).graph
        for shard in (1, 500, len(rows) - 1)
    ]
    assert graphs[0].problems() == []
    assert (graphs[0].neighbors >= 0).all()
    for graph in graphs[1:]:
        assert graph.neighbors.tobytes() == graphs[0].neighbors.tobytes()


def test_a_build_that_was_stopped_goes_on_where_it_was() -> None:
    vectors = ArrayVectors(clustered(40_000, 6))
    settings = replace(IVF, threads=2, exact_up_to=10_000)
    index = build_index(vectors, choose_index(40_000, 6, settings), settings)
    order = ListOrder.of(index, np.arange(40_000))
    whole = build_graph(vectors, settings, order=order)
    shelf, stops = DictShelf(), 0
    while stops < 50:
        try:
            graph = build_graph(vectors, settings, order=order, progress=StopAt(70), shelf=shelf)
        except StoppedError:
            stops += 1
        else:
            break
    assert 1 < stops < 10
    assert {name.partition("-")[0] for name in shelf.parts} == {"join", "refine", "measure"}
    assert graph.graph.neighbors.tobytes() == whole.graph.neighbors.tobytes()
    assert graph.graph.distances.tobytes() == whole.graph.distances.tobytes()


def test_a_build_in_shards_that_was_stopped_goes_on_and_shards_of_another_size_begin_anew() -> None:
    vectors = ArrayVectors(clustered(9_000, 6))
    settings = replace(IVF, threads=2, exact_up_to=5_000, shard=700)
    index = build_index(vectors, choose_index(9_000, 6, settings), settings)
    order = ListOrder.of(index, np.arange(9_000))
    whole = build_graph(vectors, settings, order=order)
    shelf = DictShelf()
    for shard, reports in ((700, 30), (2_000, 10), (700, 50)):
        sized, done = replace(settings, shard=shard), len(shelf.parts)
        with pytest.raises(StoppedError):
            build_graph(vectors, sized, order=order, progress=StopAt(reports), shelf=shelf)
        assert len(shelf.parts) > done
    graph = build_graph(vectors, settings, order=order, shelf=shelf)
    assert graph.graph.neighbors.tobytes() == whole.graph.neighbors.tobytes()
    assert graph.graph.distances.tobytes() == whole.graph.distances.tobytes()


class Told:
    """Progress that remembers how much of each stage was to be done, and was."""

    def __init__(self) -> None:
        self.done: dict[str, list[int]] = {}

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        counts = self.done.setdefault(title, [total or 0, 0])

        class Counted:
            def advance(self, steps: int = 1, /) -> None:
                counts[1] += steps

            def expect(self, total: int, /) -> None:
                counts[0] = total

        yield Counted()


@pytest.mark.parametrize("shard", [None, 700], ids=["whole", "in shards"])
def test_what_is_shown_of_a_build_ends_at_its_end(shard: int | None) -> None:
    vectors, told = ArrayVectors(clustered(6_000, 8)), Told()
    settings = replace(IVF, exact_up_to=5_000, shard=shard)
    index = build_index(vectors, choose_index(6_000, 8, settings), settings)
    build_graph(vectors, settings, order=ListOrder.of(index, np.arange(6_000)), progress=told)
    assert "Measuring distances" in told.done
    for total, done in told.done.values():
        assert done == pytest.approx(total, rel=0.01)

"""Surroundings against all distances, and where the graph knows too few of them."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Distances, Nodes, Vectors, unit_rows
from annclust.grouping.background import Background, no_background
from annclust.grouping.surroundings import Surroundings, surroundings, usable_rank
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.settings import LinkSettings
from annclust.vector_source import ArrayVectors
from tests.clustering.graphs import graph_of, pairwise_distances
from tests.grouping.samples import background, graph_without, lumps, unit_vectors

STRONG = LinkSettings().strong


def measured(
    vectors: Vectors, k: int | None, rank: int, behind: Background | None = None
) -> Surroundings:
    behind = no_background(vectors.shape[1]) if behind is None else behind
    return surroundings(graph_of(vectors, k), ArrayVectors(vectors), behind, rank, STRONG)


def on_a_circle(*degrees: float) -> Vectors:
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def chord(degrees: float) -> float:
    return float(2 * np.sin(np.radians(degrees) / 2))


CIRCLE = on_a_circle(0, 10, 30, 60)


def test_the_scale_is_the_distance_to_the_neighbor_of_that_rank() -> None:
    assert measured(CIRCLE, None, 1).scale == pytest.approx(
        [chord(10), chord(10), chord(20), chord(30)], rel=1e-5
    )
    assert measured(CIRCLE, None, 3).scale == pytest.approx(
        [chord(60), chord(50), chord(30), chord(60)], rel=1e-5
    )


def test_the_background_counts_like_photos_of_the_collection() -> None:
    behind = background(on_a_circle(5), on_a_circle(90))
    scale = measured(CIRCLE, None, 2, behind).scale
    assert scale[0] == pytest.approx(chord(10), rel=1e-5)
    assert scale[3] == pytest.approx(chord(30), rel=1e-5)


def test_where_all_are_fewer_than_the_rank_the_last_one_counts() -> None:
    assert measured(CIRCLE, None, 45).scale[0] == pytest.approx(chord(60), rel=1e-5)


def test_beyond_what_the_graph_knows_distances_grow_slowly() -> None:
    scale = measured(CIRCLE, 2, 45).scale
    assert scale[0] == pytest.approx(chord(30) * (45 / 2) ** (1 / 30), rel=1e-5)


def test_of_a_graph_that_knows_16_the_45th_is_a_little_farther() -> None:
    vectors = unit_vectors(60, 20)
    last = graph_of(vectors, 16).distances[:, -1]
    assert measured(vectors, 16, 45).scale == pytest.approx(1.035 * last, rel=1e-3)


def test_the_background_beyond_the_last_known_neighbor_does_not_count() -> None:
    vectors = on_a_circle(0, 10, 30, 55)  # from each the others can be reached
    far, near = on_a_circle(180), on_a_circle(20)
    alone = measured(vectors, 2, 3).scale[0]
    assert measured(vectors, 2, 3, background(far, far[:0])).scale[0] == alone
    assert measured(vectors, 2, 3, background(near, near[:0])).scale[0] == pytest.approx(
        chord(30), rel=1e-5
    )


def test_a_photo_whose_neighbors_are_unknown_is_measured_against_the_background() -> None:
    graph = graph_of(CIRCLE, 2)
    lost = graph_without(graph, np.arange(4)[:, np.newaxis] == [0])
    behind = background(on_a_circle(100, 140), on_a_circle())
    found = surroundings(lost, ArrayVectors(CIRCLE), behind, 2, STRONG)
    assert found.scale[0] == pytest.approx(chord(140), rel=1e-5)


def test_one_photo_has_but_the_background_around_it() -> None:
    one = on_a_circle(0)
    assert measured(one, None, 45).scale.tolist() == [0]
    behind = background(on_a_circle(50, 70), on_a_circle(90))
    assert measured(one, None, 2, behind).scale == pytest.approx([chord(70)], rel=1e-5)


def test_no_photos_have_nothing_around_them() -> None:
    nothing = ArrayVectors(np.zeros((0, 2), dtype=np.float32))
    found = surroundings(EMPTY_GRAPH, nothing, no_background(2), 45, STRONG)
    assert (found.scale.shape, found.page.shape) == ((0,), (0,))


def test_a_page_is_nearer_to_some_page_than_to_any_photo() -> None:
    photos, pages = on_a_circle(0, 40), on_a_circle(20, 180)
    vectors = on_a_circle(1, 19, 31, 170)
    found = measured(vectors, None, 1, background(photos, pages))
    assert found.page.tolist() == [False, True, False, True]
    assert not measured(vectors, None, 1).page.any()


def test_a_background_of_one_kind_decides_alone() -> None:
    some, none = on_a_circle(90), on_a_circle()
    assert measured(CIRCLE, None, 1, background(none, some)).page.all()
    assert not measured(CIRCLE, None, 1, background(some, none)).page.any()


@given(
    n=st.integers(1, 30),
    behind=st.integers(0, 20),
    rank=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_with_all_neighbors_known_it_is_the_distance_of_that_rank(
    n: int, behind: int, rank: int, seed: int
) -> None:
    everything = unit_vectors(n + behind, 6, seed)
    vectors, others = everything[:n], everything[n:]
    found = measured(vectors, None, rank, background(others[: behind // 2], others[behind // 2 :]))
    distances = np.sort(pairwise_distances(everything)[:n], axis=1)[:, 1:]
    place = min(rank, n + behind - 1) - 1
    expected = distances[:, place] if place >= 0 else np.zeros(n)
    assert found.scale == pytest.approx(expected, abs=1e-3)


@given(k=st.integers(1, 29), rank=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_what_a_graph_knows_is_as_if_it_knew_all(k: int, rank: int, seed: int) -> None:
    vectors = unit_vectors(30, 6, seed)
    few, all_of_them = measured(vectors, k, rank), measured(vectors, None, rank)
    if rank <= k:
        assert few.scale == pytest.approx(all_of_them.scale, rel=1e-5)
    else:
        assert (few.scale >= measured(vectors, k, k).scale).all()


@dataclass(frozen=True)
class Watched:
    """Vectors that note the blocks in which they are read."""

    rows: Vectors
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        n, d = self.rows.shape
        return n, d

    def block(self, first: int, last: int, /) -> Vectors:
        self.asked.append((first, last))
        return self.rows[first:last]

    def take(self, rows: Nodes, /) -> Vectors:
        return self.rows[rows]

    def longest(self) -> float:
        return 1.0


def ring(n: int) -> tuple[Vectors, NeighborGraph]:
    """Vectors around a circle, each with its two neighbors."""
    vectors = on_a_circle(*(np.arange(n) * 360 / n))
    own = np.arange(n)
    neighbors = np.column_stack([(own + 1) % n, (own - 1) % n]).astype(np.int32)
    distances: Distances = np.full((n, 2), chord(360 / n), dtype=np.float32)
    return vectors, NeighborGraph(neighbors, distances)


def test_many_photos_are_measured_in_blocks_on_any_number_of_threads() -> None:
    vectors, graph = ring(4100)
    behind = background(on_a_circle(0), on_a_circle(180))
    source = Watched(vectors)
    one = surroundings(graph, source, behind, 2, STRONG)
    assert source.asked == [(0, 4096), (4096, 4100)]
    assert one.scale == pytest.approx(chord(360 / 4100), rel=1e-5)
    assert one.page.tolist() == [1025 < place < 3075 for place in range(4100)]
    several = surroundings(graph, ArrayVectors(vectors), behind, 2, STRONG, threads=3)
    assert several.scale.tobytes() == one.scale.tobytes()
    assert several.page.tobytes() == one.page.tobytes()


def among_others(frames: int, k: int, spread: float = 0.15) -> tuple[Vectors, NeighborGraph]:
    """A burst, and a few hundred unrelated photos."""
    vectors = np.vstack([lumps([frames], 64, spread), unit_vectors(300, 64, 5)])
    return vectors, graph_of(vectors, k)


@pytest.mark.parametrize("frames", [18, 24, 40])
def test_around_a_burst_longer_than_the_lists_unrelated_photos_begin_as_elsewhere(
    frames: int,
) -> None:
    vectors, graph = among_others(frames, 16)
    behind = background(unit_vectors(60, 64, 9), vectors[:0])
    for shown in (behind, no_background(64)):
        scale = surroundings(graph, ArrayVectors(vectors), shown, 45, STRONG).scale
        knowing_all = measured(vectors, None, 45, shown).scale
        assert scale[:frames] == pytest.approx(knowing_all[:frames], rel=0.1)


def test_a_burst_longer_than_the_rank_is_its_own_background() -> None:
    vectors, graph = among_others(60, 16)
    scale = surroundings(graph, ArrayVectors(vectors), no_background(64), 45, STRONG).scale
    assert scale[:60] == pytest.approx(graph.distances[:60, -1] * (45 / 16) ** (1 / 30), rel=1e-5)


def test_one_far_photo_in_its_lists_does_not_hide_a_burst() -> None:
    vectors, graph = among_others(24, 16)
    distances, neighbors = graph.distances.copy(), graph.neighbors.copy()
    neighbors[0, -1], distances[0, -1] = 100, np.linalg.norm(vectors[0] - vectors[100])
    leaking = NeighborGraph(neighbors, distances)
    scale = surroundings(leaking, ArrayVectors(vectors), no_background(64), 45, STRONG).scale
    assert scale[1:24] == pytest.approx(measured(vectors, None, 45).scale[1:24], rel=0.1)


def test_the_background_bounds_where_unrelated_photos_begin_around_a_burst() -> None:
    vectors, graph = among_others(24, 16)
    near = unit_rows(vectors[:1] + 0.5 * unit_vectors(25, 64, 7))
    shown = background(near, unit_vectors(40, 64, 9))
    scale = surroundings(graph, ArrayVectors(vectors), shown, 45, STRONG).scale
    bound = np.sort(np.linalg.norm(vectors[0] - near, axis=1))[45 - 23 - 1]
    assert scale[0] == pytest.approx(bound, rel=1e-5)


def test_where_all_are_bursts_nobody_knows_where_unrelated_photos_begin() -> None:
    vectors = lumps([24, 24], 64, 0.1)
    graph = graph_of(vectors, 8)
    scale = surroundings(graph, ArrayVectors(vectors), no_background(64), 45, STRONG).scale
    assert scale.max() < 1.1 * graph.distances.max()
    behind = background(unit_vectors(60, 64, 9), vectors[:0])
    scale = surroundings(graph, ArrayVectors(vectors), behind, 45, STRONG).scale
    assert scale == pytest.approx(measured(vectors, None, 45, behind).scale, rel=0.1)


@pytest.mark.parametrize(("n", "rank"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (9, 5), (400, 45)])
def test_of_few_photos_without_a_background_half_are_unrelated(n: int, rank: int) -> None:
    assert usable_rank(45, n, no_background(2)) == rank


def test_what_is_kept_of_many_photos_is_little() -> None:
    vectors, graph = ring(50_000)
    many = on_a_circle(*np.linspace(0, 360, 400))
    tracemalloc.start()
    surroundings(graph, ArrayVectors(vectors), background(many, many[:0]), 45, STRONG)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20  # all distances to the background are 80 million bytes


def test_a_crowd_has_a_shorter_scale_than_an_empty_place() -> None:
    vectors = lumps([50, 1, 1, 1], 16, 0.05)
    scale = measured(vectors, None, 45, background(unit_vectors(60, 16, 9), vectors[:0])).scale
    assert (scale[:50] < 0.15).all()
    assert (scale[50:] > 0.8).all()

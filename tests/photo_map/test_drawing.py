from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits

from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from annclust.photo_map.affinities import affinities
from annclust.photo_map.descent import Phase, descend
from annclust.photo_map.drawing import draw_map
from annclust.photo_map.frame import Framed, told_apart
from annclust.photo_map.spectral_start import spectral_start
from annclust.progress import StoppedError
from tests.clustering.graphs import graph_of, neighbor_graphs
from tests.photo_map.graphs import cliques, crowds, kept
from tests.stopping import StopAt


def sizes_and_gaps(places: np.ndarray, groups: int) -> tuple[float, float]:
    """Largest distance from the middle of a group, and smallest between two middles."""
    grouped = places.reshape(groups, -1, 2)
    middles = grouped.mean(axis=1)
    away = np.linalg.norm(middles[:, np.newaxis] - middles, axis=2)
    np.fill_diagonal(away, np.inf)
    return np.linalg.norm(grouped - middles[:, np.newaxis], axis=2).max(), away.min()


def test_no_photo_and_one_photo_have_a_map() -> None:
    assert draw_map(EMPTY_GRAPH).places.shape == (0, 2)
    assert draw_map(cliques(1)).places.tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("sizes", [(2,), (3,), (1, 1), (1, 2), (2, 2), (4,), (1, 1, 1)])
def test_few_photos_have_a_place_each(sizes: tuple[int, ...]) -> None:
    places = told_apart(draw_map(cliques(*sizes)).places)
    assert places.dtype == np.float32
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == sum(sizes)


@limits(max_examples=25)
@given(graph=neighbor_graphs())
def test_a_map_fills_the_unit_square_one_way(graph: NeighborGraph) -> None:
    places = draw_map(graph).places
    assert places.min() >= 0
    assert places.max() <= 1
    assert np.ptp(places, axis=0).max() == pytest.approx(1, abs=1e-5)


def test_two_cliques_stay_apart() -> None:
    size, gap = sizes_and_gaps(draw_map(cliques(40, 40)).places, 2)
    assert gap > 2 * size


def test_pieces_of_a_graph_are_near_enough_to_see_them() -> None:
    places = draw_map(cliques(*[12] * 30)).places
    size, gap = sizes_and_gaps(places, 30)
    assert gap > 2 * size
    assert gap > 0.05


def test_crowds_are_apart_and_neighbors_together() -> None:
    graph = graph_of(crowds(), 20)
    places = draw_map(graph).places
    size, gap = sizes_and_gaps(places, 8)
    assert gap > size
    anywhere = np.random.default_rng(0).random(places.shape, dtype=np.float32)
    assert kept(graph, places, among=15) > 10 * kept(graph, anywhere, among=15)
    assert kept(graph, places, among=50) > 0.9


def test_copies_lie_together() -> None:
    points = crowds(groups=4)
    points[1:4], points[41:44] = points[0], points[40]
    places = draw_map(graph_of(points, 20)).places
    for first in (0, 40):
        assert np.ptp(places[first : first + 4], axis=0).max() < 0.05


def test_the_same_graph_gives_the_same_map_on_any_number_of_threads() -> None:
    n = 40_000  # several blocks of each step
    near = np.arange(n)[:, np.newaxis] + np.array([1, -1, 5, -5, 200, -200])
    distances = np.sort(np.random.default_rng(0).random((n, 6), dtype=np.float32), axis=1)
    graph = NeighborGraph((near % n).astype(np.int32), distances)
    maps = set()
    for threads in (1, 1, 2, 3):
        drawn_to = affinities(graph, threads=threads)
        start = spectral_start(drawn_to, seed=0)
        places = descend(drawn_to, start, (Phase(3, 12.0), Phase(3)), threads=threads)
        maps.add(places.tobytes())
    assert len(maps) == 1


def test_photos_that_stay_keep_about_their_place() -> None:
    points = crowds(groups=10, size=33)
    staying = np.arange(len(points)) % 11 > 0
    first = draw_map(graph_of(points[staying], 20))
    before = np.full((len(points), 2), np.nan, dtype=np.float32)
    before[staying] = first.places
    second = draw_map(graph_of(points, 20), Framed(before, first.unit))
    moved = np.linalg.norm(second.places[staying] - first.places, axis=1)
    assert np.median(moved) < 0.03
    assert moved.max() < 0.3
    size, gap = sizes_and_gaps(second.places, 10)
    assert gap > size


def test_a_map_of_mostly_new_photos_is_laid_over_the_one_before() -> None:
    points = crowds(groups=4)
    old = draw_map(graph_of(points[:40], 20))
    before = np.full((160, 2), np.nan, dtype=np.float32)
    before[:40] = old.places
    found = draw_map(graph_of(points, 20), Framed(before, old.unit))
    size, gap = sizes_and_gaps(found.places, 4)
    assert gap > size


def test_what_is_known_of_one_photo_is_too_little() -> None:
    graph = graph_of(crowds(groups=2), 20)
    before = np.full((80, 2), np.nan, dtype=np.float32)
    before[0] = 0.5
    assert np.array_equal(draw_map(graph, Framed(before, 1.0)).places, draw_map(graph).places)


def test_drawing_tells_of_each_step_and_can_be_stopped() -> None:
    graph = cliques(5, 5)
    listener = StopAt(10_000)
    listener.expect = lambda total: steps.append(total)  # type: ignore[method-assign]
    steps: list[int] = []
    draw_map(graph, progress=listener)
    assert listener.titles == ["Drawing the map"]
    assert steps == [460]
    with pytest.raises(StoppedError):
        draw_map(graph, progress=StopAt(100))

"""Links: the ratio by hand, and each of the four things that correct it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annclust.arrays import Distances
from annclust.grouping.layout import Layouts
from annclust.grouping.links import Pairs, link_ratios, pair_ratios
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import Surroundings
from annclust.neighbor_graph import NeighborGraph
from annclust.settings import LinkSettings
from tests.clustering.graphs import graph_of
from tests.grouping.samples import around, descriptors, unit_vectors

SETTINGS = LinkSettings()
STRONG, NEAR = SETTINGS.strong, SETTINGS.near

PICTURE, OTHER = np.random.default_rng(0).normal(size=(2, 8, 8))
WIDE = around(1, 1)
"""Two photos with much room around each."""
CROWDED = around(0.1, 0.1)
"""Two photos in a crowd."""
PAGES = around(1, 1, pages=[0, 1])


def layouts(*pictures: NDArray[np.float64]) -> Layouts:
    return Layouts.of(descriptors(np.stack(pictures)))


def correlated(agreement: float) -> NDArray[np.float64]:
    """A picture whose layout agrees so much with that of `PICTURE`."""
    ours, theirs = (cells - cells.mean() for cells in (PICTURE, OTHER))
    ours /= np.linalg.norm(ours)
    theirs -= ours * (ours * theirs).sum()
    theirs /= np.linalg.norm(theirs)
    mixed: NDArray[np.float64] = agreement * ours + np.sqrt(1 - agreement**2) * theirs
    return mixed


def ratio(
    distance: float,
    between: Surroundings,
    seen: Layouts | None = None,
    moments: Moments | None = None,
) -> float:
    """Of the link between two photos."""
    pairs = Pairs(np.array([0]), np.array([1]), np.array([distance], dtype=np.float32))
    moments = Moments.unknown(2) if moments is None else moments
    return float(pair_ratios(pairs, between, seen, moments, SETTINGS)[0])


def test_it_is_the_distance_over_the_geometric_mean_of_the_scales() -> None:
    assert ratio(0.3, around(0.25, 1)) == pytest.approx(0.6)
    assert ratio(0.3, around(0.9, 0.4)) == pytest.approx(0.5)


def test_unrelated_photos_have_no_link() -> None:
    assert ratio(0.999, WIDE) == pytest.approx(0.999)
    assert ratio(1.0, WIDE) == np.inf


def test_without_layouts_only_what_is_one_vector_but_for_rounding_is_linked_in_a_crowd() -> None:
    crowd = around(1e-4, 1e-4)
    assert ratio(1e-3, crowd) == 0
    assert ratio(2e-3, crowd) == np.inf


def test_where_all_around_are_copies_another_photo_is_linked_to_none_of_them() -> None:
    copies = around(0, 1.2)
    assert ratio(0, copies) == 0
    assert ratio(1.1, copies) == np.inf
    assert ratio(1.1, copies, layouts(PICTURE, OTHER)) == np.inf
    assert ratio(NEAR, copies, layouts(PICTURE, PICTURE)) == pytest.approx(STRONG)


def test_what_was_taken_at_one_moment_is_closer() -> None:
    unknown = np.full(2, np.nan)
    soon, later = (Moments(np.array([0.0, s]), unknown, unknown) for s in (9, 11))
    assert ratio(0.5, WIDE, moments=soon) == pytest.approx(0.5 * SETTINGS.closer)
    assert ratio(0.5, WIDE, moments=later) == 0.5


def test_near_photos_whose_layouts_agree_are_linked_in_any_crowd() -> None:
    assert ratio(0.3, CROWDED, layouts(PICTURE, PICTURE)) == pytest.approx(STRONG * 0.3 / NEAR)
    assert ratio(0.3, CROWDED, layouts(PICTURE, correlated(0.92))) < STRONG


def test_near_photos_whose_layouts_differ_are_not() -> None:
    assert ratio(0.3, CROWDED, layouts(PICTURE, correlated(0.88))) == np.inf
    assert ratio(0.3, CROWDED, layouts(PICTURE, OTHER)) == np.inf


def test_nor_are_photos_that_agree_and_yet_are_not_near() -> None:
    assert ratio(0.36, CROWDED, layouts(PICTURE, PICTURE)) == np.inf


def test_nearness_never_weakens_a_link() -> None:
    assert ratio(0.3, around(2, 2), layouts(PICTURE, PICTURE)) == pytest.approx(0.15)


def test_pages_are_linked_only_if_their_layouts_agree_closely() -> None:
    assert ratio(0.5, PAGES, layouts(PICTURE, correlated(0.995))) == pytest.approx(0.5)
    assert ratio(0.5, PAGES, layouts(PICTURE, correlated(0.98))) == np.inf
    assert ratio(0.01, PAGES, layouts(PICTURE, OTHER)) == np.inf


def test_pages_in_a_crowd_do_not_become_near() -> None:
    crowd = around(0.1, 0.1, pages=[0, 1])
    assert ratio(0.3, crowd, layouts(PICTURE, PICTURE)) == np.inf


def test_a_page_and_a_photo_are_compared_as_photos_are() -> None:
    mixed = around(1, 1, pages=[0])
    assert ratio(0.5, mixed, layouts(PICTURE, OTHER)) == pytest.approx(0.5)


@pytest.mark.parametrize("turned", [np.rot90(PICTURE), PICTURE[:, ::-1]])
def test_a_turned_copy_has_a_sure_link(turned: NDArray[np.float64]) -> None:
    assert ratio(0.8, WIDE, layouts(PICTURE, turned)) == pytest.approx(STRONG / 2)


def test_a_turned_copy_that_is_as_far_as_unrelated_photos_has_none() -> None:
    assert ratio(1.0, WIDE, layouts(PICTURE, np.rot90(PICTURE))) == np.inf


def test_a_picture_that_is_like_its_own_mirror_image_is_not_taken_for_turned() -> None:
    even = PICTURE + PICTURE[:, ::-1]
    assert ratio(0.8, WIDE, layouts(even, even)) == pytest.approx(0.8)


def test_layouts_that_differ_leave_the_ratio_of_photos_as_it_is() -> None:
    assert ratio(0.8, WIDE, layouts(PICTURE, OTHER)) == pytest.approx(0.8)
    assert ratio(0.5, WIDE, layouts(PICTURE, OTHER)) == pytest.approx(0.5)


def some_layouts(n: int, seed: int) -> Layouts:
    rng = np.random.default_rng(seed)
    pictures = rng.normal(size=(3, 8, 8))[rng.integers(3, size=n)]
    return layouts(*(pictures + rng.normal(scale=0.1, size=(n, 8, 8))))


def some_moments(n: int, seed: int) -> Moments:
    rng = np.random.default_rng(seed)
    return Moments(rng.integers(0, 100, n) * 1.0, np.full(n, np.nan), np.full(n, np.nan))


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 3), has_layouts=st.booleans())
def test_links_are_the_same_in_both_directions_and_nowhere_unrelated(
    seed: int, scale: float, has_layouts: bool
) -> None:
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, 10, size=(2, 40))
    distance = rng.random(40).astype(np.float32)
    between = Surroundings((scale * rng.random(10)).astype(np.float32), rng.random(10) < 0.5)
    seen = some_layouts(10, seed) if has_layouts else None
    moments = some_moments(10, seed)
    there = pair_ratios(Pairs(left, right, distance), between, seen, moments, SETTINGS)
    back = pair_ratios(Pairs(right, left, distance), between, seen, moments, SETTINGS)
    assert there == pytest.approx(back, rel=1e-5)
    assert ((there < 1) | np.isinf(there)).all()


def all_ratios(graph: NeighborGraph, threads: int = 1) -> Distances:
    n = graph.n
    between = Surroundings(np.linspace(1, 2, n, dtype=np.float32), np.arange(n) % 3 == 0)
    return link_ratios(
        graph, between, some_layouts(n, 1), some_moments(n, 2), SETTINGS, threads=threads
    )


def test_each_edge_of_a_graph_has_the_ratio_of_its_pair() -> None:
    graph = graph_of(unit_vectors(30, 3), 6)
    between = Surroundings(np.linspace(1, 2, 30, dtype=np.float32), np.arange(30) % 3 == 0)
    rows = np.repeat(np.arange(30), 6)
    pairs = Pairs(rows, graph.neighbors.ravel().astype(np.int64), graph.distances.ravel())
    expected = pair_ratios(pairs, between, some_layouts(30, 1), some_moments(30, 2), SETTINGS)
    assert all_ratios(graph).ravel().tolist() == expected.tolist()
    assert np.isfinite(expected).any()


def test_where_there_is_no_neighbor_there_is_no_link() -> None:
    neighbors = np.array([[1, -1], [0, -1], [-1, -1]], dtype=np.int32)
    distances = np.array([[0.5, np.inf], [0.5, np.inf], [np.inf, np.inf]], dtype=np.float32)
    found = link_ratios(
        NeighborGraph(neighbors, distances), around(1, 1, 1), None, Moments.unknown(3), SETTINGS
    )
    assert found.tolist() == [[0.5, np.inf], [0.5, np.inf], [np.inf, np.inf]]


def test_many_photos_are_linked_in_blocks_on_any_number_of_threads() -> None:
    n = 8200
    neighbors = np.roll(np.arange(n), -1)[:, np.newaxis].astype(np.int32)
    distances = np.linspace(0.1, 1.5, n, dtype=np.float32)[:, np.newaxis]
    graph = NeighborGraph(neighbors, distances)
    one = all_ratios(graph)
    assert all_ratios(graph, threads=3).tobytes() == one.tobytes()
    assert np.isfinite(one[8190:8195]).all()


@pytest.mark.parametrize("near", [0.1, 0.3, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("turned", [np.rot90(PICTURE), PICTURE[:, ::-1], PICTURE.T])
def test_a_turned_page_has_a_sure_link_however_near_it_seems(
    near: float, turned: NDArray[np.float64]
) -> None:
    assert ratio(near, PAGES, layouts(PICTURE, turned)) == pytest.approx(STRONG / 2)


def test_turned_pages_must_agree_as_closely_as_upright_ones() -> None:
    assert ratio(0.8, WIDE, layouts(PICTURE, np.rot90(correlated(0.98)))) < STRONG
    assert ratio(0.8, PAGES, layouts(PICTURE, np.rot90(correlated(0.98)))) == np.inf


def test_blank_pages_have_no_layout_that_could_differ() -> None:
    blank = np.full((8, 8), 1.0)
    assert ratio(0.5, PAGES, layouts(blank, blank)) == pytest.approx(0.5)
    assert ratio(0.5, PAGES, layouts(blank, PICTURE)) == pytest.approx(0.5)
    assert ratio(0.5, PAGES, layouts(PICTURE, OTHER)) == np.inf
    assert layouts(blank, PICTURE).flat(np.array([0, 1])).tolist() == [True, False]


def test_without_layouts_nearness_is_a_share_of_the_usual_scale() -> None:
    crowd = replace(CROWDED, usual=1.0)
    share = SETTINGS.near_share
    assert ratio(share * 0.999, crowd) == pytest.approx(STRONG * 0.999)
    assert ratio(share * 1.7, crowd) == np.inf

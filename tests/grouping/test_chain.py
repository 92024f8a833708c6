"""The whole chain, from vectors and their neighbors to one tree of groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Labels, Measures, Vectors, unit_rows
from annclust.clustering.spanning_tree import connected
from annclust.embedding.descriptor import DESCRIPTOR_LENGTH, LIGHT
from annclust.grouping.background import Background, no_background
from annclust.grouping.chain import group_photos
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.moments import Moments
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.settings import GroupSettings, LinkSettings
from annclust.vector_source import ArrayVectors
from tests.clustering.graphs import graph_of, pairwise_distances
from tests.grouping.samples import background, lumps, same_partition, unit_vectors

SETTINGS = GroupSettings()


def grouped(
    vectors: Vectors,
    k: int | None = None,
    behind: Background | None = None,
    moments: Moments | None = None,
    settings: GroupSettings = SETTINGS,
    *,
    has_layouts: bool = False,
    threads: int = 1,
    progress: Progress = SILENT,
) -> GroupTree:
    n, d = vectors.shape
    return group_photos(
        graph_of(vectors, None if k is None else min(k, n - 1)),
        ArrayVectors(vectors),
        no_background(d) if behind is None else behind,
        Moments.unknown(n) if moments is None else moments,
        settings,
        has_layouts=has_layouts,
        threads=threads,
        progress=progress,
    ).tree


def scenery(d: int, seed: int = 99) -> Background:
    """Sixty unrelated photos."""
    photos = unit_vectors(60, d, seed)
    return background(photos, photos[:0])


def on_a_circle(*degrees: float) -> Vectors:
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def test_bursts_become_shots_and_what_is_unrelated_stays_alone() -> None:
    vectors = lumps([4, 3, 1, 2, 1], 256, 0.2)
    tree = grouped(vectors, behind=scenery(256))
    assert tree.cut(1).tolist() == [0, 0, 0, 0, 1, 1, 1, -1, 2, 2, -1]
    assert tree.cut(1.9).tolist() == tree.cut(1).tolist()
    assert tree.cut(9).tolist() == [0] * 11


def test_shots_that_are_alike_become_a_scene() -> None:
    rng = np.random.default_rng(1)
    scenes = np.repeat(unit_vectors(3, 256), 4, axis=0)  # each of four shots of three photos
    shots = np.repeat(unit_rows(scenes + rng.normal(size=scenes.shape) / 16), 3, axis=0)
    vectors = unit_rows(shots + 0.1 * rng.normal(size=shots.shape) / 16)
    tree = grouped(vectors, behind=scenery(256))
    assert same_partition(tree.cut(1), np.repeat(np.arange(12), 3))
    assert same_partition(tree.cut(2), np.repeat(np.arange(3), 12))


@pytest.mark.parametrize(
    ("ratio", "height"),
    [(0.315, 0.5), (0.6299, 1), (0.6301, 1), (0.755, 1.5), (0.88, 2), (0.905, 3), (1, 4)],
)
def test_granularities_are_ratios_told_in_levels(ratio: float, height: float) -> None:
    apart = float(np.degrees(4 * np.arcsin(ratio / 2)))
    far = on_a_circle(apart / 2 + 180)
    settings = GroupSettings(links=LinkSettings(rank=2))
    behind = background(np.repeat(far, 3, axis=0), far[:0])  # not half of what is around them
    tree = grouped(on_a_circle(0, apart), None, behind, settings=settings)
    assert tree.ratio == pytest.approx([ratio], rel=1e-3)
    assert tree.height == pytest.approx([height], abs=0.02)
    assert (tree.height <= 1).tolist() == [ratio < 0.63]


def test_groups_farther_apart_than_any_photos_on_average_are_joined_beyond_everything() -> None:
    center = unit_vectors(1, 32, 3)
    vectors = np.vstack([unit_rows(center + 2 * unit_vectors(30, 32)), -center])
    assert grouped(vectors, behind=scenery(32)).height[-1] > 4


def test_many_copies_draw_nobody_into_their_shot() -> None:
    vectors = np.vstack([np.repeat(unit_vectors(1, 32), 20, axis=0), unit_vectors(12, 32, 5)])
    labels = grouped(vectors, 6, scenery(32)).cut(1)
    assert (labels[20:] == -1).all()
    assert (labels[:20] >= 0).all()


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("min_samples", [1, 2])
def test_few_photos_are_grouped_as_well(n: int, min_samples: int) -> None:
    vectors = np.repeat(unit_vectors(1, 8), n, axis=0)
    settings = GroupSettings(min_samples=min_samples)
    for behind in (no_background(8), scenery(8)):
        tree = grouped(vectors, None, behind, settings=settings)
        assert tree.cut(1).tolist() == ([0, 0] if n == 2 else [-1] * n)


def test_a_turned_copy_is_found_by_its_layout() -> None:
    light = np.random.default_rng(0).normal(size=(8, 8))
    vectors = np.zeros((2, DESCRIPTOR_LENGTH), dtype=np.float32)
    vectors[:, :2] = on_a_circle(0, 55)
    for row, picture in zip(vectors, (light, np.rot90(light)), strict=True):
        row[LIGHT] = picture.ravel() / np.linalg.norm(picture) / 3
    vectors, behind = unit_rows(vectors), scenery(DESCRIPTOR_LENGTH)
    assert grouped(vectors, None, behind).cut(1).tolist() == [-1, -1]
    assert grouped(vectors, None, behind, has_layouts=True).cut(1).tolist() == [0, 0]


def taken(*seconds: float) -> Moments:
    nowhere = np.full(len(seconds), np.nan)
    return Moments(np.array(seconds), nowhere, nowhere)


def test_photos_that_follow_each_other_are_compared_though_neither_is_a_neighbor() -> None:
    """Of closed groups, whose lists know nobody else, beside photos that stand alone."""
    vectors, behind = np.zeros((90, 64), dtype=np.float32), scenery(64)
    vectors[:60, :32], vectors[60:, 32:] = lumps([6] * 10, 32, 0.2), unit_vectors(30, 32, 5)
    closed, hours = np.repeat(np.arange(10), 6), np.arange(60, 90) * 36000.0
    clock = np.concatenate([closed * 300.0 + np.tile(np.arange(6), 10), hours])
    assert same_partition(grouped(vectors, 5, behind).cut(9)[:60], closed)
    assert len({*grouped(vectors, 5, behind, taken(*clock)).cut(9)[:60].tolist()}) == 1
    assert same_partition(grouped(vectors, 5, behind, taken(*10 * clock)).cut(9)[:60], closed)
    assert same_partition(grouped(vectors, 5, behind, taken(*0 * clock)).cut(9)[:60], closed)


def test_one_outing_brings_scenes_closer() -> None:
    """Of pairs that are a little alike, two are of one outing."""
    centers = unit_vectors(20, 64, 4)
    centers = unit_rows(np.repeat(centers[::2], 2, axis=0) + 0.9 * unit_vectors(20, 64, 6))
    vectors = unit_rows(np.repeat(centers, 2, axis=0) + 0.1 * unit_vectors(40, 64, 7))
    behind, hours = scenery(64), np.repeat(np.arange(20) * 36000.0, 2) + np.tile([0, 9], 20)
    soon = np.where(np.arange(40) // 2 == 1, hours[0] + 300, hours)

    def height(clock: Measures) -> float:
        tree, granularity = grouped(vectors, None, behind, taken(*clock)), np.linspace(1, 4, 301)
        return next(g for g in granularity if len({*tree.cut(g)[[0, 3]].tolist()}) == 1)

    assert height(soon) < height(hours)


@pytest.mark.parametrize(("still", "together"), [(False, True), (True, False)])
def test_one_moment_brings_shots_closer_where_times_tell(still: bool, together: bool) -> None:
    vectors = np.vstack([lumps([2] * 20, 64, 0.3), unit_vectors(20, 64, 8)])
    nearly = unit_rows(vectors[40] + 1.42 * unit_vectors(1, 64, 9))  # a ratio of .65
    vectors, behind = np.vstack([vectors, nearly]), scenery(64)
    clock = np.concatenate([np.repeat(np.arange(20) * 60.0, 2), np.arange(40, 60) * 60.0, [2405]])
    assert grouped(vectors, None, behind).cut(1)[[40, -1]].tolist() == [-1, -1]
    found = grouped(vectors, None, behind, taken(*(0 if still else 1) * clock)).cut(1)
    assert (found[40] == found[-1] >= 0) == together


def test_pages_of_other_layouts_meet_in_scenes_at_the_earliest() -> None:
    light = np.random.default_rng(0).normal(size=(2, 8, 8))
    vectors = np.zeros((2, DESCRIPTOR_LENGTH), dtype=np.float32)
    vectors[:, 0] = 1
    for row, picture in zip(vectors, light, strict=True):
        row[LIGHT] = picture.ravel() / np.linalg.norm(picture) / 5
    vectors, behind = unit_rows(vectors), scenery(DESCRIPTOR_LENGTH)
    assert grouped(vectors, None, behind, has_layouts=True).cut(1).tolist() == [0, 0]
    drawn = replace(behind, drawn=np.ones(60, dtype=np.bool_))
    tree = grouped(vectors, None, drawn, has_layouts=True)
    assert (tree.cut(1.99).tolist(), tree.cut(2).tolist()) == ([-1, -1], [0, 0])


def test_a_long_burst_changes_no_theme_of_others() -> None:
    themes = np.repeat(np.eye(64)[:6], 4, axis=0) + 0.9 * unit_vectors(24, 64, 6)
    vectors = unit_rows(np.repeat(themes, 3, axis=0) + 0.3 * unit_vectors(72, 64, 7))
    with_burst = np.vstack([vectors, lumps([80], 64, 0.02, seed=5)])
    behind, expected = scenery(64), np.repeat(np.arange(6), 12)
    for each in (vectors, with_burst):
        assert same_partition(grouped(each, None, behind).cut(3)[:72], expected)


def test_of_a_complete_graph_all_links_of_shots_are_proven_and_those_above_never() -> None:
    tree = grouped(lumps([4, 3, 2], 32, 0.2), behind=scenery(32))
    assert tree.proven.tolist() == (tree.height <= 1).tolist()


def test_where_neighbors_may_be_missing_links_beyond_them_are_not_proven() -> None:
    settings = GroupSettings(links=LinkSettings(strong=0.95, weak=0.98))
    vectors = lumps([12, 12], 32, 0.2)
    few, many = (grouped(vectors, k, scenery(32), settings=settings) for k in (3, 23))
    assert 0 < few.proven[few.height <= 1].mean() < 1
    assert many.proven[many.height <= 1].all()


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_no_pair_that_the_graph_lacks_comes_before_a_proven_link(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = lumps(rng.integers(1, 8, size=4).tolist(), 8, rng.choice([0.1, 0.5]), seed)
    n, settings = len(vectors), GroupSettings(links=LinkSettings(strong=0.95, weak=0.98))
    k = min(k, n - 1)
    found = group_photos(
        graph_of(vectors, k),
        ArrayVectors(vectors),
        scenery(8),
        Moments.unknown(n),
        settings,
        has_layouts=False,
    )
    scale = found.around.scale
    ratios = pairwise_distances(vectors) / np.sqrt(np.outer(scale, scale))
    proven = found.tree.chosen(np.flatnonzero(found.tree.proven))
    for left, right, ratio in zip(proven.left, proven.right, proven.ratio, strict=True):
        before = connected(*np.nonzero(ratios < ratio - 1e-4), n)
        assert before[left] != before[right]


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 12), min_samples=st.integers(1, 3))
def test_the_tree_is_sound(seed: int, k: int, min_samples: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(1, 6)).tolist()
    vectors = lumps(sizes, 8, rng.choice([0.0, 0.3, 1.0]), seed)
    moments = taken(*rng.choice([np.nan, 0, 5, 60, 1000, 1e6], size=len(vectors)))
    settings = replace(SETTINGS, min_samples=min_samples)
    tree = grouped(vectors, k, scenery(8), moments, settings)
    assert (np.diff(tree.height) >= 0).all()
    assert np.isfinite(tree.table).all()
    groups = tree.groups()
    assert len(tree.left) == tree.n - len(set(groups.tolist()))
    graph = graph_of(vectors, min(k, len(vectors) - 1))
    for own, neighbors in enumerate(graph.neighbors.tolist()):
        assert set(groups[neighbors].tolist()) <= {groups[own]}


def test_threads_make_no_difference() -> None:
    vectors = lumps([5, 5, 4, 3, 1], 16, 0.4)
    one, two = (grouped(vectors, 6, scenery(16), threads=threads) for threads in (1, 2))
    assert one.table.tobytes() == two.table.tobytes()


@dataclass
class Listener:
    """Adds up what a stage reports."""

    totals: dict[str, int | None] = field(default_factory=dict)
    done: int = 0

    @contextmanager
    def stage(
        self, title: str, /, total: int | None = None, *, unit: str = ""
    ) -> Iterator[Listener]:
        self.totals[title] = total
        yield self

    def advance(self, steps: int = 1, /) -> None:
        self.done += steps

    def expect(self, total: int, /) -> None:
        raise AssertionError("the total is known from the first")


def test_it_tells_how_far_it_is() -> None:
    listener = Listener()
    grouped(lumps([4, 3], 16, 0.2), progress=listener)
    assert set(listener.totals) == {"Surroundings", "Links", "Shots", "Scenes"}
    assert listener.totals["Links"] == 7
    assert listener.done >= 7


def many_photos(d: int) -> tuple[Vectors, Labels]:
    """More than 4096 photos in scenes of 14; scenes differ in 60 directions, photos in all.

    All photos have one direction in common, as those of any network do.
    """
    rng, size, scenes = np.random.default_rng(0), 14, 300
    centers = np.zeros((scenes, d), dtype=np.float32)
    centers[:, :60], centers[:, 60] = unit_vectors(scenes, 60), 1
    labels = np.repeat(np.arange(scenes), size)
    noise = rng.normal(size=(scenes * size, d)) * 0.85 / np.sqrt(d)
    return unit_rows(centers[labels] + noise), labels


def nearest(vectors: Vectors, k: int) -> NeighborGraph:
    """The k nearest neighbors of many vectors."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2)
    some = np.argpartition(-alike, k, axis=1)[:, :k]
    closeness = np.take_along_axis(alike, some, axis=1)
    order = np.argsort(-closeness, axis=1)
    distances = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(closeness, order, axis=1), 0))
    return NeighborGraph(np.take_along_axis(some, order, axis=1), distances)


@pytest.mark.parametrize("d", [128, 200])  # whole vectors are compared, or few axes of them
def test_scenes_of_many_photos_are_found_on_few_axes_as_in_whole_vectors(
    d: int,
) -> None:
    vectors, scenes = many_photos(d)
    graph = nearest(vectors, 16)
    tree = group_photos(
        graph,
        ArrayVectors(vectors),
        scenery(d),
        Moments.unknown(len(vectors)),
        SETTINGS,
        has_layouts=False,
    ).tree
    assert same_partition(tree.cut(2), scenes)
    assert (tree.cut(1) < 0).mean() > 0.7  # these are not shots


@pytest.mark.parametrize("frames", [10, 20, 44, 300])
def test_a_burst_is_one_shot_even_if_the_graph_knows_but_a_few_of_its_frames(frames: int) -> None:
    vectors = np.vstack([lumps([frames], 256, 0.15), unit_vectors(400, 256, 5)])
    tree = grouped(vectors, 16)
    expected = np.where(np.arange(frames + 400) < frames, 0, -1)
    assert tree.cut(1).tolist() == expected.tolist()


def test_times_never_split_a_shot() -> None:
    rng = np.random.default_rng(2)
    for seed in range(20):
        vectors = lumps([6, 5, 3], 8, 0.5, seed)
        moments = taken(*rng.choice([0.0, 5.0, 1e4, 1e4 + 5, 2e4], len(vectors)))
        without, with_times = (grouped(vectors, None, scenery(8), each) for each in (None, moments))
        for granularity in (0.3, 0.7, 1):
            finer, coarser = without.cut(granularity), with_times.cut(granularity)
            for shot in set(finer.tolist()) - {-1}:
                assert len(set(coarser[finer == shot].tolist())) == 1
                assert (coarser[finer == shot] >= 0).all()

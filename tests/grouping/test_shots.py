"""Shots against branches that are found by looking at all links, again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Distances, Labels
from annclust.clustering.spanning_tree import connected
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.shots import shot_tree
from annclust.settings import GroupSettings, LinkSettings, Method
from tests.grouping.samples import lists_of, ratio_matrices, same_partition

SETTINGS = GroupSettings()
STRONG, WEAK = SETTINGS.links.strong, SETTINGS.links.weak


def ratios_of(n: int, links: dict[tuple[int, int], float]) -> Distances:
    """A matrix of the ratios of all pairs."""
    matrix = np.full((n, n), np.inf, dtype=np.float32)
    for (left, right), ratio in links.items():
        matrix[left, right] = matrix[right, left] = ratio
    return matrix


def tree_of_all(matrix: Distances, settings: GroupSettings = SETTINGS) -> GroupTree:
    """The tree of photos of which all links are known."""
    return shot_tree(*lists_of(matrix), np.full(len(matrix), np.inf), settings)


def shots(
    n: int, links: dict[tuple[int, int], float], settings: GroupSettings = SETTINGS
) -> list[int]:
    return tree_of_all(ratios_of(n, links), settings).cut(1).tolist()


def along(*ratios: float) -> dict[tuple[int, int], float]:
    """Links from each photo to the next."""
    return {(place, place + 1): ratio for place, ratio in enumerate(ratios)}


def test_photos_with_strong_links_are_a_shot() -> None:
    assert shots(5, {(0, 1): 0.2, (1, 2): 0.3, (3, 4): 0.1}) == [0, 0, 0, 1, 1]


def test_two_photos_are_one_shot_or_none() -> None:
    assert shots(2, {(0, 1): 0.5}) == [0, 0]
    assert shots(2, {(0, 1): 0.7}) == [-1, -1]
    assert shots(2, {}) == [-1, -1]


def test_the_only_pair_among_unrelated_photos_is_a_shot() -> None:
    assert shots(3, {(0, 1): 0.2}) == [0, 0, -1]
    assert shots(6, {(2, 4): 0.2}) == [-1, -1, 0, -1, 0, -1]


def test_the_only_part_among_unrelated_photos_splits_where_it_would_alone() -> None:
    part = along(0.1, 0.84, 0.1)
    assert shots(4, part) == [0, 0, 1, 1]
    assert shots(7, part) == [0, 0, 1, 1, -1, -1, -1]


def test_photos_without_links_are_no_shots() -> None:
    tree = tree_of_all(ratios_of(4, {}))
    assert (tree.n, len(tree.left)) == (4, 0)
    assert tree.cut(1).tolist() == [-1] * 4


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("min_samples", [1, 3])
def test_no_photo_and_one_have_no_links(n: int, min_samples: int) -> None:
    tree = tree_of_all(ratios_of(n, {}), GroupSettings(min_samples=min_samples))
    assert tree.cut(1).tolist() == [-1] * n


def test_weak_links_alone_make_no_shot() -> None:
    assert shots(3, along(0.7, 0.7)) == [-1, -1, -1]


def test_a_weak_link_joins_what_has_a_strong_one() -> None:
    assert shots(3, along(0.6, 0.7)) == [0, 0, 0]


def test_and_so_do_weak_links_that_come_before_the_one_to_it() -> None:
    assert shots(4, along(0.75, 0.77, 0.62)) == [0, 0, 0, 0]


def test_nothing_is_joined_by_more_than_a_weak_link() -> None:
    assert shots(3, along(0.6, 0.79)) == [0, 0, -1]


def test_nothing_splits_at_a_strong_link() -> None:
    assert shots(8, along(0.01, 0.01, 0.01, 0.6, 0.01, 0.01, 0.01)) == [0] * 8
    assert shots(8, along(0.01, 0.01, 0.01, 0.7, 0.01, 0.01, 0.01)) == [0] * 4 + [1] * 4


def test_leaves_are_finer_than_the_largest_mass() -> None:
    links = along(0.62, 0.64, 0.62)
    assert shots(4, links) == [0, 0, 0, 0]
    assert shots(4, links, GroupSettings(method="leaf")) == [0, 0, 1, 1]


def test_a_photo_with_one_neighbor_is_not_dense_by_two() -> None:
    links = {(0, 1): 0.2, (1, 2): 0.2, (0, 2): 0.2, (2, 3): 0.1}
    assert shots(4, links) == [0, 0, 0, 0]
    assert shots(4, links, GroupSettings(min_samples=2)) == [0, 0, 0, -1]


def test_weak_links_join_once_the_surest_of_them_would_do() -> None:
    tree = tree_of_all(ratios_of(3, along(0.7, 0.75)))
    assert tree.height == pytest.approx([0.7 / STRONG, 0.7 / STRONG])


def test_branches_that_stand_apart_are_joined_just_above_shots() -> None:
    tree = tree_of_all(ratios_of(8, along(0.01, 0.01, 0.01, 0.7, 0.01, 0.01, 0.01)))
    assert tree.height[-1] == pytest.approx(0.7 / STRONG)
    assert tree.cut(1.2).tolist() == [0] * 8


def test_copies_are_joined_first_of_all() -> None:
    tree = tree_of_all(ratios_of(5, {(0, 1): 0, (2, 3): 0, (3, 4): 0.3}))
    assert tree.cut(0).tolist() == [0, 0, 1, 1, -1]
    assert tree.cut(1).tolist() == [0, 0, 1, 1, 1]


def test_a_link_that_a_missing_one_could_precede_is_not_proven() -> None:
    matrix = ratios_of(4, along(0.2, 0.5, 0.2))
    tree = shot_tree(*lists_of(matrix), np.array([0.3, 0.6, 0.3, 0.3]), SETTINGS)
    assert dict(zip(tree.ratio.round(3).tolist(), tree.proven.tolist(), strict=True)) == {
        0.2: True,
        0.5: False,
    }
    tree = shot_tree(*lists_of(matrix), np.array([0.6, 0.6, 0.3, 0.3]), SETTINGS)
    assert tree.proven.all()


def several(labels: Labels, photos: list[int]) -> list[list[int]]:
    """Photos of each group of at least two."""
    groups = [[photo for photo in photos if labels[photo] == own] for own in set(labels[photos])]
    return [group for group in groups if len(group) > 1]


@dataclass(frozen=True)
class Oracle:
    """Shots by their definition: slow, and obvious."""

    reach: Distances
    method: Method = "eom"

    def parts(self, photos: list[int], most: float) -> list[list[int]]:
        """Several of some photos that links of at most so much hold together."""
        inside = np.zeros_like(self.reach, dtype=bool)
        inside[np.ix_(photos, photos)] = True
        left, right = np.nonzero((self.reach <= most) & inside)
        return several(connected(left, right, len(self.reach)), photos)

    def best(self, photos: list[int], born: float) -> tuple[float, list[list[int]]]:
        """The largest mass of a branch or of what is below it, and the branches that have it."""
        mass, left = 0.0, photos
        while True:
            links = np.unique(self.reach[np.ix_(left, left)])
            split = next(link for link in links if self.parts(left, link) == [left])
            below = self.parts(left, np.nextafter(split, 0))
            density = (1 - float(split)) / float(split)
            if len(below) != 1:
                break
            mass += (density - born) * (len(left) - len(below[0]))
            left = below[0]
        mass += (density - born) * len(left)
        if split < STRONG or not below:
            return mass, [photos]
        masses, branches = zip(*(self.best(part, density) for part in below), strict=True)
        if self.method == "leaf" or sum(masses) > mass:
            return sum(masses), [branch for found in branches for branch in found]
        return mass, [photos]

    def shots(self) -> Labels:
        labels = np.full(len(self.reach), -1)
        for part in self.parts(list(range(len(labels))), 1):
            for branch in self.best(part, 0)[1]:
                for shot in self.parts(branch, WEAK):
                    if self.reach[np.ix_(shot, shot)].min() <= STRONG:
                        labels[shot] = labels.max() + 1
        return labels


@given(matrix=ratio_matrices(), method=st.sampled_from(["eom", "leaf"]))
def test_shots_are_those_of_the_definition(matrix: Distances, method: Method) -> None:
    found = tree_of_all(matrix, GroupSettings(method=method)).cut(1)
    expected = Oracle(matrix, method).shots()
    assert same_partition(found, expected)
    assert ((found < 0) == (expected < 0)).all()


@given(matrix=ratio_matrices(), min_samples=st.integers(2, 6))
def test_where_density_needs_several_neighbors_all_links_of_a_shot_have_it(
    matrix: Distances, min_samples: int
) -> None:
    # Which shots these are is a matter of ties, of which mutual reachability makes many.
    core = np.sort(matrix, axis=1)[:, min(min_samples, len(matrix) - 1) - 1]
    reach = np.maximum(matrix, np.maximum.outer(core, core))
    found = tree_of_all(matrix, GroupSettings(min_samples=min_samples)).cut(1)
    for shot in several(found, np.flatnonzero(found >= 0).tolist()):
        assert reach[np.ix_(shot, shot)].min() <= STRONG
        assert Oracle(reach).parts(shot, WEAK) == [shot]


@given(matrix=ratio_matrices(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_photos_makes_no_difference(matrix: Distances, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(matrix))
    there = tree_of_all(matrix).cut(1)
    back = tree_of_all(matrix[np.ix_(order, order)]).cut(1)
    assert same_partition(there[order], back)


@given(
    matrix=ratio_matrices(),
    strong=st.floats(0.1, 0.9),
    weak=st.floats(0, 0.09),
    granularities=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    min_samples=st.integers(1, 3),
)
def test_a_coarser_cut_never_splits_a_group_of_a_finer_one(
    matrix: Distances,
    strong: float,
    weak: float,
    granularities: tuple[float, float],
    min_samples: int,
) -> None:
    links = replace(LinkSettings(), strong=strong, weak=strong + weak)
    tree = tree_of_all(matrix, GroupSettings(links=links, min_samples=min_samples))
    assert (np.diff(tree.height) >= 0).all()
    fine, coarse = (tree.up_to(look).groups() for look in sorted(granularities))
    assert len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == len(set(fine.tolist()))


@given(matrix=ratio_matrices())
def test_all_that_has_links_hangs_together_at_last(matrix: Distances) -> None:
    tree = tree_of_all(matrix)
    everything = connected(*np.nonzero(np.isfinite(matrix)), len(matrix))
    assert same_partition(tree.groups(), everything)
    assert len(tree.left) == len(matrix) - len(set(everything.tolist()))


@given(matrix=ratio_matrices(), k=st.integers(1, 6))
def test_no_missing_link_comes_before_a_proven_one(matrix: Distances, k: int) -> None:
    neighbors, ratios = lists_of(matrix)
    order = np.argsort(ratios, axis=1)[:, :k]
    known = np.take_along_axis(ratios, order, axis=1)
    horizon = np.full(len(matrix), np.inf) if k >= len(matrix) - 1 else known[:, -1].astype(float)
    tree = shot_tree(np.take_along_axis(neighbors, order, axis=1), known, horizon, SETTINGS)
    proven = tree.chosen(np.flatnonzero(tree.proven))
    for left, right, ratio in zip(proven.left, proven.right, proven.ratio, strict=True):
        before = connected(*np.nonzero(matrix < ratio), len(matrix))
        assert before[left] != before[right]


def test_threads_make_no_difference() -> None:
    rng = np.random.default_rng(4)
    matrix = rng.random((60, 60)).astype(np.float32)
    matrix = np.maximum(matrix, matrix.T)
    one, two = (
        shot_tree(*lists_of(matrix), np.full(60, np.inf), SETTINGS, threads=threads)
        for threads in (1, 2)
    )
    assert one.table.tolist() == two.table.tolist()

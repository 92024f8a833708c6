"""Scenes against average linkage as SciPy does it, and by taking all pairs of photos."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import squareform

from annclust.arrays import Distances, Labels, Nodes, Vectors, Weights
from annclust.clustering.spanning_tree import connected
from annclust.grouping.scenes import Candidates, Closeness, Ends, Linkage, Sums, average_linkage
from tests.grouping.samples import lumps, same_partition, unit_vectors


def squared_ratios(vectors: Vectors, scale: Distances) -> Weights:
    """Of all pairs, from the vectors themselves."""
    exact, scales = vectors.astype(np.float64), scale.astype(np.float64)
    squares: Weights = (2 - 2 * exact @ exact.T) / np.outer(scales, scales)
    np.fill_diagonal(squares, 0)
    return np.maximum(squares, 0)


def links(squares: Weights, left: Nodes, right: Nodes) -> Candidates:
    """Links between some pairs of photos."""
    return Candidates.between_photos(left, right, np.sqrt(squares[left, right]).astype(np.float32))


def all_links(squares: Weights) -> Candidates:
    return links(squares, *np.nonzero(~np.eye(len(squares), dtype=bool)))


def no_closer(left: Ends, right: Ends) -> Weights:
    return np.ones(len(left))


def linked(
    vectors: Vectors,
    scale: Distances,
    groups: Labels,
    candidates: Candidates,
    closeness: Closeness = no_closer,
) -> Linkage:
    return average_linkage(Sums.of(vectors, scale, groups), groups, candidates, closeness)


def joined(vectors: Vectors, scale: Distances, groups: Labels | None = None) -> Linkage:
    """All photos, or groups of them, joined with every pair to choose from."""
    groups = np.arange(len(vectors)) if groups is None else groups
    candidates = all_links(squared_ratios(vectors, scale))
    return linked(vectors, scale, groups, candidates)


def cut(found: Linkage, groups: Labels, apart: float) -> Labels:
    """Groups of photos after all joins up to some distance."""
    taken = found.apart <= apart
    left, right = groups[found.left[taken]], groups[found.right[taken]]
    return connected(left, right, int(groups.max()) + 1)[groups]


def between_steps(heights: Weights) -> list[float]:
    """Distances at which to cut: between joins that are not nearly at once."""
    steps = np.unique(heights)
    wide = np.flatnonzero(np.diff(steps) > 1e-3)
    middles: Weights = (steps[wide] + steps[wide + 1]) / 2
    return middles.tolist()


def photos_of(seed: int) -> tuple[Vectors, Distances]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(2, 8)).tolist()
    vectors = lumps(sizes, 8, rng.choice([0.3, 1.0, 3.0]), seed)
    return vectors, rng.uniform(0.5, 2, size=len(vectors)).astype(np.float32)


ANGLES = np.radians([0, 20, 90])
THREE = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]).astype(np.float32)
"""Photos of which the first two are alike."""
SCALE = np.array([1.0, 0.5, 2.0], dtype=np.float32)


def test_groups_are_as_far_apart_as_their_photos_are_on_average() -> None:
    found = joined(THREE, SCALE)
    (pair, first, second) = (2 - 2 * np.cos(np.radians([20, 90, 70]))) / [0.5, 2.0, 1.0]
    assert found.apart == pytest.approx([np.sqrt(pair), np.sqrt((first + second) / 2)])
    assert found.at_large == pytest.approx(np.sqrt(np.median([pair, first, second])))


def test_each_join_tells_its_strongest_link() -> None:
    found = joined(THREE, SCALE)
    assert (found.left.tolist(), found.right.tolist()) == ([0, 0], [1, 2])
    assert found.ratio[1] == pytest.approx(1)  # photo 1 is at a ratio of 1.15 from photo 2


def test_groups_without_a_link_between_them_are_not_joined() -> None:
    vectors = unit_vectors(4, 3)
    candidates = links(
        squared_ratios(vectors, np.ones(4, np.float32)), np.array([0, 3]), np.array([1, 2])
    )
    scale = np.ones(4, dtype=np.float32)
    found = linked(vectors, scale, np.arange(4), candidates)
    assert cut(found, np.arange(4), np.inf).tolist() == [0, 0, 1, 1]
    nothing = candidates.chosen(slice(0))
    assert len(linked(vectors, scale, np.arange(4), nothing).left) == 0


def test_links_within_a_group_join_nothing() -> None:
    found = joined(THREE, SCALE, np.array([0, 0, 0]))
    assert len(found.left) == 0
    assert found.at_large == 0


def test_how_far_groups_are_apart_at_large_depends_on_no_burst() -> None:
    vectors = np.vstack([unit_vectors(40, 30), lumps([60], 30, 0.02)])
    scale = np.repeat([1.2, 0.04], [40, 60]).astype(np.float32)
    groups = np.concatenate([np.arange(40), np.full(60, 40)])
    alone = Sums.of(vectors[:40], scale[:40], groups[:40]).at_large()
    assert Sums.of(vectors, scale, groups).at_large() == pytest.approx(alone, rel=0.02)


def test_of_many_groups_some_pairs_tell_how_far_they_are_apart() -> None:
    vectors, n = unit_vectors(600, 30), 600
    scale = np.random.default_rng(1).uniform(0.5, 2, size=n).astype(np.float32)
    pairs = squared_ratios(vectors, scale)[np.triu_indices(n, 1)]
    found = Sums.of(vectors, scale, np.arange(n)).at_large()
    assert found == pytest.approx(float(np.median(pairs)), rel=0.05)


def test_no_photos_and_one_are_not_joined() -> None:
    for n in (0, 1):
        found = joined(unit_vectors(n, 3), np.ones(n, dtype=np.float32))
        assert len(found.left) == 0
        assert found.at_large == pytest.approx(0, abs=1e-2)


def test_what_else_brings_groups_closer_counts_as_a_factor() -> None:
    def closer(left: Ends, right: Ends) -> Weights:
        return np.where((left == 2) | (right == 2), 0.1, 1.0)

    candidates = all_links(squared_ratios(THREE, SCALE))
    found = linked(THREE, SCALE, np.arange(3), candidates, closer)
    assert (found.left[0], found.right[0]) == (0, 2)
    assert found.apart[0] == pytest.approx(0.1)  # a tenth of 1


def test_a_join_is_never_nearer_than_the_one_before_it() -> None:
    angles = np.radians([0, 50, 55])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    one = np.ones(3, dtype=np.float32)
    # Nobody knows of the link from 1 to 2, which would be the strongest by far.
    candidates = links(squared_ratios(vectors, one), np.array([0, 0]), np.array([1, 2]))
    found = linked(vectors, one, np.arange(3), candidates)
    assert found.right.tolist() == [1, 2]
    assert found.apart.tolist() == [found.apart[0]] * 2


def test_of_copies_the_first_are_joined_first() -> None:
    vectors = np.repeat(unit_vectors(2, 4), 3, axis=0)
    one = np.ones(6, dtype=np.float32)
    found = joined(vectors, one)
    assert [(int(a), int(b)) for a, b in zip(found.left, found.right, strict=True)][:2] == [
        (0, 1),
        (3, 4),
    ]
    assert cut(found, np.arange(6), 1e-3).tolist() == [0, 0, 0, 1, 1, 1]


@given(seed=st.integers(0, 2**32 - 1))
def test_with_all_links_it_is_average_linkage(seed: int) -> None:
    vectors, scale = photos_of(seed)
    tree = scipy_linkage(squareform(squared_ratios(vectors, scale), checks=False), "average")
    found = joined(vectors, scale)
    assert np.sort(found.apart) == pytest.approx(np.sqrt(tree[:, 2]), rel=1e-3, abs=1e-3)
    for apart in between_steps(np.sqrt(tree[:, 2])):
        expected = fcluster(tree, apart**2, "distance")
        assert same_partition(cut(found, np.arange(len(vectors)), apart), expected)


@given(seed=st.integers(0, 2**32 - 1))
def test_groups_that_are_there_already_are_joined_as_a_whole(seed: int) -> None:
    vectors, scale = photos_of(seed)
    groups = np.random.default_rng(seed).integers(0, 4, size=len(vectors))
    groups = np.unique(groups, return_inverse=True)[1]
    found = joined(vectors, scale, groups)
    heights, steps = by_all_pairs(squared_ratios(vectors, scale), groups)
    assert np.sort(found.apart) == pytest.approx(heights, rel=1e-3, abs=1e-3)
    for apart in between_steps(np.array(heights)):
        expected = steps[int((np.array(heights) <= apart).sum())]
        assert same_partition(cut(found, groups, apart), expected)


def by_all_pairs(squares: Weights, groups: Labels) -> tuple[list[float], list[Labels]]:
    """Join the two groups of the least mean over all pairs, again and again."""
    heights, steps = [], [groups]
    while len(names := np.unique(steps[-1]).tolist()) > 1:
        own = steps[-1]
        mean, kept, gone = min(
            (float(squares[np.ix_(own == one, own == other)].mean()), one, other)
            for one in names
            for other in names
            if one < other
        )
        heights.append(np.sqrt(mean))
        steps.append(np.where(own == gone, kept, own))
    return heights, steps


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.1, 1))
def test_with_few_links_all_that_they_hold_together_is_one_at_last(seed: int, share: float) -> None:
    vectors, scale = photos_of(seed)
    n, rng = len(vectors), np.random.default_rng(seed)
    candidates = all_links(squared_ratios(vectors, scale))
    candidates = candidates.chosen(rng.random(len(candidates.low)) < share)
    found = linked(vectors, scale, np.arange(n), candidates)
    everything = connected(candidates.low, candidates.high, n)
    assert same_partition(cut(found, np.arange(n), np.inf), everything)
    assert len(found.left) == n - len(set(everything.tolist()))
    known = set(zip(candidates.left.tolist(), candidates.right.tolist(), strict=True))
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) <= known


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.1, 1))
def test_what_a_join_stands_on_was_joined_before(seed: int, share: float) -> None:
    vectors, scale = photos_of(seed)
    n, rng = len(vectors), np.random.default_rng(seed)
    candidates = all_links(squared_ratios(vectors, scale))
    candidates = candidates.chosen(rng.random(len(candidates.low)) < share)
    found = linked(vectors, scale, np.arange(n), candidates)
    own, reached = np.arange(n), np.zeros(n)
    for left, right, apart in zip(found.left, found.right, found.apart, strict=True):
        assert apart >= max(reached[own == own[left]].max(), reached[own == own[right]].max())
        own[own == own[right]] = own[left]
        reached[own == own[left]] = apart


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_links_makes_no_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.repeat(unit_vectors(3, 4, seed), 3, axis=0)  # many ties
    scale = np.ones(9, dtype=np.float32)
    candidates = all_links(squared_ratios(vectors, scale))
    order = rng.permutation(len(candidates.low))
    one, other = (
        linked(vectors, scale, np.arange(9), some)
        for some in (candidates, candidates.chosen(order))
    )
    for name in ("left", "right", "ratio", "apart"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_of_links_between_groups_the_strongest_stands_for_all() -> None:
    found = Candidates(
        np.array([0, 1, 0, 2]),
        np.array([2, 3, 3, 3]),
        np.array([2, 1, 0, 3]),
        np.array([0, 3, 3, 2]),
        np.array([0.5, 0.2, 0.9, 0.1]),
    ).between(np.array([1, 1, 0, 0]))
    assert (found.low.tolist(), found.high.tolist()) == ([0], [1])
    assert (found.left.tolist(), found.right.tolist(), found.ratio.tolist()) == ([1], [3], [0.2])


def test_many_photos_are_summed_in_blocks() -> None:
    n = 65_536 + 10
    angles = np.where(np.arange(n) < n - 10, 0.0, np.pi / 3)
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    groups = (np.arange(n) >= n - 10).astype(np.int64)
    one = Candidates(*(np.array([end]) for end in (0, n - 1, 0, n - 1)), np.array([1.0]))
    found = linked(vectors, np.ones(n, np.float32), groups, one)
    assert found.apart == pytest.approx([1], rel=1e-3)


def test_many_pairs_of_groups_are_compared_in_blocks() -> None:
    n = 400
    vectors = unit_vectors(n, 3)
    left, right = np.triu_indices(n, 1)
    scale = np.ones(n, dtype=np.float32)
    candidates = links(squared_ratios(vectors, scale), left, right)
    assert len(candidates.low) > 65_536
    found = linked(vectors, scale, np.arange(n), candidates)
    tree = scipy_linkage(squareform(squared_ratios(vectors, scale), checks=False), "average")
    assert np.sort(found.apart) == pytest.approx(np.sqrt(tree[:, 2]), rel=1e-3, abs=1e-3)

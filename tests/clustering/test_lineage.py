"""Lineage: each fate by an example, then its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from annclust.arrays import Labels
from annclust.clustering.lineage import Lineage, Past, match_clusters


def fates(old: list[int], new: list[int]) -> tuple[list[int], dict[str, int]]:
    """Ids of the new clusters, and the fates that somebody met."""
    ids, lineage = match_clusters(np.array(old, int), np.array(new, int), next_id=100)
    return ids.tolist(), {name: count for name, count in lineage.as_dict().items() if count}


def test_the_first_clusters_are_born() -> None:
    assert fates([-1, -1, -1], [0, 0, 1]) == ([100, 101], {"born": 2})


def test_unchanged_clusters_are_kept_whatever_their_number() -> None:
    assert fates([7, 7, 3, 3, -1], [1, 1, 0, 0, -1]) == ([3, 7], {"kept": 2})


def test_a_cluster_that_lost_members_is_kept() -> None:
    assert fates([5, 5, 5, 5], [0, 0, 0, -1]) == ([5], {"kept": 1})


def test_a_cluster_with_new_members_has_grown() -> None:
    assert fates([5, 5, 5, -1], [0, 0, 0, 0]) == ([5], {"grown": 1})


def test_two_that_become_one_have_merged_under_the_larger_ones_id() -> None:
    assert fates([5, 5, 8, 8, 8], [0, 0, 0, 0, 0]) == ([8], {"merged": 1})


def test_half_of_a_cluster_is_not_enough_to_merge() -> None:
    old = [5, 5, 5, 5, 8, 8]
    assert fates(old, [0, 0, 0, 0, 0, -1]) == ([5], {"grown": 1, "gone": 1})


def test_of_a_split_cluster_the_larger_part_keeps_the_id() -> None:
    assert fates([5, 5, 5, 5, 5], [1, 1, 0, 0, 0]) == ([5, 100], {"kept": 1, "split": 1})


def test_a_part_that_is_mostly_something_else_is_born() -> None:
    old = [5, 5, 5, 5, -1]
    assert fates(old, [0, 0, 0, 1, 1]) == ([5, 100], {"kept": 1, "born": 1})


def test_a_cluster_whose_members_are_noise_is_gone() -> None:
    assert fates([5, 5, 8, 8], [0, 0, -1, -1]) == ([5], {"kept": 1, "gone": 1})


def back(
    old: list[int], new: list[int], *past: tuple[int, list[int]]
) -> tuple[list[int], dict[str, int]]:
    """As `fates`, where there were other clusters, each with its id and the vectors in it."""
    vectors = [vector for _, members in past for vector in members]
    clusters = [cluster for cluster, members in past for _ in members]
    known = Past(np.array(vectors, int), np.array(clusters, int))
    ids, lineage = match_clusters(np.array(old, int), np.array(new, int), next_id=100, past=known)
    return ids.tolist(), {name: count for name, count in lineage.as_dict().items() if count}


def test_a_cluster_that_was_gone_comes_back_under_its_id() -> None:
    assert back([-1, -1, -1, 7], [0, 0, 0, -1], (5, [0, 1, 2])) == ([5], {"kept": 1, "gone": 1})
    assert back([-1, -1, -1, -1], [0, 0, 0, 0], (5, [0, 1, 2])) == ([5], {"grown": 1})


def test_half_of_a_cluster_is_not_enough_to_come_back() -> None:
    assert back([-1] * 4, [0, 0, -1, -1], (5, [0, 1, 2, 3])) == ([100], {"born": 1})
    assert back([-1] * 4, [0, 0, 0, 0], (5, [0, 1])) == ([100], {"born": 1})


def test_a_cluster_that_fell_into_parts_comes_back_as_a_whole() -> None:
    old, past = [7, 7, 8, 8, -1], (5, [0, 1, 2, 3, 4])
    assert back(old, [0, 0, 0, 0, 0], past) == ([5], {"merged": 1})


def test_of_equals_the_cluster_of_the_last_time_goes_on() -> None:
    assert back([7, 7, 7], [0, 0, 0], (5, [0, 1, 2])) == ([7], {"kept": 1})
    assert back([7, 7, 7, 9], [0, 0, 0, 0], (5, [0, 1, 2])) == ([7], {"merged": 1})


def test_nothing_comes_of_nothing() -> None:
    assert fates([], []) == ([], {})


def test_an_exchange_is_matched_for_the_most_common_vectors() -> None:
    # 0 shares 3 with 5 and 2 with 8; 1 shares 2 with 5 only: 2 + 2 beats 3.
    old = [5, 5, 5, 8, 8, 5, 5]
    assert fates(old, [0, 0, 0, 0, 0, 1, 1])[0] == [8, 5]


def test_an_id_that_might_be_given_again_is_an_error() -> None:
    with pytest.raises(ValueError, match="cluster 7 has been given already"):
        match_clusters(np.array([7, 7]), np.array([0, 0]), next_id=7)


@st.composite
def clusterings(draw: st.DrawFn) -> tuple[Labels, Labels]:
    """Ids of the last time and clusters of now, often much alike."""
    n = draw(st.integers(0, 40))
    old = draw(st.lists(st.sampled_from([-1, 2, 3, 5, 8, 13]), min_size=n, max_size=n))
    other = draw(st.lists(st.integers(-1, 5), min_size=n, max_size=n))
    changed = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    mixed = [b if c else a for a, b, c in zip(old, other, changed, strict=True)]
    codes = np.unique([-1, *mixed], return_inverse=True)[1][1:] - 1
    return np.array(old, dtype=np.int64), np.array(codes, dtype=np.int64)


def clusters_of(labels: Labels) -> set[int]:
    return set(labels[labels >= 0].tolist())


@given(pair=clusterings())
def test_every_cluster_has_exactly_one_fate(pair: tuple[Labels, Labels]) -> None:
    old, new = pair
    ids, found = match_clusters(old, new, next_id=100)
    heirs = found.kept + found.grown + found.merged
    assert heirs + found.born + found.split == len(clusters_of(new)) == len(ids)
    assert heirs == len(clusters_of(old) & set(ids.tolist()))
    assert min(found.as_dict().values()) >= 0
    absorbed = len(clusters_of(old)) - heirs - found.gone
    assert found.merged <= absorbed
    assert bool(absorbed) == bool(found.merged)


@given(pair=clusterings())
def test_no_id_is_given_twice(pair: tuple[Labels, Labels]) -> None:
    old, new = pair
    ids, _ = match_clusters(old, new, next_id=100)
    assert len(set(ids.tolist())) == len(ids)
    fresh = sorted(set(ids.tolist()) - clusters_of(old))
    assert fresh == list(range(100, 100 + len(fresh)))


@given(pair=clusterings())
def test_a_cluster_that_did_not_change_keeps_its_id(pair: tuple[Labels, Labels]) -> None:
    old, new = pair
    ids, _ = match_clusters(old, new, next_id=100)
    for cluster in clusters_of(new):
        for before in clusters_of(old):
            if ((new == cluster) == (old == before)).all():
                assert ids[cluster] == before


@given(pair=clusterings())
def test_as_many_vectors_as_possible_keep_their_id(pair: tuple[Labels, Labels]) -> None:
    old, new = pair
    ids, _ = match_clusters(old, new, next_id=100)
    common = (old >= 0) & (new >= 0)
    kept = int((old[common] == ids[new[common]]).sum()) if common.any() else 0
    table = np.array(
        [[((old == a) & (new == b)).sum() for b in range(len(ids))] for a in clusters_of(old)]
    ).reshape(len(clusters_of(old)), len(ids))
    assert kept == table[linear_sum_assignment(table, maximize=True)].sum()


@given(pair=clusterings(), before=st.lists(st.integers(20, 25), min_size=40, max_size=40))
def test_clusters_of_the_past_change_no_law(pair: tuple[Labels, Labels], before: list[int]) -> None:
    old, new = pair
    past = Past(np.arange(len(old)), np.array(before[: len(old)], dtype=np.int64))
    ids, found = match_clusters(old, new, next_id=100, past=past)
    assert len(set(ids.tolist())) == len(ids) == len(clusters_of(new))
    heirs = clusters_of(old) & set(ids.tolist())
    assert found.kept + found.grown + found.merged == (ids < 100).sum()
    assert found.born + found.split == (ids >= 100).sum()
    assert min(found.as_dict().values()) >= 0
    assert found.gone <= len(clusters_of(old)) - len(heirs)
    for cluster in clusters_of(new):
        for one in clusters_of(old):
            if ((new == cluster) == (old == one)).all():
                assert ids[cluster] == one


@given(pair=clusterings())
def test_the_same_clustering_again_is_kept_as_a_whole(pair: tuple[Labels, Labels]) -> None:
    _, new = pair
    ids, found = match_clusters(new, new, next_id=100)
    assert ids.tolist() == list(range(len(ids)))
    assert found == Lineage(kept=len(ids))

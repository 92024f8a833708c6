"""The group tree: cuts, and that it survives being stored."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.group_tree import EVERYTHING, GroupTree, without_singles
from annclust.settings import GRANULARITY
from tests.grouping.samples import group_trees, same_partition, tree_of

TREE = tree_of(
    6, (0, 2, 0.1, 0.2, True), (3, 4, 0.5, 0.9, True), (2, 3, 0.8, 1.7, False), (4, 5, 1, 4, False)
)


def test_levels_lie_at_whole_granularities() -> None:
    assert GRANULARITY == {"shots": 1, "scenes": 2, "themes": 3}
    assert EVERYTHING == 4


def test_a_cut_takes_all_links_up_to_a_granularity() -> None:
    assert TREE.cut(0).tolist() == [-1] * 6
    assert TREE.cut(0.5).tolist() == [0, -1, 0, -1, -1, -1]
    assert TREE.cut(1).tolist() == [0, -1, 0, 1, 1, -1]
    assert TREE.cut(2).tolist() == [0, -1, 0, 0, 0, -1]
    assert TREE.cut(5).tolist() == [0, -1, 0, 0, 0, 0]


def test_a_link_joins_at_its_own_height() -> None:
    assert len(TREE.up_to(np.nextafter(0.9, 0)).left) == 1
    assert len(TREE.up_to(0.9).left) == 2


def test_groups_are_numbered_by_their_first_photo_and_a_single_one_is_a_group() -> None:
    assert TREE.up_to(1).groups().tolist() == [0, 1, 0, 2, 2, 3]


def test_a_tree_without_photos_or_links_can_be_cut() -> None:
    assert tree_of(0).cut(1).tolist() == []
    assert tree_of(2).cut(1).tolist() == [-1, -1]


def test_trees_follow_each_other() -> None:
    both = TREE.chosen(slice(1)).followed_by(TREE.chosen(np.array([2])))
    assert both.table.tolist() == TREE.table[[0, 2]].tolist()
    assert both.n == 6


def test_single_photos_are_left_out_and_others_numbered_anew() -> None:
    assert without_singles(np.array([2, 0, 2, 1, 3, 3])).tolist() == [0, -1, 0, -1, 1, 1]
    assert without_singles(np.zeros(0, dtype=np.int64)).tolist() == []


@given(tree=group_trees())
def test_a_tree_comes_back_from_its_table(tree: GroupTree) -> None:
    again = GroupTree.from_table(tree.n, tree.table)
    for name in ("left", "right", "ratio", "height", "proven"):
        there, back = getattr(tree, name), getattr(again, name)
        assert there.dtype == back.dtype
        assert there.tolist() == back.tolist()


@given(tree=group_trees(), granularity=st.floats(0, 6))
def test_a_cut_is_what_its_links_join_one_after_the_other(
    tree: GroupTree, granularity: float
) -> None:
    group = np.arange(tree.n)
    for left, right, height in zip(tree.left, tree.right, tree.height, strict=True):
        if height <= granularity:
            group[group == group[right]] = group[left]
    labels = tree.cut(granularity)
    alone = np.bincount(group)[group] == 1
    assert (labels[alone] == -1).all()
    assert (labels[~alone] >= 0).all()
    assert same_partition(labels[~alone], group[~alone])


@given(tree=group_trees(), looks=st.tuples(st.floats(0, 6), st.floats(0, 6)))
def test_a_coarser_cut_never_splits_a_group(tree: GroupTree, looks: tuple[float, float]) -> None:
    fine, coarse = (tree.cut(look) for look in sorted(looks))
    for group in range(fine.max(initial=-1) + 1):
        (whole,) = set(coarse[fine == group].tolist())
        assert whole >= 0

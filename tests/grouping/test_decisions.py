"""Decisions: that they hold, whatever the tree, and change nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Labels
from annclust.grouping.decisions import Decisions, contradicted, decided, pairs_of
from annclust.grouping.group_tree import GroupTree
from tests.grouping.samples import group_trees, same_partition, tree_of

Pair = tuple[int, int]

LINE = tree_of(
    5,
    (0, 1, 0.1, 0.2, True),
    (2, 3, 0.2, 0.4, True),
    (1, 2, 0.5, 0.8, True),
    (3, 4, 0.9, 2.5, False),
)
"""Photos in a line: two shots that are one at a granularity of 1, and a scene."""

LOOKS = [0.0, 0.25, 0.5, 1.0, 1.5, float(np.nextafter(2, 0)), 2.0, 3.0, 5.0]


def after(
    tree: GroupTree, *, together: list[Pair] | None = None, apart: list[Pair] | None = None
) -> GroupTree:
    return decided(tree, Decisions(pairs_of(together or []), pairs_of(apart or [])))


def share_a_group(tree: GroupTree, granularity: float, pair: Pair) -> bool:
    groups = tree.up_to(granularity).groups()
    return bool(groups[pair[0]] == groups[pair[1]])


def is_sound(tree: GroupTree) -> bool:
    """Whether links ascend and make no cycle."""
    joined = len(set(tree.groups().tolist()))
    return bool((np.diff(tree.height) >= 0).all()) and len(tree.left) == tree.n - joined


def test_no_decisions_leave_the_tree_as_it_is() -> None:
    assert after(LINE) is LINE


def test_photos_that_belong_together_are_so_from_the_first() -> None:
    tree = after(LINE, together=[(0, 4)])
    assert tree.cut(0).tolist() == [0, -1, -1, -1, 0]
    assert tree.cut(0.5).tolist() == [0, 0, 1, 1, 0]
    assert is_sound(tree)


def test_a_wish_for_what_is_together_takes_the_place_of_the_link_that_it_spares() -> None:
    tree = after(LINE, together=[(0, 3)])
    assert tree.height.tolist() == [0, 0.2, 0.4, 2.5]


def test_the_link_that_would_bring_two_together_waits_for_scenes() -> None:
    tree = after(LINE, apart=[(0, 3)])
    assert tree.cut(1).tolist() == [0, 0, 1, 1, -1]
    assert tree.cut(np.nextafter(2, 0)).tolist() == [0, 0, 1, 1, -1]
    assert tree.cut(2).tolist() == [0, 0, 0, 0, -1]
    assert is_sound(tree)


def test_copies_can_be_kept_apart() -> None:
    copies = tree_of(3, (0, 1, 0, 0, True), (1, 2, 0, 0, True))
    assert after(copies, apart=[(0, 1)]).cut(1).tolist() == [-1, 0, 0]
    assert after(copies, apart=[(0, 2)]).cut(1).tolist() == [0, 0, -1]


def test_each_of_several_is_kept_apart_from_each_other() -> None:
    tree = after(LINE, apart=[(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)])
    assert tree.cut(1).tolist() == [-1] * 5
    assert tree.cut(2).tolist() == [0, 0, 0, 0, -1]


def test_what_scenes_join_is_not_held_back() -> None:
    assert after(LINE, apart=[(3, 4)]).table.tolist() == LINE.table.tolist()


def test_where_decisions_contradict_each_other_photos_stay_apart() -> None:
    tree = after(LINE, together=[(0, 3)], apart=[(3, 0)])
    assert not share_a_group(tree, 1, (0, 3))
    assert share_a_group(tree, 2, (0, 3))
    tree = after(LINE, together=[(0, 4), (4, 3)], apart=[(0, 3)])
    assert tree.cut(0).tolist() == [0, -1, -1, -1, 0]
    assert not share_a_group(tree, 1.9, (0, 3))


def test_groups_that_no_decision_is_about_stay_as_they_are() -> None:
    tree = after(LINE, apart=[(0, 1)])
    assert tree.cut(0.5).tolist() == [-1, -1, 0, 0, -1]
    assert tree.cut(1).tolist() == [-1, 0, 0, 0, -1]


def test_photos_without_links_can_be_decided_about() -> None:
    tree = after(tree_of(3), together=[(0, 2)], apart=[(0, 1)])
    assert tree.cut(1).tolist() == [0, -1, 0]


def test_no_decisions_are_not_any() -> None:
    assert not Decisions(pairs_of([]), pairs_of([]))
    assert Decisions(pairs_of([]), pairs_of([(0, 1)]))
    assert Decisions(pairs_of([(0, 1)]), pairs_of([]))


@st.composite
def cases(draw: st.DrawFn) -> tuple[GroupTree, list[Pair], list[Pair]]:
    """A tree, and pairs that are to be together and apart; pairs may come twice."""
    tree = draw(group_trees())
    photo = st.integers(0, tree.n - 1)
    pair = st.tuples(photo, photo).filter(lambda ends: ends[0] != ends[1])
    pairs = st.lists(pair, max_size=6) if tree.n > 1 else st.just([])
    return tree, draw(pairs), draw(pairs)


@given(case=cases(), look=st.floats(0, 2, exclude_max=True))
def test_photos_apart_never_share_a_group_before_scenes(
    case: tuple[GroupTree, list[Pair], list[Pair]], look: float
) -> None:
    tree, together, apart = case
    found = after(tree, together=together, apart=apart)
    for granularity in (look, float(np.nextafter(2, 0))):
        assert not any(share_a_group(found, granularity, pair) for pair in apart)


@given(case=cases(), look=st.floats(0, 6))
def test_photos_together_always_share_one_if_nobody_says_otherwise(
    case: tuple[GroupTree, list[Pair], list[Pair]], look: float
) -> None:
    tree, together, _ = case
    found = after(tree, together=together)
    assert all(
        share_a_group(found, granularity, pair) for granularity in (0, look) for pair in together
    )


@given(case=cases())
def test_the_tree_stays_one_and_hangs_together_as_before(
    case: tuple[GroupTree, list[Pair], list[Pair]],
) -> None:
    tree, together, apart = case
    found = after(tree, together=together, apart=apart)
    assert is_sound(found)
    assert same_partition(found.groups(), after(tree, together=together).groups())


@given(case=cases(), look=st.sampled_from(LOOKS))
def test_groups_not_concerned_stay_as_they_are(
    case: tuple[GroupTree, list[Pair], list[Pair]], look: float
) -> None:
    tree, together, apart = case
    found = after(tree, together=together, apart=apart)
    about = {photo for pair in together + apart for photo in pair}
    before, now = tree.up_to(look).groups(), found.up_to(look).groups()
    whole = tree.up_to(float(np.nextafter(2, 0))).groups()
    for group in set(whole.tolist()):
        photos = np.flatnonzero(whole == group)
        if not about & set(photos.tolist()):
            assert same_partition(before[photos], now[photos])


@given(case=cases(), look=st.floats(0, 2, exclude_max=True))
def test_links_are_taken_as_kruskal_would(
    case: tuple[GroupTree, list[Pair], list[Pair]], look: float
) -> None:
    tree, together, apart = case
    found = after(tree, together=together, apart=apart).up_to(look).groups()
    assert same_partition(found, slowly(tree, together, apart, look))


def slowly(tree: GroupTree, together: list[Pair], apart: list[Pair], look: float) -> Labels:
    """Groups after each link that brings nobody together who is to be apart."""
    links = [*together, *zip(tree.left.tolist(), tree.right.tolist(), strict=True)]
    heights = [0.0] * len(together) + tree.height.tolist()
    own = np.arange(tree.n)
    for (left, right), height in zip(links, heights, strict=True):
        joined = np.where(own == own[right], own[left], own)
        if height <= look and not any(joined[one] == joined[other] for one, other in apart):
            own = joined
    return own


def test_what_others_join_contradicts_what_is_apart() -> None:
    said = Decisions(pairs_of([(0, 3), (3, 5), (1, 2)]), pairs_of([(5, 0), (1, 2), (0, 1), (4, 6)]))
    assert contradicted(said, 3).tolist() == [True, False, False, False]
    assert contradicted(said, 1).tolist() == [False, True, False, False]
    assert not contradicted(said, 9).any()
    assert contradicted(Decisions(pairs_of([]), pairs_of([])), 2).tolist() == []

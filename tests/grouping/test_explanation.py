"""Explanation: the chain between two photos, and the four reasons to be alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.decisions import Decisions, pairs_of
from annclust.grouping.explanation import (
    Link,
    Loneliness,
    Why,
    chain,
    loneliness,
    meeting,
    surest_link,
    with_origin,
)
from annclust.grouping.group_tree import GroupTree
from tests.grouping.samples import group_trees, tree_of

TREE = tree_of(
    6, (3, 1, 0.2, 0.4, True), (1, 0, 0.5, 0.8, True), (1, 2, 0.6, 1, True), (0, 4, 1, 2.5, True)
)


def test_a_chain_leads_from_the_first_photo_to_the_last() -> None:
    assert chain(TREE, 1, 0, 3) == (Link(0, 1, 0.5, 0.8), Link(1, 3, 0.2, 0.4))
    assert chain(TREE, 1, 3, 0) == (Link(3, 1, 0.2, 0.4), Link(1, 0, 0.5, 0.8))


def test_a_photo_needs_no_link_to_itself() -> None:
    assert chain(TREE, 1, 2, 2) == ()
    assert chain(TREE, 1, 5, 5) == ()


def test_there_is_none_to_another_group() -> None:
    assert chain(TREE, 1, 0, 4) is None
    assert chain(TREE, 3, 0, 4) == (Link(0, 4, 1, 2.5),)
    assert chain(TREE, 9, 0, 5) is None


@given(tree=group_trees(), look=st.floats(0, 6), ends=st.data())
def test_a_chain_is_a_way_along_links_of_the_tree(
    tree: GroupTree, look: float, ends: st.DataObject
) -> None:
    first, last = (ends.draw(st.integers(0, tree.n - 1)) for _ in range(2))
    found = chain(tree, look, first, last)
    groups = tree.up_to(look).groups()
    assert (found is None) == (groups[first] != groups[last])
    if found is None:
        return
    photos = [first, *(link.right for link in found)]
    assert photos[-1] == last
    assert photos[:-1] == [link.left for link in found]
    assert len(set(photos)) == len(photos)
    rows = zip(tree.left, tree.right, tree.ratio, tree.height, strict=True)
    known = {(frozenset((int(a), int(b))), ratio, height) for a, b, ratio, height in rows}
    for link in found:
        assert (frozenset((link.left, link.right)), link.ratio, link.height) in known
        assert link.height <= look


def why(*neighbors: tuple[float, float]) -> Loneliness:
    """Of a photo with neighbors 10, 11, ..., by the ratios of each, plain and corrected."""
    plain, ratios = np.array(neighbors, dtype=np.float32).T
    found = loneliness(np.arange(10, 10 + len(plain)), plain / 2, plain, ratios, 0.63)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("neighbors", "nearest", "reason"),
    [
        ([(1.2, np.inf), (1.1, np.inf)], 11, "far"),
        ([(0.9, 0.9), (0.8, 0.8)], 11, "weak"),
        ([(0.4, np.inf), (0.5, np.inf)], 10, "layout"),
        ([(0.4, 0.4), (0.5, 0.5)], 10, "later"),
    ],
)
def test_a_photo_is_alone_for_one_of_four_reasons(
    neighbors: list[tuple[float, float]], nearest: int, reason: Why
) -> None:
    found = why(*neighbors)
    assert (found.nearest, found.why) == (nearest, reason)


def test_the_surest_link_counts_even_if_another_photo_is_nearer() -> None:
    found = why((0.5, np.inf), (0.9, 0.315), (0.7, 0.7))
    assert (found.nearest, found.why) == (11, "later")
    assert found.plain == pytest.approx(0.9)
    assert found.distance == pytest.approx(0.45)
    assert found.ratio == pytest.approx(0.315)


def test_the_surest_link_of_a_photo_is_the_first_that_joins_it() -> None:
    assert surest_link(TREE, 1, 1) == Link(1, 3, 0.2, 0.4)
    assert surest_link(TREE, 1, 4) is None
    assert surest_link(TREE, 3, 4) == Link(4, 0, 1, 2.5)


def test_a_link_that_somebody_wished_for_is_known_as_such() -> None:
    decisions = Decisions(pairs_of([(4, 2), (0, 5)]), pairs_of([(0, 1)]))
    links = Link(1, 2, 0, 0), Link(2, 4, 0, 0), Link(4, 0, 0, 0)
    assert with_origin(links, decisions) == (links[0], Link(2, 4, 0, 0, said=True), links[2])


@given(tree=group_trees(), ends=st.data())
def test_photos_meet_at_the_first_look_that_shows_them_together(
    tree: GroupTree, ends: st.DataObject
) -> None:
    first, last = (ends.draw(st.integers(0, tree.n - 1)) for _ in range(2))
    looks = [0.0, *tree.height.tolist()]
    cuts = ((look, tree.up_to(look).groups()) for look in looks)
    expected = next((look for look, groups in cuts if groups[first] == groups[last]), None)
    assert meeting(tree, first, last) == expected


def test_photos_meet_where_the_last_link_between_them_joins() -> None:
    assert meeting(TREE, 3, 2) == 1
    assert meeting(TREE, 3, 4) == 2.5
    assert meeting(TREE, 3, 3) == 0
    assert meeting(TREE, 3, 5) is None

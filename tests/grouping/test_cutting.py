"""Cutting: what a clustering says of a group tree at one granularity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.hdbscan import Clustering
from annclust.grouping.cutting import clustering_at
from annclust.grouping.group_tree import GroupTree
from tests.grouping.samples import group_trees, tree_of

# Two pairs make a group at 1; with a third pair it is a scene; the last photo comes at 3.
TREE = tree_of(
    7,
    (0, 1, 0.1, 0.25, True),
    (2, 3, 0.3, 0.5, True),
    (4, 5, 0.3, 0.5, False),
    (1, 2, 0.6, 1, True),
    (3, 4, 0.9, 2, False),
    (5, 6, 1.1, 3, False),
)


def below(found: Clustering, n: int, branch: int) -> set[int]:
    """Photos in a branch of the condensed tree, or in one that it splits into."""
    photos: set[int] = set()
    for child in found.tree.child[found.tree.parent == branch + n].tolist():
        photos |= {child} if child < n else below(found, n, child - n)
    return photos


def test_labels_are_those_of_the_cut() -> None:
    assert clustering_at(TREE, 0.5).labels.tolist() == [0, 0, 1, 1, 2, 2, -1]
    assert clustering_at(TREE, 1).labels.tolist() == [0, 0, 0, 0, 1, 1, -1]
    assert clustering_at(TREE, 4).labels.tolist() == [0] * 7


def test_the_deepest_photos_of_a_group_belong_most() -> None:
    assert clustering_at(TREE, 1).probabilities.tolist() == [1, 1, 0.5, 0.5, 1, 1, 0]
    assert clustering_at(TREE, 4).probabilities.tolist() == pytest.approx(
        [1, 1, 0.5, 0.5, 0.5, 0.5, 1 / 12]
    )


def test_beside_copies_others_keep_their_share() -> None:
    tree = tree_of(4, (0, 1, 0, 0, True), (1, 2, 0.2, 0.5, True), (2, 3, 0.3, 1, True))
    assert clustering_at(tree, 1).probabilities.tolist() == [1, 1, 1, 0.5]
    assert clustering_at(tree, 0).probabilities.tolist() == [1, 1, 0, 0]


def test_density_is_one_over_granularity() -> None:
    assert clustering_at(TREE, 1).left_at.tolist() == pytest.approx([4, 4, 2, 2, 2, 2, 1 / 3])


def test_each_group_names_its_branch() -> None:
    found = clustering_at(TREE, 1)
    assert [below(found, 7, int(branch)) for branch in found.branches] == [{0, 1, 2, 3}, {4, 5}]
    found = clustering_at(TREE, 0.5)
    assert [below(found, 7, int(branch)) for branch in found.branches] == [{0, 1}, {2, 3}, {4, 5}]
    assert clustering_at(TREE, 4).branches.tolist() == [0]


def test_links_that_make_shots_are_certified() -> None:
    assert clustering_at(TREE, 1).certified == 0.75
    assert clustering_at(TREE, 4).certified == 0.75
    assert clustering_at(tree_of(3), 1).certified == 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_links_there_are_no_groups(n: int) -> None:
    found = clustering_at(tree_of(n), 4)
    assert found.labels.tolist() == [-1] * n
    assert found.probabilities.tolist() == found.outlier_scores.tolist() == [0] * n
    assert found.branches.tolist() == []
    assert found.hierarchy.n == n


def test_the_hierarchy_knows_its_parts_and_what_is_proven() -> None:
    tree = tree_of(5, (0, 1, 0.1, 0.2, True), (2, 3, 0.5, 0.9, False))
    found = clustering_at(tree, 1)
    assert found.hierarchy.proven.tolist() == [True, False, False, False]
    assert found.hierarchy.dendrogram.distance.tolist() == [0.2, 0.9, np.inf, np.inf]
    assert found.hierarchy.components == 3
    assert found.ids.tolist() == [0, 1, 2, 3, 4]
    assert found.capped == 0


def test_a_group_is_whole_where_its_last_link_joins() -> None:
    height = 3.818359375  # 1 / (1 / height) is a little more
    assert 1 / (1 / height) > height
    tree = tree_of(4, (0, 1, 0.1, 0.5, True), (2, 3, 0.1, 0.5, True), (1, 2, 1, height, True))
    found = clustering_at(tree, height)
    assert found.labels.tolist() == [0] * 4
    assert found.branches.tolist() == [0]


def test_a_look_from_infinitely_far_sees_all_that_hangs_together() -> None:
    found = clustering_at(TREE, np.inf)
    assert found.labels.tolist() == [0] * 7
    assert found.branches.tolist() == [0]


@st.composite
def looks(draw: st.DrawFn, tree: GroupTree) -> float:
    """Granularities, often just where a link joins."""
    anywhere = st.floats(0, 6)
    return draw(st.one_of(anywhere, st.sampled_from(tree.height.tolist() or [1.0])))


@given(tree=group_trees(), choice=st.data())
def test_probabilities_are_shares_of_the_densest_in_each_group(
    tree: GroupTree, choice: st.DataObject
) -> None:
    found = clustering_at(tree, choice.draw(looks(tree)))
    labels, shares = found.labels, found.probabilities
    assert ((shares > 0) == (labels >= 0)).all()
    assert (shares <= 1).all()
    for group in range(found.clusters):
        assert shares[labels == group].max() == 1


@given(tree=group_trees(), choice=st.data())
def test_the_branch_of_a_group_holds_all_its_photos(tree: GroupTree, choice: st.DataObject) -> None:
    granularity = choice.draw(looks(tree))
    found = clustering_at(tree, granularity)
    assert len(found.branches) == found.clusters
    assert len(set(found.branches.tolist())) == found.clusters
    for group, branch in enumerate(found.branches.tolist()):
        photos = set(np.flatnonzero(found.labels == group).tolist())
        held = below(found, tree.n, branch)
        assert photos <= held
        # Others left the branch before: one by one, so that none of them is in a group.
        assert {int(found.labels[photo]) for photo in held} <= {group, -1}


def test_branches_of_a_deep_tree_are_found_in_few_steps() -> None:
    pairs = 400  # joined one after the other
    links = [(2 * pair, 2 * pair + 1, 0.1, 0.1, 1) for pair in range(pairs)]
    links += [(2 * pair, 2 * pair + 2, 0.5, 1 + pair / pairs, 0) for pair in range(pairs - 1)]
    tree = tree_of(2 * pairs, *links)
    found = clustering_at(tree, 1.5)
    assert found.labels[: pairs + 2].tolist() == [0] * (pairs + 2)
    for group in (0, 1, found.clusters - 1):
        members = set(np.flatnonzero(found.labels == group).tolist())
        assert below(found, 2 * pairs, int(found.branches[group])) == members

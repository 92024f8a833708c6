"""The condensed tree: which splits stay, and that it survives being stored."""

from __future__ import annotations

import numpy as np
from hdbscan._hdbscan_tree import condense_tree
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.condensed_tree import EMPTY_TREE, CondensedTree, condensed_tree
from annclust.clustering.hierarchy import build_hierarchy
from annclust.clustering.single_linkage import NO_MERGES, single_linkage
from annclust.clustering.spanning_tree import SpanningForest
from tests.clustering.graphs import (
    BruteBridges,
    Points,
    generic_points,
    graph_of,
    grid_points,
    line,
    spanning_trees,
)


def tree_of(points: Points, min_cluster_size: int) -> CondensedTree:
    hierarchy = build_hierarchy(
        graph_of(points), 2, BruteBridges(points), min_cluster_size=2
    ).hierarchy
    return condensed_tree(hierarchy.dendrogram, min_cluster_size)


TWO_PAIRS = line(0, 1, 5, 7, 15)


def test_a_lone_vector_falls_out_and_two_pairs_split() -> None:
    tree = tree_of(TWO_PAIRS, 2)
    rows = tree.as_table().tolist()
    left, right = sorted(rows, key=lambda row: row[1])[5:7]
    leaving = {child: (parent, lambda_) for parent, child, lambda_, size in [left, right]}
    assert leaving == {6: (5, 1 / 4), 7: (5, 1 / 4)}
    lambdas = dict(zip(tree.child.tolist(), tree.lambda_.tolist(), strict=True))
    assert [lambdas[vector] for vector in range(5)] == [1, 1, 1 / 2, 1 / 2, 1 / 8]


def test_a_split_with_a_small_side_is_none() -> None:
    tree = tree_of(TWO_PAIRS, 3)
    assert (tree.parent == 5).all()
    assert sorted(tree.child.tolist()) == [0, 1, 2, 3, 4]


def test_a_single_vector_has_an_empty_tree() -> None:
    assert condensed_tree(NO_MERGES, 2) is EMPTY_TREE
    assert len(EMPTY_TREE.as_table()) == 0


def test_copies_leave_at_infinite_density() -> None:
    assert np.isinf(tree_of(line(0, 0, 0), 2).lambda_).all()


@given(points=st.one_of(generic_points(), grid_points()), min_cluster_size=st.integers(2, 6))
def test_every_vector_leaves_once_and_every_cluster_is_large_enough(
    points: Points, min_cluster_size: int
) -> None:
    n = len(points)
    tree = tree_of(points, min_cluster_size)
    assert sorted(tree.child[tree.child < n].tolist()) == list(range(n))
    assert (tree.child_size[tree.child < n] == 1).all()
    assert (tree.child_size[tree.child > n] >= min_cluster_size).all()
    assert (tree.parent >= n).all()


@given(tree=spanning_trees(), size=st.integers(2, 9))
def test_it_is_the_one_that_hdbscan_makes_row_by_row(tree: SpanningForest, size: int) -> None:
    dendrogram = single_linkage(tree)
    expected = condense_tree(dendrogram.merges, size)
    found = condensed_tree(dendrogram, size).as_table()
    assert found.dtype.names == expected.dtype.names
    assert found.tolist() == expected.tolist()


def test_a_chain_of_many_merges_is_condensed_as_well() -> None:
    n = 5_000
    ends = np.arange(n - 1), np.arange(1, n)
    chain = SpanningForest(*ends, np.linspace(1, 2, n - 1))
    found = condensed_tree(single_linkage(chain), 3)
    assert found.as_table().tolist() == condense_tree(single_linkage(chain).merges, 3).tolist()

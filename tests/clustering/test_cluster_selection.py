"""Selection: numbering, methods, and fair shares beside exact copies."""

from __future__ import annotations

import numpy as np
from hdbscan._hdbscan_tree import compute_stability, get_clusters
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Labels, Probabilities
from annclust.clustering.cluster_selection import (
    in_order_of_appearance,
    select_clusters,
)
from annclust.clustering.condensed_tree import EMPTY_TREE, CondensedTree, condensed_tree
from annclust.clustering.hierarchy import build_hierarchy
from annclust.settings import Method
from tests.clustering.graphs import (
    BruteBridges,
    Points,
    generic_points,
    graph_of,
    grid_points,
    line,
)


def tree_of(points: Points, min_cluster_size: int, min_samples: int = 2) -> CondensedTree:
    hierarchy = build_hierarchy(
        graph_of(points), min_samples, BruteBridges(points), min_cluster_size=min_cluster_size
    ).hierarchy
    return condensed_tree(hierarchy.dendrogram, min_cluster_size)


def selected(
    tree: CondensedTree,
    n: int,
    method: Method,
    *,
    allow_single_cluster: bool = False,
) -> tuple[Labels, Probabilities]:
    found = select_clusters(tree, n, method, allow_single_cluster=allow_single_cluster)
    return found.labels, found.probabilities


def test_clusters_are_numbered_by_their_first_vector() -> None:
    assert in_order_of_appearance(np.array([4, -1, 0, 4, 2])).tolist() == [0, -1, 1, 0, 2]
    assert in_order_of_appearance(np.array([-1, -1])).tolist() == [-1, -1]


def test_two_pairs_and_a_lone_vector() -> None:
    labels, probabilities = selected(tree_of(line(0, 1, 5, 7, 15), 2), 5, "eom")
    assert labels.tolist() == [0, 0, 1, 1, -1]
    assert probabilities.tolist() == [1, 1, 1, 1, 0]


def test_a_vector_at_the_rim_belongs_less() -> None:
    labels, probabilities = selected(tree_of(line(0, 1, 3, 20, 21, 22), 2), 6, "eom")
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert probabilities.tolist() == [1, 1, 0.5, 1, 1, 1]


def test_without_a_tree_all_is_noise() -> None:
    labels, probabilities = selected(EMPTY_TREE, 1, "eom")
    assert labels.tolist() == [-1]
    assert probabilities.tolist() == [0]


def test_leaves_are_finer_than_the_largest_mass() -> None:
    tree = tree_of(line(0, 1, 2, 3.5, 4.5, 5.5, 100, 101, 102), 3)
    assert selected(tree, 9, "leaf")[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert selected(tree, 9, "eom")[0].tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1]


def test_all_vectors_may_be_one_cluster_if_allowed() -> None:
    tree = tree_of(line(0, 1, 2, 3, 4, 5), 2)
    assert (selected(tree, 6, "eom")[0] == -1).all()
    assert (selected(tree, 6, "eom", allow_single_cluster=True)[0] == 0).all()


def test_vectors_beside_exact_copies_keep_their_share() -> None:
    points = line(0, 0, 2, 6, 90, 91)
    labels, probabilities = selected(tree_of(points, 2), 6, "eom")
    assert labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert probabilities.tolist() == [1, 1, 1, 0.5, 1, 1]


@given(
    points=st.one_of(generic_points(), grid_points()),
    min_cluster_size=st.integers(2, 6),
    method=st.sampled_from(["eom", "leaf"]),
    single=st.booleans(),
)
def test_labels_and_probabilities_are_sound(
    points: Points, min_cluster_size: int, method: Method, single: bool
) -> None:
    labels, probabilities = selected(
        tree_of(points, min_cluster_size), len(points), method, allow_single_cluster=single
    )
    assert ((probabilities > 0) == (labels >= 0)).all()
    assert (probabilities <= 1).all()
    appearing = labels[labels >= 0]
    first = np.sort(np.unique(appearing, return_index=True)[1])
    assert appearing[first].tolist() == list(range(len(first)))
    for cluster in range(len(first)):
        assert probabilities[labels == cluster].max() == 1


TREES = st.tuples(st.one_of(generic_points(), grid_points()), st.integers(2, 6))


@given(
    case=TREES,
    method=st.sampled_from(["eom", "leaf"]),
    single=st.booleans(),
    most=st.one_of(st.none(), st.integers(2, 20)),
)
def test_clusters_are_those_of_hdbscan(
    case: tuple[Points, int], method: Method, single: bool, most: int | None
) -> None:
    points, size = case
    tree = tree_of(points, size)
    table = tree.as_table()
    expected, _, _ = get_clusters(
        table, compute_stability(table), method, single, max_cluster_size=most or 0
    )
    found = select_clusters(
        tree, len(points), method, allow_single_cluster=single, max_cluster_size=most
    )
    if most is not None and (single or _never_splits(tree, len(points), most)):
        # hdbscan counts the cluster of all vectors without those that leave it first, and makes
        # noise of what is too large and yet has no parts.
        return
    assert found.labels.tolist() == in_order_of_appearance(np.asarray(expected)).tolist()


def _never_splits(tree: CondensedTree, n: int, most: int) -> bool:
    """Whether a branch is larger than `most` and has no branches below."""
    branches = set(tree.child[(tree.child >= n) & (tree.child_size > most)].tolist())
    return bool(branches - set(tree.parent[tree.child >= n].tolist()))


def test_a_large_branch_without_parts_stays_a_cluster() -> None:
    tree = tree_of(line(*range(12), 50, 51, 52), 3)
    found = select_clusters(tree, 15, "eom", max_cluster_size=5)
    assert found.labels.tolist() == [0] * 12 + [1] * 3
    assert found.capped == 0


def test_a_branch_above_the_cap_gives_way_to_what_is_below_it() -> None:
    tree = tree_of(line(0, 1, 2, 3.5, 4.5, 5.5, 100, 101, 102), 3)
    found = select_clusters(tree, 9, "eom", max_cluster_size=5)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.capped == 1
    assert select_clusters(tree, 9, "eom", max_cluster_size=6).capped == 0


def test_outliers_are_sparser_than_the_cluster_they_left() -> None:
    tree = tree_of(line(0, 1, 3, 20, 21, 22), 2)
    # 2 leaves at distance 2 what is as dense as 1, but its own lambda is half of the densest.
    assert select_clusters(tree, 6, "eom").outlier_scores.tolist() == [0, 0, 0.5, 0, 0, 0]
    assert select_clusters(EMPTY_TREE, 3, "eom").outlier_scores.tolist() == [0, 0, 0]


@given(case=TREES)
def test_outlier_scores_are_those_of_the_definition(case: tuple[Points, int]) -> None:
    n, tree = len(case[0]), tree_of(*case)
    scores = select_clusters(tree, n, "eom").outlier_scores

    def deepest(cluster: int) -> float:
        inside = tree.parent == cluster
        below = [deepest(int(child)) for child in tree.child[inside] if child >= n]
        return max([*tree.lambda_[inside].tolist(), *below])

    for cluster, child, own in zip(tree.parent, tree.child, tree.lambda_, strict=True):
        if child < n:
            densest = deepest(int(cluster))
            if np.isinf(own):
                assert scores[child] == 0
            elif np.isinf(densest):
                assert scores[child] == 1
            else:
                assert (
                    scores[child] == 1 - own / densest
                    or abs(scores[child] - (densest - own) / densest) < 1e-12
                )

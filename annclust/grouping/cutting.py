"""Cutting: a group tree at one granularity, told as a clustering."""

from __future__ import annotations

import numpy as np

from annclust.arrays import Labels, Nodes, Probabilities, Weights
from annclust.clustering.cluster_selection import select_clusters
from annclust.clustering.condensed_tree import CondensedTree, condensed_tree
from annclust.clustering.hdbscan import Clustering
from annclust.clustering.hierarchy import Hierarchy
from annclust.clustering.single_linkage import NO_MERGES, Dendrogram, single_linkage
from annclust.clustering.spanning_tree import SpanningForest, joined_at_infinity
from annclust.grouping.group_tree import GroupTree
from annclust.settings import GRANULARITY

_SMALLEST = 2


def clustering_at(tree: GroupTree, granularity: float) -> Clustering:
    """Cut a tree.

    Its density tree counts 1 / granularity for λ. `certified` is about the links that make shots.

    Parameters
    ----------
    tree : GroupTree
        Of n photos.
    granularity : float
    """
    labels = tree.cut(granularity)
    dendrogram = _dendrogram(tree)
    condensed = condensed_tree(dendrogram, _SMALLEST)
    told = select_clusters(condensed, tree.n, "eom")
    shots = tree.up_to(GRANULARITY["shots"])
    proven = np.zeros(max(tree.n - 1, 0), dtype=np.bool_)
    proven[: len(tree.left)] = tree.proven
    return Clustering(
        labels=labels,
        probabilities=_shares(labels, told.left_at),
        outlier_scores=told.outlier_scores,
        left_at=told.left_at,
        branches=_branches(condensed, labels, granularity),
        tree=condensed,
        certified=float(shots.proven.mean()) if len(shots.proven) else 1.0,
        capped=0,
        hierarchy=Hierarchy(tree.n, dendrogram, proven, int(tree.groups().max(initial=-1)) + 1),
        ids=np.arange(tree.n),
    )


def _dendrogram(tree: GroupTree) -> Dendrogram:
    if tree.n < 2:
        return NO_MERGES
    forest = SpanningForest(tree.left, tree.right, tree.height)
    return single_linkage(joined_at_infinity(forest, tree.n))


def _shares(labels: Labels, left_at: Weights) -> Probabilities:
    """λ of each photo over the largest finite one in its group, at most 1; 0 outside of groups."""
    member = labels >= 0
    finite = member & np.isfinite(left_at)
    largest = np.zeros(int(labels.max(initial=-1)) + 1)
    np.maximum.at(largest, labels[finite], left_at[finite])
    share = np.ones(len(labels))
    own = np.where(member, np.append(largest, 0)[labels], 0)
    np.divide(left_at, own, out=share, where=(own > 0) & finite)
    return np.where(member, share, 0.0)


def _branches(tree: CondensedTree, labels: Labels, granularity: float) -> Nodes:
    """Branch of the condensed tree that each group is, counted from 0, which is everything."""
    n, groups = len(labels), int(labels.max(initial=-1)) + 1
    home, parent, born = _homes(tree, n)
    density = 1 / granularity if granularity > 0 else np.inf  # a link just there has this very λ
    above = np.arange(len(parent))
    within = born >= density  # what was born within a group is part of it
    within[0] = False
    above[within] = parent[within]
    while not np.array_equal(above[above], above):  # in steps that double
        above = above[above]
    home = above[home]
    branches = np.zeros(groups, dtype=np.int64)
    branches[labels[labels >= 0]] = home[labels >= 0]
    return branches


def _homes(tree: CondensedTree, n: int) -> tuple[Nodes, Nodes, Weights]:
    """The branch that each photo left last; of each branch its parent, and λ when it was born."""
    count = int(tree.parent.max(initial=n)) - n + 1
    parent, born = np.zeros(count, dtype=np.int64), np.zeros(count)
    leaf = tree.child < n
    home = np.zeros(n, dtype=np.int64)
    home[tree.child[leaf]] = tree.parent[leaf] - n
    children = tree.child[~leaf] - n
    parent[children], born[children] = tree.parent[~leaf] - n, tree.lambda_[~leaf]
    return home, parent, born

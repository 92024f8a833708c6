"""Cutting: a group tree at one granularity, told as a clustering."""

from __future__ import annotations

import numpy as np

from annclust.arrays import Labels, Nodes, Probabilities, Weights
from annclust.clustering.cluster_selection import Branches, outlier_scores
from annclust.clustering.condensed_tree import condensed_tree
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
    branches = Branches.of(condensed, tree.n)
    shots = tree.up_to(GRANULARITY["shots"])
    proven = np.zeros(max(tree.n - 1, 0), dtype=np.bool_)
    proven[: len(tree.left)] = tree.proven
    return Clustering(
        labels=labels,
        probabilities=_shares(labels, branches.left_at),
        outlier_scores=outlier_scores(branches),
        left_at=branches.left_at,
        branches=_branches_of(branches, labels, granularity),
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


def _branches_of(branches: Branches, labels: Labels, granularity: float) -> Nodes:
    """Branch of the condensed tree that each group is, counted from 0, which is everything."""
    density = 1 / granularity if granularity > 0 else np.inf  # a link just there has this very λ
    above = np.arange(branches.count)
    within = branches.born >= density  # what was born within a group is part of it
    within[0] = False
    above[within] = branches.parent[within]
    while not np.array_equal(above[above], above):  # in steps that double
        above = above[above]
    found = np.zeros(int(labels.max(initial=-1)) + 1, dtype=np.int64)
    member = labels >= 0
    found[labels[member]] = above[branches.home[member]]
    return found

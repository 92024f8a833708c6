"""Cluster selection: which branches of the condensed tree are the clusters.

Step 6 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Labels, Nodes, Probabilities, Weights
from annclust.clustering.condensed_tree import CondensedTree
from annclust.settings import Method


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Clusters that do not overlap.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Numbered from 0 by the first vector of each cluster; -1 is noise.
    probabilities : ndarray of shape (n,), float64
        How deep in its cluster a vector lies: its λ over the largest finite one there, at most 1;
        0 for noise.
    outlier_scores : ndarray of shape (n,), float64
        How much sparser a vector lies than the densest place of the cluster it left last (GLOSH,
        [1]_ section 6): from 0 (an inlier) to 1.
    left_at : ndarray of shape (n,), float64
        λ at which each vector leaves the tree.
    branches : ndarray of shape (clusters,), int64
        Branch that each cluster is, counted from 0, which is all vectors.
    capped : int
        Branches that were split for their size.

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander (2015), ACM TKDD 10(1).
    """

    labels: Labels
    probabilities: Probabilities
    outlier_scores: Probabilities
    left_at: Weights
    branches: Nodes
    capped: int


def select_clusters(
    tree: CondensedTree,
    n: int,
    method: Method,
    *,
    allow_single_cluster: bool = False,
    max_cluster_size: int | None = None,
    epsilon: float = 0.0,
) -> Selection:
    """Choose clusters by stability, and say who belongs to them.

    Parameters
    ----------
    tree : CondensedTree
        Over n vectors.
    n : int
    method : {"eom", "leaf"}
        Largest total stability (excess of mass, [1]_ section 5), or the leaves of the tree.
    allow_single_cluster : bool
        Whether all vectors may form one cluster.
    max_cluster_size : int or None
        Branches with more vectors are no clusters for "eom", however stable, if there are clusters
        below them; None is no limit.
    epsilon : float
        Nothing splits at a smaller distance ([2]_).

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander (2015), ACM TKDD 10(1).
    .. [2] Malzer, Baum (2020), A hybrid approach to hierarchical density-based cluster selection,
       IEEE MFI.
    """
    if not len(tree.parent):
        nothing = np.zeros(n)
        noise = np.full(n, -1, dtype=np.int64)
        return Selection(noise, nothing, nothing, nothing, noise[:0], 0)
    branches = Branches.of(tree, n)
    possible = branches.born <= (1 / epsilon if epsilon > 0 else np.inf)
    if method == "leaf":
        chosen, capped = branches.leaves(possible), 0
    else:
        most = n if max_cluster_size is None else max_cluster_size
        chosen, capped = branches.of_largest_mass(
            most, possible, allow_single_cluster=allow_single_cluster
        )
    labels = _labels(tree, branches, chosen, allow_single_cluster=allow_single_cluster)
    shares = _shares(tree, branches, labels)
    known, first = np.unique(labels[labels >= 0], return_index=True)
    return Selection(
        in_order_of_appearance(labels),
        shares,
        outlier_scores(branches),
        branches.left_at,
        known[np.argsort(first)],
        capped,
    )


def in_order_of_appearance(labels: Labels) -> Labels:
    """Number clusters from 0 by their first vector; noise stays -1. Shape as given."""
    known, first = np.unique(labels[labels >= 0], return_index=True)
    renamed = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int64)
    renamed[known[np.argsort(first)]] = np.arange(len(known))
    return renamed[labels]


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """The clusters of a condensed tree without its vectors, and where each vector left.

    Clusters are numbered from 0, that of all vectors; parents come before their children.

    Parameters
    ----------
    parent : ndarray of shape (count,), int64
        -1 for the first.
    born : ndarray of shape (count,), float64
        λ at which it splits off.
    size : ndarray of shape (count,), int64
    stability : ndarray of shape (count,), float64
    deepest : ndarray of shape (count,), float64
        Largest λ at which anything leaves it.
    home : ndarray of shape (n,), int64
        Cluster that each vector left last.
    left_at : ndarray of shape (n,), float64
        λ at which it did.
    """

    parent: Nodes
    born: Weights
    size: Nodes
    stability: Weights
    deepest: Weights
    home: Nodes
    left_at: Weights

    @property
    def count(self) -> int:
        """Number of clusters, that of all vectors included."""
        return len(self.parent)

    @classmethod
    def of(cls, tree: CondensedTree, n: int) -> Branches:
        """Those of a tree over n vectors."""
        count = int(tree.parent.max(initial=n)) - n + 1
        from_, is_vector = tree.parent - n, tree.child < n
        born, parent = np.zeros(count), np.full(count, -1, dtype=np.int64)
        size = np.full(count, n, dtype=np.int64)
        splits = np.flatnonzero(~is_vector)
        children = tree.child[splits] - n
        born[children], parent[children] = tree.lambda_[splits], from_[splits]
        size[children] = tree.child_size[splits]
        with np.errstate(invalid="ignore"):  # born at λ = inf
            mass = (tree.lambda_ - born[from_]) * tree.child_size
        stability: Weights = np.bincount(from_, mass, minlength=count).astype(np.float64)
        deepest = np.zeros(count)
        np.maximum.at(deepest, from_, tree.lambda_)
        home, left_at = np.zeros(n, dtype=np.int64), np.zeros(n)
        home[tree.child[is_vector]] = from_[is_vector]
        left_at[tree.child[is_vector]] = tree.lambda_[is_vector]
        return cls(parent, born, size, stability, deepest, home, left_at)

    def leaves(self, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Possible clusters that never split into such; that of all vectors is none."""
        chosen = possible.copy()
        chosen[self.parent[1:][possible[1:]]] = False
        chosen[0] = False
        return chosen

    def of_largest_mass(
        self, most: int, possible: NDArray[np.bool_], *, allow_single_cluster: bool
    ) -> tuple[NDArray[np.bool_], int]:
        """Clusters whose stability no choice below them exceeds; and how many were too large.

        Of siblings both are possible clusters, or none.
        """
        best, below = self.stability.tolist(), [0.0] * self.count
        counted, capped = possible.tolist(), 0
        alone, parents, sizes = possible.tolist(), self.parent.tolist(), self.size.tolist()
        alone[0] = allow_single_cluster
        for cluster in range(self.count - 1, 0 if not allow_single_cluster else -1, -1):
            larger_below = below[cluster] > best[cluster]
            too_large = sizes[cluster] > most and below[cluster] > 0
            capped += too_large and not larger_below
            if larger_below or too_large:
                alone[cluster], best[cluster] = False, below[cluster]
            if cluster and counted[cluster]:
                below[parents[cluster]] += best[cluster]
        return self._outermost(np.array(alone)), capped

    def _outermost(self, alone: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of clusters within each other, the outermost."""
        covered = np.zeros(self.count, dtype=np.bool_)
        for cluster, parent in enumerate(self.parent[1:].tolist(), start=1):
            covered[cluster] = covered[parent] or alone[parent]
        outermost: NDArray[np.bool_] = alone & ~covered
        return outermost

    def chosen_above(self, chosen: NDArray[np.bool_]) -> Nodes:
        """For each cluster the chosen one that it lies in, itself perhaps; -1 if none."""
        above = np.where(chosen, np.arange(self.count), -1).tolist()
        for cluster, parent in enumerate(self.parent.tolist()):
            if above[cluster] < 0 <= parent:
                above[cluster] = above[parent]
        return np.array(above, dtype=np.int64)


def _labels(
    tree: CondensedTree,
    branches: Branches,
    chosen: NDArray[np.bool_],
    *,
    allow_single_cluster: bool,
) -> Labels:
    """The chosen cluster of each vector, by number; -1 is noise."""
    labels = branches.chosen_above(chosen)[branches.home]
    if chosen[0]:
        # All vectors are one cluster; those that left before the densest of it are noise.
        reach = branches.left_at >= tree.lambda_[tree.parent == len(labels)].max()
        labels = np.where(reach & allow_single_cluster, labels, -1)
    return labels


def _shares(tree: CondensedTree, branches: Branches, labels: Labels) -> Probabilities:
    """λ of each vector over the largest finite one in its cluster, at most 1; 0 for noise."""
    member = labels >= 0
    deepest = branches.deepest.copy()
    endless = np.flatnonzero(np.isinf(deepest))
    if len(endless):
        # hdbscan measures against infinity beside exact copies, hence gives 0.
        deepest[endless] = 0
        finite = np.isin(labels, endless) & np.isfinite(branches.left_at)
        np.maximum.at(deepest, labels[finite], branches.left_at[finite])
    largest = np.where(member, deepest[labels], 0)
    share = np.ones(len(labels))
    np.divide(branches.left_at, largest, out=share, where=(largest > 0))
    return np.where(member, np.minimum(share, 1), 0.0)


def outlier_scores(branches: Branches) -> Probabilities:
    """Outlier score of each vector, as `Selection` tells them: shape (n,)."""
    deepest = branches.deepest.copy()
    for child in range(branches.count - 1, 0, -1):  # children come after their parents
        parent = branches.parent[child]
        deepest[parent] = max(deepest[parent], deepest[child])
    densest, own = deepest[branches.home], branches.left_at
    scored = (densest > 0) & np.isfinite(own)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(np.isinf(densest), 1.0, (densest - own) / densest)
    return np.where(scored, scores, 0.0)

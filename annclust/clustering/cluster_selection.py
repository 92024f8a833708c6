"""Cluster selection: which branches of the condensed tree are the clusters.

Step 6 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Labels, Probabilities
from annclust.clustering.condensed_tree import CondensedTree
from annclust.clustering.tree_adapter import select
from annclust.settings import Method


def select_clusters(
    tree: CondensedTree, n: int, method: Method, *, allow_single_cluster: bool = False
) -> tuple[Labels, Probabilities]:
    """Choose clusters that do not overlap, by stability, and say who belongs to them.

    Parameters
    ----------
    tree : CondensedTree
        Over n vectors.
    n : int
    method : {"eom", "leaf"}
        Largest total stability (excess of mass, [1]_ section 5), or the leaves of the tree.
    allow_single_cluster : bool
        Whether all vectors may form one cluster.

    Returns
    -------
    labels : ndarray of shape (n,), int64
        Numbered from 0 by the first vector of each cluster; -1 is noise.
    probabilities : ndarray of shape (n,), float64
        How deep in its cluster a vector lies: its λ over the largest finite one there, at most 1;
        0 for noise.

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander (2015), ACM TKDD 10(1).
    """
    if not len(tree.parent):
        return np.full(n, -1, dtype=np.int64), np.zeros(n)
    labels, probabilities = select(
        tree.as_table(), method, allow_single_cluster=allow_single_cluster
    )
    labels = in_order_of_appearance(labels)
    return labels, _beside_copies(labels, probabilities, tree)


def in_order_of_appearance(labels: Labels) -> Labels:
    """Number clusters from 0 by their first vector; noise stays -1. Shape as given."""
    known, first = np.unique(labels[labels >= 0], return_index=True)
    renamed = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int64)
    renamed[known[np.argsort(first)]] = np.arange(len(known))
    return renamed[labels]


def _beside_copies(
    labels: Labels, probabilities: Probabilities, tree: CondensedTree
) -> Probabilities:
    """Give back their share to members of clusters in which exact copies reach λ = inf.

    hdbscan measures them against infinity, hence at 0.
    """
    n = len(labels)
    leaves = tree.child < n
    lambdas = np.empty(n)
    lambdas[tree.child[leaves]] = tree.lambda_[leaves]
    beside = np.flatnonzero((labels >= 0) & (probabilities == 0))
    densest = np.zeros(int(labels.max(initial=-1)) + 1)
    np.maximum.at(densest, labels[beside], lambdas[beside])
    shared = probabilities.copy()
    shared[beside] = lambdas[beside] / densest[labels[beside]]
    return shared

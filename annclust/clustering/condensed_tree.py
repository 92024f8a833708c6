"""Condensed tree: the hierarchy with only those splits that make two real clusters.

Step 5 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from annclust.arrays import Nodes, Weights
from annclust.clustering.single_linkage import Dendrogram
from annclust.clustering.tree_adapter import Table, condense

_HDBSCAN_NAMES = {
    "parent": "parent",
    "child": "child",
    "lambda_": "lambda_val",
    "child_size": "child_size",
}


@dataclass(frozen=True, slots=True, eq=False)
class CondensedTree:
    """Who leaves which cluster at which density.

    Parameters
    ----------
    parent : ndarray of shape (m,), int64
        Cluster that is left; clusters are numbered from n, the number of vectors, which is the
        cluster of all.
    child : ndarray of shape (m,), int64
        A vector (below n), or a cluster that is born.
    lambda_ : ndarray of shape (m,), float64
        λ = 1 / distance at which that happens; ``inf`` for exact copies.
    child_size : ndarray of shape (m,), int64
        Vectors in the child.

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander (2015), ACM TKDD 10(1), section 4.
    """

    parent: Nodes
    child: Nodes
    lambda_: Weights
    child_size: Nodes

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Take over hdbscan's structured array."""
        return cls(
            **{ours: np.ascontiguousarray(table[name]) for ours, name in _HDBSCAN_NAMES.items()}
        )

    def as_table(self) -> Table:
        """The structured array that hdbscan works on."""
        columns = [getattr(self, name) for name in _HDBSCAN_NAMES]
        types = list(zip(_HDBSCAN_NAMES.values(), ["i8", "i8", "f8", "i8"], strict=True))
        return np.rec.fromarrays(columns, dtype=np.dtype(types)).view(np.ndarray)


EMPTY_TREE = CondensedTree(*(np.zeros(0, dtype) for dtype in ("i8", "i8", "f8", "i8")))
"""The tree over a single vector, or none."""


def condensed_tree(dendrogram: Dendrogram, min_cluster_size: int) -> CondensedTree:
    """Drop the splits of which one side has fewer than `min_cluster_size` vectors.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    min_cluster_size : int
        At least 2.

    Returns
    -------
    CondensedTree
        Over n vectors.
    """
    if not len(dendrogram.merges):
        return EMPTY_TREE
    return CondensedTree.from_table(condense(dendrogram.merges, min_cluster_size))

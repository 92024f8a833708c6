"""Condensed tree: the hierarchy with only those splits that make two real clusters.

Step 5 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, Weights
from annclust.clustering.single_linkage import Dendrogram, Layout

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

    def as_table(self) -> NDArray[Any]:
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
    return _Condensing.of(dendrogram, min_cluster_size).tree()


@dataclass(frozen=True, slots=True, eq=False)
class _Condensing:
    """A dendrogram of n leaves, and which of its nodes make clusters.

    Parameters
    ----------
    dendrogram : Dendrogram
    large : ndarray of shape (2n - 1,), bool
        Nodes that could be clusters, and the root.
    splits : ndarray of shape (s,), int64
        Nodes of which both sides could.
    """

    dendrogram: Dendrogram
    large: NDArray[np.bool_]
    splits: Nodes

    @classmethod
    def of(cls, dendrogram: Dendrogram, min_cluster_size: int) -> Self:
        large = dendrogram.sizes >= min_cluster_size
        large[-1] = True
        both = large[dendrogram.left] & large[dendrogram.right]
        return cls(dendrogram, large, dendrogram.n + np.flatnonzero(both))

    def tree(self) -> CondensedTree:
        n, clusters = self.dendrogram.n, self._clusters()
        leaves, left_from = self._fallen()
        sides = self._sides()
        at = np.concatenate([left_from, np.repeat(self.splits, 2)])
        child = np.concatenate([leaves, sides])
        order = self._breadth_first(at, child)
        at, child = at[order], child[order]
        distance = self.dendrogram.distance[at - n]
        lambda_ = np.full(len(at), np.inf)
        np.divide(1.0, distance, out=lambda_, where=distance > 0)
        names = np.where(child < n, child, clusters[child])
        size = np.where(child < n, 1, self.dendrogram.sizes[child])
        return CondensedTree(clusters[at], names, lambda_, size)

    def _sides(self) -> Nodes:
        """Both sides of each split, one after the other: the nodes at which clusters are born."""
        places = self.splits - self.dendrogram.n
        sides = np.column_stack([self.dendrogram.left[places], self.dendrogram.right[places]])
        return sides.ravel()

    def _clusters(self) -> Nodes:
        """The cluster that each large node is part of: breadth first from n, that of the root."""
        n, layout, heads = self.dendrogram.n, self.dendrogram.layout, self._sides()
        heads = heads[np.argsort(_place(layout, heads))]
        clusters = np.full(len(self.large), n)
        clusters[heads] = n + 1 + np.arange(len(heads))
        born = np.zeros(len(self.large), dtype=np.bool_)
        born[heads] = born[-1] = True
        above = np.where(born, np.arange(len(self.large)), layout.above)
        below = np.flatnonzero(self.large & ~born)
        while len(below):
            above[below] = above[above[below]]
            below = below[~born[above[below]]]
        return clusters[above]

    def _fallen(self) -> tuple[Nodes, Nodes]:
        """Every leaf, and the large node that it falls out of: two (n,)."""
        layout = self.dendrogram.layout
        tops = np.flatnonzero(~self.large & self.large[layout.above])
        tops = tops[np.argsort(layout.starts[tops])]  # these hold all leaves
        return layout.order, np.repeat(layout.above[tops], self.dendrogram.sizes[tops])

    def _breadth_first(self, at: Nodes, child: Nodes) -> Nodes:
        """The order in which hdbscan makes rows: sums of floats depend on it, and ties on these."""
        layout = self.dendrogram.layout
        right = self.dendrogram.right[at - self.dendrogram.n]
        second = (layout.starts[child] >= layout.starts[right]).astype(np.int64)
        within = (second << 62) | _place(layout, child)
        return np.lexsort((within, _place(layout, at)))


def _place(layout: Layout, nodes: Nodes) -> Nodes:
    """Numbers that count nodes breadth first, and those of one depth from left to right."""
    return (layout.depth[nodes].astype(np.int64) << 32) | layout.starts[nodes]

"""Single linkage: the spanning tree read as a hierarchy of merges.

Step 4 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, Weights, places_in
from annclust.clustering.spanning_tree import SpanningForest
from annclust.clustering.tree_adapter import LinkageMatrix, linkage

_SMALL = 32
"""Leaves below a node up to which it is placed by its size: larger ones are few, and lie deep."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A dendrogram drawn with the first side of every merge on the left.

    Parameters
    ----------
    above : ndarray of shape (2n - 1,), int64
        The node that each node is merged into; the root's is itself.
    order : ndarray of shape (n,), int64
        All leaves from left to right: those below any node stand together.
    starts : ndarray of shape (2n - 1,), int64
        Place of the first leaf below each node.
    depth : ndarray of shape (2n - 1,), int32
        Merges above each node.
    """

    above: Nodes
    order: Nodes
    starts: Nodes
    depth: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Dendrogram:
    """Merges of n leaves, at the shortest distance first.

    Parameters
    ----------
    merges : ndarray of shape (n - 1, 4), float64
        As SciPy's linkage: two nodes (leaves are below n, merge i makes node n + i), the distance
        at which they meet, and the number of leaves below.
    """

    merges: LinkageMatrix

    @property
    def n(self) -> int:
        """Number of leaves."""
        return len(self.merges) + 1

    @cached_property
    def left(self) -> Nodes:
        """First node of each merge: shape (n - 1,)."""
        return self.merges[:, 0].astype(np.int64)

    @cached_property
    def right(self) -> Nodes:
        """Second node of each merge: shape (n - 1,)."""
        return self.merges[:, 1].astype(np.int64)

    @property
    def distance(self) -> Weights:
        """Distance of each merge, ascending: shape (n - 1,)."""
        return self.merges[:, 2]

    @cached_property
    def sizes(self) -> Nodes:
        """Leaves below each node, leaves first: shape (2n - 1,)."""
        leaves = np.ones(self.n, dtype=np.int64)
        return np.concatenate([leaves, self.merges[:, 3].astype(np.int64)])

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands if the tree is drawn."""
        n, root = self.n, 2 * self.n - 2
        above = np.full(root + 1, root)
        above[self.left] = above[self.right] = np.arange(n, root + 1)
        # A node starts where all that stands left of its path from the root ends: depth in the high
        # half of a number, starts in the low one.
        sums = np.full(root + 1, 1 << 32)
        sums[self.right] += self.sizes[self.left]
        sums[root] = 0
        small = np.minimum(self.sizes, _SMALL + 1).astype(np.uint8)
        _add_paths(sums, above, np.flatnonzero(small > _SMALL))
        for size in range(min(_SMALL, n - 1), 0, -1):  # each one lies below a larger one
            nodes = np.flatnonzero(small == size)
            sums[nodes] += sums[above[nodes]]
        starts = sums & 0xFFFFFFFF
        sums >>= 32
        return Layout(above, places_in(starts[:n]), starts, sums.astype(np.int32))


def _add_paths(sums: Nodes, above: Nodes, nodes: Nodes) -> None:
    """Add up the numbers along each node's path from the root, in place, in steps that double.

    Parameters
    ----------
    sums, above : ndarray of shape (m,), int64
        Number of each node, and the node above it; the root's is itself, its number 0.
    nodes : ndarray of shape (p,), int64
        Ascending, with all nodes that lie above any of them; the root is the last one.
    """
    steps, added = np.searchsorted(nodes, above[nodes]), sums[nodes]
    while (steps != len(nodes) - 1).any():
        added += added[steps]
        steps = steps[steps]
    sums[nodes] = added


NO_MERGES = Dendrogram(np.zeros((0, 4)))
"""The dendrogram of a single leaf, or of none."""


def single_linkage(tree: SpanningForest) -> Dendrogram:
    """Merge along the edges of a spanning tree, in its order.

    Parameters
    ----------
    tree : SpanningForest
        With n - 1 edges.

    Returns
    -------
    Dendrogram
        Of n leaves.
    """
    return Dendrogram(linkage(tree.left, tree.right, tree.weight))

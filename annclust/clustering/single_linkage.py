"""Single linkage: the spanning tree read as a hierarchy of merges.

Step 4 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Nodes, Weights, places_in
from annclust.clustering.spanning_tree import SpanningForest
from annclust.clustering.tree_adapter import LinkageMatrix, linkage


@dataclass(frozen=True, slots=True, eq=False)
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
    def left(self) -> Nodes:
        """First node of each merge: shape (n - 1,)."""
        return self.merges[:, 0].astype(np.int64)

    @property
    def right(self) -> Nodes:
        """Second node of each merge: shape (n - 1,)."""
        return self.merges[:, 1].astype(np.int64)

    @property
    def distance(self) -> Weights:
        """Distance of each merge, ascending: shape (n - 1,)."""
        return self.merges[:, 2]

    @property
    def sizes(self) -> Nodes:
        """Leaves below each node, leaves first: shape (2n - 1,)."""
        leaves = np.ones(len(self.merges) + 1, dtype=np.int64)
        return np.concatenate([leaves, self.merges[:, 3].astype(np.int64)])

    def leaf_order(self) -> tuple[Nodes, Nodes]:
        """All leaves in an order in which those below any node stand together.

        Returns
        -------
        order : ndarray of shape (n,), int64
        starts : ndarray of shape (2n - 1,), int64
            Place of the first leaf below each node.
        """
        n = len(self.merges) + 1
        nodes = np.arange(2 * n - 1)
        # A node starts where all that stands left of its path from the root ends; paths are added
        # up in steps that double.
        above, starts = nodes.copy(), np.zeros_like(nodes)
        above[self.left], above[self.right] = nodes[n:], nodes[n:]
        starts[self.right] = self.sizes[self.left]
        while (above != nodes[-1:]).any():
            starts += starts[above]
            above = above[above]
        return places_in(starts[:n]), starts


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

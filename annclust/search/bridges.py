"""Bridges: the edges that join components, which a k-NN graph does not have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Labels, Nodes
from annclust.search.exact import nearest_allowed
from annclust.vector_source import VectorSource


@dataclass(frozen=True, slots=True, eq=False)
class ExactBridges:
    """Finds the nearest vector of another group by looking at all of them.

    Parameters
    ----------
    vectors : VectorSource
        n vectors, one for each node.
    """

    vectors: VectorSource

    def nearest_outside(self, queries: Nodes, groups: Labels, /) -> tuple[Nodes, Distances]:
        """The nearest node of another group, for each query node.

        Parameters
        ----------
        queries : ndarray of shape (m,), int64
            Nodes.
        groups : ndarray of shape (n,), int64
            Group of every node.

        Returns
        -------
        nodes : ndarray of shape (m,), int64
            -1 where all nodes are of the query's own group; ties by node.
        distances : ndarray of shape (m,), float32
            Euclidean; ``inf`` where there is none.
        """
        own = groups[queries]

        def bar(squared: Distances, asked: Nodes, first: int) -> None:
            others = groups[first : first + squared.shape[1]]
            squared[own[asked, np.newaxis] == others] = np.inf

        distances, nodes = nearest_allowed(self.vectors, self.vectors.take(queries), 1, bar)
        return nodes[:, 0], distances[:, 0]

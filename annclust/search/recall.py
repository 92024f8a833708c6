"""Recall: the share of true neighbors that a graph has, over a sample that is searched exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.search.exact import nearest
from annclust.vector_source import VectorSource

_ROUNDING = 1e-5
"""Relative; two ways of summing the same squares differ by no more."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of the true neighbors that were found, from 0 to 1.

    Parameters
    ----------
    overall : float
    dense : float
        Among the half of the sample that has its neighbors nearest: there the clusters are.
    """

    overall: float
    dense: float


COMPLETE = Recall(1.0, 1.0)
"""Of a graph that was made by exact search."""


@dataclass(frozen=True, slots=True, eq=False)
class RecallSample:
    """Some nodes, and how far their true neighbors reach.

    Parameters
    ----------
    nodes : ndarray of shape (m,), int64
    reach : ndarray of shape (m,), float32
        Distance of the k-th nearest. A neighbor is true if it is no farther, whichever of equals it
        is.
    """

    nodes: Nodes
    reach: Distances

    @classmethod
    def drawn(
        cls, vectors: VectorSource, k: int, *, size: int, seed: int, threads: int = 1
    ) -> RecallSample:
        """Search for the true neighbors of nodes drawn at random.

        Parameters
        ----------
        vectors : VectorSource
            One vector for each node.
        k, size, seed, threads : int
        """
        n, _ = vectors.shape
        nodes = np.sort(np.random.default_rng(seed).choice(n, min(size, n), replace=False))
        queries = vectors.take(nodes)
        reach = nearest(vectors, queries, k, itself=nodes, threads=threads)[0][:, -1]
        return cls(nodes, reach)

    def recall(self, distances: Distances) -> Recall:
        """How many of the true neighbors were found.

        Parameters
        ----------
        distances : ndarray of shape (m, k), float32
            Of what was found for `nodes`; ``inf`` where there is nothing.
        """
        found = distances <= self.reach[:, np.newaxis] * (1 + _ROUNDING)
        dense = self.reach <= np.median(self.reach)
        return Recall(float(found.mean()), float(found[dense].mean()))

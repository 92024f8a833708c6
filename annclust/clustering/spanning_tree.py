"""Spanning tree: the lightest edges that hold all vectors together.

Step 3 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.

A k-NN graph may fall into components. They are joined by real edges, found among the vectors: an
edge of infinite length would make every component a cluster born at λ = 0, and the largest one
could swallow all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from annclust.arrays import Distances, Labels, Nodes, Weights
from annclust.clustering.mutual_reachability import mutual_reachability

_ASKED_PER_COMPONENT = 16
"""Vectors of a component that look for a way out, densest first: mutual reachability makes bridges
from sparse places long, and in trials more than these found no shorter one."""


class BridgeSearch(Protocol):
    """Finds the nearest vector outside a group. Any object of this shape will do."""

    def nearest_outside(self, queries: Nodes, groups: Labels, /) -> tuple[Nodes, Distances]:
        """For each query node the nearest node of another group, and its distance.

        Parameters
        ----------
        queries : ndarray of shape (m,), int64
            Nodes.
        groups : ndarray of shape (n,), int64
            Group of every node.

        Returns
        -------
        nodes : ndarray of shape (m,), int64
            -1 where none is found.
        distances : ndarray of shape (m,), float32
            Euclidean; ``inf`` where none is found.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SpanningForest:
    """Edges without a cycle, in the order (weight, left, right).

    Parameters
    ----------
    left, right : ndarray of shape (m,), int64
        The ends; ``left < right``.
    weight : ndarray of shape (m,), float64
        Finite, not negative.
    """

    left: Nodes
    right: Nodes
    weight: Weights


def spanning_forest(
    left: Nodes, right: Nodes, weight: Distances | Weights, n: int
) -> SpanningForest:
    """Minimum spanning forest of a graph on n nodes.

    Edges of equal weight are taken in the order of their ends, so that the same graph always gives
    the same forest.

    Parameters
    ----------
    left, right : ndarray of shape (m,), int64
        The ends of the edges, in any order; an edge may come more than once.
    weight : ndarray of shape (m,), float32 or float64
        Finite, not negative.
    n : int

    Returns
    -------
    SpanningForest
        n edges less one for each component.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((low * n + high, weight))
    # SciPy drops zero weights and breaks ties as it likes: ranks from 1 have neither.
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    tree = minimum_spanning_tree(_adjacency(left, right, rank, n), overwrite=True)
    taken = order[np.sort(tree.data).astype(np.int64) - 1]
    return SpanningForest(low[taken], high[taken], weight[taken].astype(np.float64))


def _adjacency(left: Nodes, right: Nodes, rank: Weights, n: int) -> csr_array[np.float64]:
    """Edges by their left end; unlike SciPy's own conversion this never adds up parallel ones."""
    by_left = np.argsort(left, kind="stable")
    starts = np.searchsorted(left[by_left], np.arange(n + 1))
    return csr_array((rank[by_left], right[by_left], starts), shape=(n, n))


def components(forest: SpanningForest, n: int) -> Labels:
    """The component of each node, numbered from 0: shape (n,), int64."""
    ones = np.ones(len(forest.left), dtype=np.int8)
    edges = csr_array((ones, (forest.left, forest.right)), shape=(n, n))
    labels: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return labels.astype(np.int64)


def joined(forest: SpanningForest, core: Distances, bridges: BridgeSearch) -> SpanningForest:
    """Join the components of a forest by real edges into one spanning tree.

    Borůvka's way: in each round every component but the largest looks for its lightest edge out,
    from its densest vectors. With a way out of each, c components leave at most (c + 1) / 2.

    Parameters
    ----------
    forest : SpanningForest
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.
    bridges : BridgeSearch

    Returns
    -------
    SpanningForest
        With n - 1 edges of finite weight.

    Raises
    ------
    ValueError
        If `bridges` finds no way out of any component.
    """
    n = len(core)
    while len(forest.left) < n - 1:
        groups = components(forest, n)
        asked = _densest(groups, core)
        found, distances = bridges.nearest_outside(asked, groups)
        out = found >= 0
        if not out.any():
            raise ValueError(f"bridges lead out of none of {int(groups.max()) + 1} components")
        asked, found = asked[out], found[out]
        weight = mutual_reachability(distances[out], core[asked], core[found])
        best = _lightest_of_each(groups[asked], weight)
        forest = spanning_forest(
            np.concatenate([forest.left, asked[best]]),
            np.concatenate([forest.right, found[best]]),
            np.concatenate([forest.weight, weight[best]]),
            n,
        )
    return forest


def _lightest_of_each(groups: Labels, weight: Distances) -> Nodes:
    """Place of the least weight in each group: a second edge may be one that no tree needs."""
    order = np.lexsort((weight, groups))
    chosen: Nodes = order[np.unique(groups[order], return_index=True)[1]]
    return chosen


def _densest(groups: Labels, core: Distances) -> Nodes:
    """The densest nodes of every component but the largest."""
    order = np.lexsort((core, groups))
    ordered = groups[order]
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    place = np.arange(len(groups)) - starts[ordered]
    chosen: Nodes = order[(place < _ASKED_PER_COMPONENT) & (ordered != sizes.argmax())]
    return chosen

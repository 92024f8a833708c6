"""Spanning tree: the lightest edges that hold all vectors together.

Step 3 of 6 in HDBSCAN*; see :mod:`annclust.clustering.hdbscan` for the chain.

A k-NN graph may fall into components. They are joined by real edges, found among the vectors: an
edge of infinite length would make every component a cluster born at λ = 0, and the largest one
could swallow all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from annclust.arrays import Distances, Labels, Nodes, Weights, places_in
from annclust.clustering.mutual_reachability import mutual_reachability

_ASKED_PER_COMPONENT = 16
"""Vectors of a component that look for a way out, densest first: mutual reachability makes bridges
from sparse places long, and in trials more than these found no shorter one."""

_WAYS_OUT = 4
"""Vectors outside that each of them finds: the nearest one may stand in a sparse place."""


class OutsideSearch(Protocol):
    """Finds vectors near others, but not those of their own side. Any object of this shape will do.

    What is barred is named by places in some order of all nodes, so that every branch of a
    dendrogram and every component is an interval.
    """

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """For each query node the nearest nodes that are not barred to it, and their distances.

        Parameters
        ----------
        queries : ndarray of shape (m,), int64
            Nodes.
        places : ndarray of shape (n,), int64
            Place of every node in an order of all.
        barred : ndarray of shape (m, 2), int64
            First place of those that are barred to each query, and the place behind the last.
        count : int
            How many are wanted.

        Returns
        -------
        nodes : ndarray of shape (m, count), int64
            Nearest first; -1 where there are fewer, or none was found.
        distances : ndarray of shape (m, count), float32
            Euclidean; ``inf`` where there is none.
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

    def named(self, names: Nodes) -> SpanningForest:
        """The same edges, of nodes that are called so: names of all, ascending."""
        return SpanningForest(names[self.left], names[self.right], self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Edges that were found outside a graph.

    Parameters
    ----------
    left, right : ndarray of shape (e,), int64
        The ends, in any order.
    distance : ndarray of shape (e,), float32
        Euclidean.
    """

    left: Nodes
    right: Nodes
    distance: Distances

    @classmethod
    def from_table(cls, table: Weights) -> Self:
        """What `table` gives."""
        left, right = table[:, :2].astype(np.int64).T
        return cls(left, right, table[:, 2].astype(np.float32))

    @property
    def table(self) -> Weights:
        """Ends and distances as columns, to be stored: shape (e, 3)."""
        return np.column_stack([self.left, self.right, self.distance])

    def weights(self, core: Distances) -> Distances:
        """Mutual reachability of each, shape (e,)."""
        return mutual_reachability(self.distance, core[self.left], core[self.right])

    def chosen(self, which: Nodes | NDArray[np.bool_]) -> Edges:
        """Some of them."""
        return Edges(self.left[which], self.right[which], self.distance[which])

    def of(self, tree: SpanningForest, n: int) -> Edges:
        """Those that are part of a tree on n nodes, each once."""
        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        names, first = np.unique(low * n + high, return_index=True)
        if not len(names):
            return self
        sought = tree.left * n + tree.right
        place = np.minimum(np.searchsorted(names, sought), len(names) - 1)
        return self.chosen(first[np.sort(place[names[place] == sought])])  # `isin` would sort all


NO_EDGES = Edges(
    np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
)


def together(*parts: Edges) -> Edges:
    """All edges of several parts."""
    return Edges(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )


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
    return lightest(left, right, weight, np.arange(n))


def joined_at_infinity(forest: SpanningForest, n: int) -> SpanningForest:
    """Make a tree of a forest on n nodes whose parts have nothing to do with each other."""
    first = np.unique(components(forest, n), return_index=True)[1].astype(np.int64)
    bridges = len(first) - 1
    return SpanningForest(
        np.concatenate([forest.left, np.full(bridges, first[0])]),
        np.concatenate([forest.right, first[1:]]),
        np.concatenate([forest.weight, np.full(bridges, np.inf)]),
    )


def lightest(
    left: Nodes, right: Nodes, weight: Distances | Weights, groups: Labels
) -> SpanningForest:
    """The minimum spanning forest of groups of nodes, by edges between nodes.

    Parameters
    ----------
    left, right, weight
        As of `spanning_forest`; each edge joins two groups.
    groups : ndarray of shape (n,), int64
        Group of each node, numbered from 0.
    """
    low, high, weight = _in_order(np.minimum(left, right), np.maximum(left, right), weight)
    # SciPy drops zero weights and breaks ties as it likes: ranks from 1 have neither.
    rank = np.arange(1, len(weight) + 1, dtype=np.float64)
    edges = _adjacency(groups[low], groups[high], rank, int(groups.max(initial=0)) + 1)
    tree = minimum_spanning_tree(edges, overwrite=True)
    taken = np.sort(tree.data).astype(np.int64) - 1
    return SpanningForest(low[taken], high[taken], weight[taken].astype(np.float64))


def _in_order(
    low: Nodes, high: Nodes, weight: Distances | Weights
) -> tuple[Nodes, Nodes, Distances | Weights]:
    """Sort edges by weight, then low end, then high end.

    Where all three fit into one number they are sorted as such, which NumPy does with vector
    instructions, and those that come twice are dropped: a fifth of the time that sorting by several
    keys takes.
    """
    width = int(high.max(initial=0)).bit_length()
    if weight.dtype == np.float32 and len(weight):
        bits = weight.view(np.uint32).astype(np.uint64)  # not negative: they sort as weights do
        least = bits.min()
        if int(bits.max() - least).bit_length() + 2 * width <= 64:
            return _as_numbers(low, high, bits - least, least, width)
    # Two sorts of plain numbers take half as long as one of several keys: the place by ends fills
    # the low half of a number, the rank by weight the high.
    by_ends = np.argsort((low << width) | high)
    rank = np.unique(weight[by_ends], return_inverse=True)[1]
    both = (rank.astype(np.int64) << 32) | np.arange(len(rank))
    both.sort()
    order = by_ends[both & 0xFFFFFFFF]
    return low[order], high[order], weight[order]


def _as_numbers(
    low: Nodes, high: Nodes, above: NDArray[np.uint64], least: np.uint64, width: int
) -> tuple[Nodes, Nodes, Distances]:
    """`_in_order` for weights whose bits, above the least, fit beside the ends."""
    shift, mask = np.uint64(width), np.uint64((1 << width) - 1)
    edges = (((above << shift) | low.astype(np.uint64)) << shift) | high.astype(np.uint64)
    edges.sort()
    edges = edges[np.append(True, edges[1:] != edges[:-1])]
    ends = (((edges >> shift) & mask).astype(np.int64), (edges & mask).astype(np.int64))
    bits = (edges >> (shift + shift)) + least
    return *ends, bits.astype(np.uint32).view(np.float32)


def _adjacency(left: Nodes, right: Nodes, rank: Weights, n: int) -> csr_array[np.float64]:
    """Edges by their left end; unlike SciPy's own conversion this never adds up parallel ones."""
    by_left = (left << 32) | np.arange(len(left))
    by_left.sort()
    starts = np.searchsorted(by_left, np.arange(n + 1) << 32)
    by_left &= 0xFFFFFFFF
    return csr_array((rank[by_left], right[by_left], starts), shape=(n, n))


def components(forest: SpanningForest, n: int) -> Labels:
    """The component of each node, numbered from 0: shape (n,), int64."""
    return connected(forest.left, forest.right, n)


def connected(left: Nodes, right: Nodes, n: int) -> Labels:
    """The component of each of n nodes that edges join, numbered from 0: shape (n,), int64."""
    ones = np.ones(len(left), dtype=np.int8)
    edges = csr_array((ones, (left, right)), shape=(n, n))
    labels: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return labels.astype(np.int64)


def joined(
    forest: SpanningForest, core: Distances, outside: OutsideSearch
) -> tuple[SpanningForest, Edges]:
    """Join the components of a forest by real edges into one spanning tree.

    Borůvka's way: in each round every component but the largest looks for its lightest edge out,
    from its densest vectors. With a way out of each, c components leave at most (c + 1) / 2.

    Parameters
    ----------
    forest : SpanningForest
    core : ndarray of shape (n,), float32
        Finite, as `known_core_distances` gives it.
    outside : OutsideSearch

    Returns
    -------
    tree : SpanningForest
        With n - 1 edges of finite weight.
    bridges : Edges
        Those that were added.

    Raises
    ------
    ValueError
        If `outside` finds no way out of any component.
    """
    n, bridges = len(core), NO_EDGES
    while len(forest.left) < n - 1:
        groups = components(forest, n)
        found = ways_out(*_densest(groups, core), outside)
        if not len(found.left):
            raise ValueError(f"bridges lead out of none of {int(groups.max()) + 1} components")
        best = found.chosen(_lightest_of_each(groups[found.left], found.weights(core)))
        forest = with_edges(forest, best, core)
        bridges = together(bridges, best)
    return forest, bridges


def ways_out(queries: Nodes, places: Nodes, barred: Nodes, outside: OutsideSearch) -> Edges:
    """Edges from some nodes, which are their left ends, to the nearest that are not barred to them.

    Parameters
    ----------
    queries, places, barred
        As of `OutsideSearch`.
    outside : OutsideSearch
    """
    found, distances = outside.nearest_outside(queries, places, barred, _WAYS_OUT)
    left = np.repeat(queries, found.shape[1])
    right, away = found.ravel(), distances.ravel()
    known = right >= 0
    return Edges(left[known], right[known], away[known])


def with_edges(forest: SpanningForest, edges: Edges, core: Distances) -> SpanningForest:
    """The minimum spanning forest, by mutual reachability, of a forest and more edges."""
    if not len(edges.left):
        return forest
    return spanning_forest(
        np.concatenate([forest.left, edges.left]),
        np.concatenate([forest.right, edges.right]),
        np.concatenate([forest.weight.astype(np.float32), edges.weights(core)]),  # as they were
        len(core),
    )


def _lightest_of_each(groups: Labels, weight: Distances) -> Nodes:
    """Place of the least weight in each group: a second edge may be one that no tree needs."""
    order = np.lexsort((weight, groups))
    chosen: Nodes = order[np.unique(groups[order], return_index=True)[1]]
    return chosen


def _densest(groups: Labels, core: Distances) -> tuple[Nodes, Nodes, Nodes]:
    """The densest nodes of every component but the largest, and what is barred to them.

    Returns
    -------
    queries, places, barred
        As of `OutsideSearch`: each component is an interval.
    """
    order = np.lexsort((core, groups))
    ordered = groups[order]
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    within = np.arange(len(groups)) - starts[ordered]
    asked = (within < _ASKED_PER_COMPONENT) & (ordered != sizes.argmax())
    first = starts[ordered[asked]]
    barred = np.column_stack([first, first + sizes[ordered[asked]]])
    return order[asked], places_in(order), barred

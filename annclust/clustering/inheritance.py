"""Inheritance: what a tree leaves to the next one, over nearly the same vectors.

Edges that no graph has were found by asking: they are real, and hold until one of their ends is
gone. And where it was asked once about the way out of a side of a merge, it need not be asked again
as long as that side holds the same vectors, but for a few that are new.

Vectors are known by names that last, as their nodes are numbered anew for every tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, places_in
from annclust.clustering.certificate import doubtful_sides
from annclust.clustering.single_linkage import Dendrogram
from annclust.clustering.spanning_tree import NO_EDGES, Edges, SpanningForest

_GROWTH = 1.25
"""A side that has grown more since it was asked about is asked about again."""

Keys = NDArray[np.uint64]
"""Of sets of vectors: the sum of the keys of all, so that those of intervals are differences."""


@dataclass(frozen=True, slots=True, eq=False)
class Inheritance:
    """What a tree over n vectors leaves to the next one.

    Parameters
    ----------
    names : ndarray of shape (n,), int64
        Of the vectors, ascending.
    edges : Edges
        Of the tree, but of no neighbor graph; their ends are names.
    sides : ndarray of shape (m,), uint64
        Key of the smaller side of each merge that is in doubt and was asked about: sorted.
    outer : ndarray of shape (m,), int64
        Name of the vector outside it that the tree joins it to.
    sizes : ndarray of shape (m,), int64
        Vectors of it when it was asked about.
    """

    names: Nodes
    edges: Edges
    sides: Keys
    outer: Nodes
    sizes: Nodes

    @classmethod
    def nothing(cls, names: Nodes) -> Self:
        """Of a tree that knows nothing worth keeping."""
        none = np.zeros(0, dtype=np.int64)
        return cls(names, NO_EDGES, none.astype(np.uint64), none, none)

    @classmethod
    def of(
        cls,
        tree: SpanningForest,
        dendrogram: Dendrogram,
        proven: NDArray[np.bool_],
        found: Edges,
        heir: Heir,
        asked: Keys,
        min_cluster_size: int,
    ) -> Self:
        """What a tree leaves.

        Parameters
        ----------
        tree : SpanningForest
            Over n nodes.
        dendrogram : Dendrogram
            Merge i is along edge i of the tree.
        proven : ndarray of shape (n - 1,), bool
        found : Edges
            Those that were found outside the graph, between nodes.
        heir : Heir
            What this tree itself was left.
        asked : ndarray of shape (m,), uint64
            Keys of the sides that it was asked about for this tree.
        min_cluster_size : int
            What decides about clusters.
        """
        names = heir.names
        merges, sides = doubtful_sides(dendrogram, proven, min_cluster_size)
        keys, before = heir.keys(dendrogram, sides), heir.asked_at(dendrogram, sides)
        known = (before > 0) | np.isin(keys, asked)
        merges, sides, before = merges[known], sides[known], before[known]
        sizes = np.where(before > 0, before, dendrogram.sizes[sides])
        outer = _outer_ends(tree, dendrogram, merges, sides)
        keys = keys[known]
        by_key = np.argsort(keys)
        taken = found.of(tree, len(names))
        edges = Edges(names[taken.left], names[taken.right], taken.distance)
        return cls(names, edges, keys[by_key], names[outer[by_key]], sizes[by_key])


@dataclass(frozen=True, slots=True, eq=False)
class Heir:
    """A tree over n nodes that is about to be made, and what the one before leaves it.

    Parameters
    ----------
    names : ndarray of shape (n,), int64
        Of the nodes, ascending.
    left : Inheritance or None
    """

    names: Nodes
    left: Inheritance | None = None

    @property
    def edges(self) -> Edges:
        """The edges whose ends are still there, between nodes."""
        if self.left is None:
            return NO_EDGES
        edges = self.left.edges
        ends = np.searchsorted(self.names, edges.left), np.searchsorted(self.names, edges.right)
        known = np.append(self.names, -1)
        there = (known[ends[0]] == edges.left) & (known[ends[1]] == edges.right)
        return Edges(*ends, edges.distance).chosen(there)

    def keys(self, dendrogram: Dendrogram, sides: Nodes) -> Keys:
        """Keys of the vectors below some nodes of a dendrogram: (m,)."""
        return _keys_of(_key_of_each(self.names), dendrogram, sides)

    def asked_at(self, dendrogram: Dendrogram, sides: Nodes) -> Nodes:
        """How many vectors some nodes of a dendrogram had when it was asked about them.

        Parameters
        ----------
        dendrogram : Dendrogram
            Of n leaves.
        sides : ndarray of shape (m,), int64

        Returns
        -------
        ndarray of shape (m,), int64
            0 where it was not, or where it should be asked again: what they were joined to is gone,
            or they have grown too much.
        """
        before = self.left
        if before is None or not len(before.sides):
            return np.zeros(len(sides), dtype=np.int64)
        keys = np.where(np.isin(self.names, before.names), _key_of_each(self.names), np.uint64(0))
        sizes = dendrogram.sizes[sides]
        wanted = _keys_of(keys, dendrogram, sides)
        place = np.minimum(np.searchsorted(before.sides, wanted), len(before.sides) - 1)
        asked, there = before.sizes[place], np.isin(before.outer[place], self.names)
        same = (before.sides[place] == wanted) & there & (sizes <= _GROWTH * asked)
        return np.where(same, asked, 0)


def _key_of_each(names: Nodes) -> Keys:
    """A number for each name that looks drawn at random (splitmix64: Steele, Lea, Flood 2014)."""
    keys = (names.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Keys = keys ^ (keys >> np.uint64(31))
    return found


def _keys_of(keys: Keys, dendrogram: Dendrogram, sides: Nodes) -> Keys:
    """Key of each set of leaves that is below a node."""
    layout = dendrogram.layout
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(keys[layout.order])])
    first = layout.starts[sides]
    found: Keys = sums[first + dendrogram.sizes[sides]] - sums[first]
    return found


def _outer_ends(tree: SpanningForest, dendrogram: Dendrogram, merges: Nodes, sides: Nodes) -> Nodes:
    """The end of each merge's edge that is not in its side."""
    layout = dendrogram.layout
    first = layout.starts[sides]
    left, right = tree.left[merges], tree.right[merges]
    place = places_in(layout.order)[left]
    inside = (first <= place) & (place < first + dendrogram.sizes[sides])
    return np.where(inside, right, left)

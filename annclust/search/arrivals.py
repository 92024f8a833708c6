"""Arrivals: new nodes, put into the neighbor lists of all others that they belong into.

A node gets a new neighbor exactly if that is nearer than its k-th nearest. Looking only at what the
new nodes themselves find near would miss most of these, as their neighbors live in denser places
(.33 found of 100,000).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.search.measuring import distances_by_row
from annclust.search.ragged import padded_entries
from annclust.vector_source import VectorSource

_MEASURED = 16_384
"""Pairs that are measured at a time."""

_CACHED = 1_024
"""New vectors that are measured at a time: 5 MB at 1,280 dimensions."""

Lists = tuple[Nodes, Distances, Nodes]
"""Nodes, and for each one its neighbors' distances and these."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Some new nodes.

    Parameters
    ----------
    nodes : ndarray of shape (a,), int64
    vectors : ndarray of shape (a, d), float32, contiguous
    """

    nodes: Nodes
    vectors: Vectors

    def changed(
        self,
        vectors: VectorSource,
        lists: tuple[Candidates, Distances],
        nodes: Nodes,
        pairs: tuple[Nodes, Nodes],
    ) -> Iterator[Lists]:
        """The lists of some nodes that change, once the new nodes are in them.

        Parameters
        ----------
        vectors : VectorSource
            One vector for each node.
        lists : tuple
            Neighbors and distances of all nodes, each of shape (n, k).
        nodes : ndarray of shape (b,), int64
        pairs : tuple
            As `PowerTest.within` gives them: positions in `nodes`, and among the new ones.
        """
        member, arrival = pairs
        targets, starts = np.unique(member, return_index=True)
        counts = np.diff(np.append(starts, len(member)))
        by_count = np.argsort(counts, kind="stable")  # of like length, so that few are padded
        for part in _parts_of(by_count, counts[by_count]):
            entry, known = padded_entries(starts[part], counts[part])
            near = np.where(known, arrival[entry], -1)
            own = nodes[targets[part]]
            yield self._merged(lists, own, near, self._distances(vectors.take(own), near))

    def _distances(self, block: Vectors, arrivals: Nodes) -> Distances:
        """Distance of each vector of a block to some new ones, by their positions; -1 is none."""
        away = np.full(arrivals.shape, np.inf, dtype=np.float32)
        for first in range(0, len(self.vectors), _CACHED):
            some = (first <= arrivals) & (arrivals < first + _CACHED)
            part = distances_by_row(block, self.vectors, np.where(some, arrivals, -1))
            np.minimum(away, part, out=away)
        return away

    def _merged(
        self,
        lists: tuple[Candidates, Distances],
        nodes: Nodes,
        arrivals: Nodes,
        away: Distances,
    ) -> Lists:
        """The lists of some nodes with new ones that are so far away; only those that change."""
        k = lists[0].shape[1]
        near = (away <= lists[1][nodes, -1:]) & (arrivals >= 0)
        some = np.flatnonzero(near.any(axis=1))
        nodes, arrivals = nodes[some], arrivals[some]
        neighbors, distances = lists[0][nodes], lists[1][nodes]
        entering = self._entering(nodes, arrivals, near[some], neighbors)
        named = np.where(entering, self.nodes[arrivals], -1)
        neighbors = np.hstack([neighbors.astype(np.int64), named])
        distances = np.hstack([distances, np.where(entering, away[some], np.float32(np.inf))])
        order = np.lexsort((neighbors, distances), axis=1)[:, :k]
        changed = (order >= k).any(axis=1)
        chosen = order[changed]
        return (
            nodes[changed],
            np.take_along_axis(distances[changed], chosen, 1),
            np.take_along_axis(neighbors[changed], chosen, 1),
        )

    def _entering(
        self, nodes: Nodes, arrivals: Nodes, near: NDArray[np.bool_], neighbors: Candidates
    ) -> NDArray[np.bool_]:
        """Which pairs that are near are new: not a node and itself, nor its neighbor already."""
        row, column = np.nonzero(near)
        named = self.nodes[arrivals[row, column]]
        known = (neighbors[row] == named[:, np.newaxis]).any(axis=1) | (nodes[row] == named)
        entering = np.zeros_like(near)
        entering[row[~known], column[~known]] = True
        return entering


def _parts_of(order: Nodes, counts: Nodes) -> Iterator[Nodes]:
    """Cut targets, of ascending counts, into parts of so many pairs."""
    first = 0
    while first < len(order):
        last = first + max(1, _MEASURED // int(counts[first]))
        while last > first + 1 and (last - first) * counts[min(last, len(order)) - 1] > _MEASURED:
            last -= max(1, (last - first) // 8)
        yield order[first:last]
        first = last

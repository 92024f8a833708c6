"""Arrivals: new nodes, put into the neighbor lists of all others that they belong into.

A node gets a new neighbor exactly if that is nearer than its k-th nearest. Axes at right angles
never make two vectors farther apart, so one that is not nearer after PCA is not nearer at all: one
matrix product leaves few pairs to be measured, and none is missed. Looking only at what the new
nodes themselves find near would miss most of them, as their neighbors live in denser places (.33
found of 100,000).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.search.exact import candidate_distances
from annclust.search.faiss_index import squared_distances_by_row
from annclust.search.list_join import padded_entries
from annclust.vector_source import ArrayVectors, VectorSource

_TILE = 256
"""Vectors compared with up to 1,024 new ones at a time: 1 MB, which stays in the cache."""

_MEASURED = 16_384
"""Pairs that are measured at a time."""

_ROUNDING = 1e-4
"""Relative; how much float32 may err in coordinates after PCA."""

Lists = tuple[Nodes, Distances, Nodes]
"""Nodes, and for each one its neighbors' distances and these."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Some new nodes, and the space in which it is first looked whether they are near.

    Parameters
    ----------
    nodes : ndarray of shape (a,), int64
    vectors : ndarray of shape (a, d), float32
    center : ndarray of shape (r,), float32
        The middle of the new ones in that space; all are seen from there, as vectors far from the
        origin would round each other away.
    sought : ndarray of shape (a, r + 2), float32
        Factors of the power distance.
    farthest : float
        Of the new ones, from the center.
    exact : bool
        Whether distances are measured as the exact join does: to the last bit, so that ties are
        the same.
    """

    nodes: Nodes
    vectors: Vectors
    center: Vectors
    sought: Vectors
    farthest: float
    exact: bool

    @classmethod
    def of(cls, nodes: Nodes, vectors: Vectors, seen: Vectors, *, exact: bool) -> Self:
        """New nodes with their vectors, shape (a, d), and these in the space: shape (a, r)."""
        center = seen.mean(axis=0)
        moved = seen - center
        lengths = np.einsum("ij,ij->i", moved, moved)
        sought = np.column_stack([-2 * moved, np.ones_like(lengths), lengths])
        farthest = float(np.sqrt(lengths.max()))
        return cls(nodes, np.ascontiguousarray(vectors), center, sought, farthest, exact)

    def within(self, block: Vectors, reach: Distances) -> tuple[Nodes, Nodes]:
        """Which members of a block have which of the new nodes, as far as is seen, in reach.

        Parameters
        ----------
        block : ndarray of shape (b, r), float32
            In the space in which is looked first.
        reach : ndarray of shape (b,), float32
            Distance below which a new node is near; ``inf`` is all.

        Returns
        -------
        member, arrival : ndarray of shape (p,), int64
            Positions in the block, ascending, and in `nodes`.

        Notes
        -----
        The power distance |q - x|² - reach² as one product of (-2 q, 1, |q|²) and
        (x, |x|² - reach², 1). It is off by at most so many units of roundoff of the sum of the
        magnitudes as there are terms (Higham 2002, Accuracy and Stability of Numerical Algorithms,
        section 3.1); |q| + |x| and the reach bound that sum.
        """
        factors = np.ones((len(block), self.sought.shape[1]), dtype=np.float32)
        moved = np.subtract(block, self.center, out=factors[:, :-2])
        lengths = np.einsum("ij,ij->i", moved, moved)
        most = np.square(np.sqrt(lengths) + self.farthest)
        limit = np.minimum(np.square(reach) * (1 + _ROUNDING), 2 * most)
        error = 2 * np.finfo(np.float32).eps * (factors.shape[1] + 8) * (most + limit)
        factors[:, -2] = lengths - limit - error
        found = [
            first * len(self.sought)
            + np.flatnonzero(factors[first : first + _TILE] @ self.sought.T <= 0)
            for first in range(0, len(block), _TILE)
        ]
        member, arrival = np.divmod(np.concatenate(found), len(self.sought))
        return member, arrival

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
            As `within` gives them for `nodes`.
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
        if self.exact:
            return candidate_distances(ArrayVectors(self.vectors), block, arrivals)
        away = np.sqrt(squared_distances_by_row(block, self.vectors, arrivals))
        away[arrivals < 0] = np.inf
        return away

    def _merged(
        self,
        lists: tuple[Candidates, Distances],
        nodes: Nodes,
        arrivals: Nodes,
        away: Distances,
    ) -> Lists:
        """The lists of some nodes with new ones that are so far away; only those that change."""
        neighbors, distances = lists[0][nodes], lists[1][nodes]
        k = neighbors.shape[1]
        entering = self._entering(nodes, arrivals, away <= distances[:, -1:], neighbors)
        some = np.flatnonzero(entering.any(axis=1))
        entering = entering[some]
        named = np.where(entering, self.nodes[arrivals[some]], -1)
        near = np.where(entering, away[some], np.float32(np.inf))
        neighbors = np.hstack([neighbors[some].astype(np.int64), named])
        distances = np.hstack([distances[some], near])
        order = np.lexsort((neighbors, distances), axis=1)[:, :k]
        changed = (order >= k).any(axis=1)
        chosen = order[changed]
        return (
            nodes[some[changed]],
            np.take_along_axis(distances[changed], chosen, 1),
            np.take_along_axis(neighbors[changed], chosen, 1),
        )

    def _entering(
        self, nodes: Nodes, arrivals: Nodes, near: NDArray[np.bool_], neighbors: Candidates
    ) -> NDArray[np.bool_]:
        """Which pairs that are near are new: not a node and itself, nor its neighbor already."""
        row, column = np.nonzero(near & (arrivals >= 0))
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

"""Bridges: edges that a k-NN graph does not have, from some nodes to the nearest that are far.

What is barred to a node is an interval of places in some order of all nodes: a component, or a
branch of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.parallel import map_parts
from annclust.search.exact import nearest_allowed
from annclust.search.list_join import Barred, ListOrder, joined, joined_everywhere
from annclust.search.measuring import nearest_candidates
from annclust.vector_source import VectorSource

_ASKED = 16_384
"""Queries answered at a time."""

_MEASURED = 512
"""Queries whose candidates are gathered at a time: 24 MB at 1,280 dimensions."""

_PROBES = 8
_POOL_PER_NODE = 2


@dataclass(frozen=True, slots=True, eq=False)
class ExactBridges:
    """Finds the nearest vectors outside by looking at all of them.

    Parameters
    ----------
    vectors : VectorSource
        n vectors, one for each node.
    """

    vectors: VectorSource

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """The nearest nodes that are not barred, for each query node.

        Parameters
        ----------
        queries : ndarray of shape (m,), int64
            Nodes.
        places : ndarray of shape (n,), int64
            Place of every node.
        barred : ndarray of shape (m, 2), int64
            First place of those that are barred to each query, and the place behind the last.
        count : int

        Returns
        -------
        nodes : ndarray of shape (m, count), int64
            -1 where there are fewer; ties by node.
        distances : ndarray of shape (m, count), float32
            Euclidean; ``inf`` where there is none.
        """

        def bar(squared: Distances, asked: Nodes, first: int) -> None:
            others = places[first : first + squared.shape[1]]
            own = barred[asked]
            squared[(own[:, :1] <= others) & (others < own[:, 1:])] = np.inf

        taken = self.vectors.take(queries)
        distances, nodes = nearest_allowed(self.vectors, taken, count, bar)
        return nodes, distances


@dataclass(frozen=True, slots=True, eq=False)
class ListBridges:
    """Finds near vectors outside through inverted lists; all of these where the nearest hold none.

    Parameters
    ----------
    vectors : VectorSource
        n vectors, one for each node.
    order : ListOrder
        Of the same nodes.
    threads : int
    """

    vectors: VectorSource
    order: ListOrder
    threads: int

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """As of `ExactBridges`, up to the recall of the lists."""
        nodes = np.full((len(queries), count), -1, dtype=np.int64)
        distances = np.full((len(queries), count), np.inf, dtype=np.float32)
        list_places, positions = self.order.places, places[self.order.nodes]
        # In the order of the lists, so that queries of one list are asked together.
        asked = np.argsort(list_places[queries], kind="stable")
        parts = [asked[first : first + _ASKED] for first in range(0, len(asked), _ASKED)]

        def search(part: Nodes) -> tuple[Distances, Nodes]:
            own = queries[part]
            found = self._candidates(list_places[own], Barred(positions, barred[part]), count)
            measured = [
                nearest_candidates(self.vectors, own[each], found[each], count)
                for each in (slice(a, a + _MEASURED) for a in range(0, len(own), _MEASURED))
            ]
            away, near = zip(*measured, strict=True)
            return np.vstack(away), np.vstack(near)

        for part, (away, near) in zip(parts, map_parts(search, parts, self.threads), strict=True):
            nodes[part, : near.shape[1]], distances[part, : near.shape[1]] = near, away
        return nodes, distances

    def _candidates(self, places: Nodes, barred: Barred, count: int) -> Nodes:
        pool = count * _POOL_PER_NODE
        found = joined(self.order, places, probes=_PROBES, pool=pool, barred=barred)
        lost = np.flatnonzero((found < 0).all(axis=1))
        if len(lost):
            own = Barred(barred.positions, barred.spans[lost])
            found[lost] = joined_everywhere(self.order, places[lost], pool=pool, barred=own)
        return np.where(found < 0, -1, self.order.nodes[found])

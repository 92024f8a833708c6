"""Bridges: edges that a k-NN graph does not have, from some nodes to the nearest that are far.

What is barred to a node is an interval of places in some order of all nodes: a component, or a
branch of a tree.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.engine import LOCAL, Engine, Held
from annclust.search.exact import nearest_allowed
from annclust.search.list_join import Barred, joined, joined_everywhere
from annclust.search.list_order import AnyOrder, ListOrder, held_order
from annclust.search.measuring import nearest_candidates
from annclust.vector_source import VectorSource

_ASKED = 16_384
"""Queries answered at a time."""

_MEASURED = 512
"""Queries whose candidates are gathered at a time: 24 MB at 1,280 dimensions."""

PROBES = 8
POOL_PER_NODE = 2


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


class ListBridges:
    """Finds near vectors outside through inverted lists; all of these where the nearest hold none.

    Parameters
    ----------
    vectors : VectorSource
        n vectors, one for each node.
    order : AnyOrder
        Of the same nodes.
    threads : int
    engine : Engine
        Makes no difference to what is found.
    """

    def __init__(
        self, vectors: VectorSource, order: AnyOrder, threads: int, engine: Engine = LOCAL
    ) -> None:
        self._vectors, self._order = vectors, order
        self._threads, self._engine = threads, engine

    @cached_property
    def _held(self) -> tuple[Held[VectorSource], Held[ListOrder]]:
        return self._engine.hold(self._vectors), held_order(self._engine, self._order)

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """As of `ExactBridges`, up to the recall of the lists."""
        nodes = np.full((len(queries), count), -1, dtype=np.int64)
        distances = np.full((len(queries), count), np.inf, dtype=np.float32)
        own, positions = self._order.places[queries], self._engine.hold(places[self._order.nodes])
        # In the order of the lists, so that queries of one list are asked together.
        asked = np.argsort(own, kind="stable")
        parts = [asked[at : at + _ASKED] for at in range(0, len(asked), _ASKED)]
        arguments = (
            (*self._held, positions, barred[part], queries[part], own[part], count)
            for part in parts
        )
        with closing(self._engine.map(_outside, arguments, threads=self._threads)) as results:
            for part, result in zip(parts, results, strict=True):
                away, near = self._engine.value(result)
                nodes[part, : near.shape[1]], distances[part, : near.shape[1]] = near, away
        return nodes, distances


def _outside(
    vectors: VectorSource,
    order: ListOrder,
    positions: Nodes,
    barred: Nodes,
    queries: Nodes,
    places: Nodes,
    count: int,
) -> tuple[Distances, Nodes]:
    """The nearest of some queries, at those places of the order."""
    found = _candidates(order, places, Barred(positions, barred), count)
    parts = (slice(at, at + _MEASURED) for at in range(0, len(queries), _MEASURED))
    measured = [nearest_candidates(vectors, queries[at], found[at], count) for at in parts]
    away, near = zip(*measured, strict=True)
    return np.vstack(away), np.vstack(near)


def _candidates(order: ListOrder, places: Nodes, barred: Barred, count: int) -> Nodes:
    pool = count * POOL_PER_NODE
    found = joined(order, places, probes=PROBES, pool=pool, barred=barred)
    lost = np.flatnonzero((found < 0).all(axis=1))
    if len(lost):
        own = Barred(barred.positions, barred.spans[lost])
        found[lost] = joined_everywhere(order, places[lost], pool=pool, barred=own)
    return np.where(found < 0, -1, order.nodes[found])

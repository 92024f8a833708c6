"""Shards: the order of the lists and the vectors in parts, where no process can hold them all.

Places of one shard are compared with those of another, pair by pair (:mod:`shard_pairs`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from annclust.arrays import Nodes, Vectors
from annclust.engine import Engine, Held
from annclust.search.list_order import AnyOrder, ListOrder
from annclust.vector_source import SelectedVectors, VectorSource


@dataclass(frozen=True, slots=True, eq=False)
class NamedVectors:
    """Vectors of some places, and which node each is of.

    Parameters
    ----------
    nodes : ndarray of shape (m,), int64
    vectors : VectorSource
        m of them.
    """

    nodes: Nodes
    vectors: VectorSource


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """Some lists that stand together, and the vectors of their places, as an engine holds them.

    Parameters
    ----------
    places, lists : tuple of int
        First place, and the one behind the last; and likewise its lists.
    order : Held of ListOrder
    vectors : Held of NamedVectors
    positions : Held of ndarray of shape (m,), int64, or None
        Of its places, where something is barred: as of `Barred`.
    """

    places: tuple[int, int]
    lists: tuple[int, int]
    order: Held[ListOrder]
    vectors: Held[NamedVectors]
    positions: Held[Nodes] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """An order of n nodes, and their vectors, as an engine holds them.

    Parameters
    ----------
    parts : tuple of Shard
        In their order.
    centroids : Held of ndarray of shape (lists, r), float32
    """

    parts: tuple[Shard, ...]
    centroids: Held[Vectors]

    @classmethod
    def of(cls, engine: Engine, order: AnyOrder, vectors: VectorSource, size: int) -> Self:
        """Cut an order into shards of about so many places, at least one list each."""

        def shard(lists: tuple[int, int]) -> Shard:
            first, last = (int(order.starts[each]) for each in lists)
            named = _named(engine, vectors, order.nodes[first:last])
            held = engine.hold(order.of_lists(*lists), apart=True)
            return Shard((first, last), lists, held, engine.hold(named, apart=True))

        return cls(tuple(map(shard, order.cuts(size))), engine.hold(order.centroids))

    def placed(self, engine: Engine, positions: Nodes) -> Self:
        """The same shards, with a position for each of the n places."""
        parts = (
            replace(each, positions=engine.hold(positions[slice(*each.places)]))
            for each in self.parts
        )
        return replace(self, parts=tuple(parts))


def _named(engine: Engine, vectors: VectorSource, nodes: Nodes) -> NamedVectors:
    """Vectors of some nodes: here they stay where they are, which may be a mapped file."""
    some = SelectedVectors(vectors, nodes) if engine.is_here else vectors.part(nodes)
    return NamedVectors(nodes, some)

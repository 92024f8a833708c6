"""Shards: the order of the lists and the vectors in parts, where no process can hold them all.

Whoever works on a span of places is given the shards that it needs, and no other. A join within
these gives what a join within the whole gives: it looks into the same lists in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from annclust.arrays import Candidates, Nodes, Vectors
from annclust.engine import Engine, Held
from annclust.search.built_graph import measured_rows
from annclust.search.graph_plan import GraphPlan
from annclust.search.list_join import joined_fully, lists_beside
from annclust.search.list_order import AnyOrder, ListOrder
from annclust.search.measuring import nearest_candidates
from annclust.search.span_work import Span
from annclust.vector_source import VectorSource


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """An order of n nodes, and their vectors, as an engine holds them.

    Parameters
    ----------
    firsts : ndarray of shape (s + 1,), int64
        First place of each shard, and n; each begins with a list.
    of_list : ndarray of shape (lists,), int64
        Shard of each list.
    orders : tuple of Held
        The order within each.
    vectors : tuple of Held
        Vectors of its places.
    centroids, sizes : Held
        Of all lists.
    """

    firsts: Nodes
    of_list: Nodes
    orders: tuple[Held[ListOrder], ...]
    vectors: tuple[Held[VectorSource], ...]
    centroids: Held[Vectors]
    sizes: Held[Nodes]

    @classmethod
    def of(cls, engine: Engine, order: AnyOrder, vectors: VectorSource, size: int) -> Self:
        """Cut an order into shards of about so many places, at least one list each."""
        lists = order.cuts(size)
        firsts = order.starts[[0, *(last for _, last in lists)]]
        parts = [slice(*ends) for ends in pairwise(firsts.tolist())]
        return cls(
            firsts,
            order.shard_of_lists(size),
            tuple(engine.hold(order.of_lists(*ends)) for ends in lists),
            tuple(engine.hold(vectors.part(order.nodes[places])) for places in parts),
            engine.hold(order.centroids),
            engine.hold(np.diff(order.starts)),
        )


def shards_of(places: Nodes, firsts: Nodes) -> Nodes:
    """Shards in which places lie, ascending, each once."""
    return np.unique(np.searchsorted(firsts, places[places >= 0], side="right") - 1)


def shards_under(span: Span, firsts: Nodes) -> Nodes:
    """Shards in which a span lies, ascending."""
    first, last = shards_of(np.array(span) - [0, 1], firsts)[[0, -1]]
    return np.arange(first, last + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """Numbers of some shards, ascending, and where their places lie if they stand together.

    Parameters
    ----------
    first : ndarray of shape (c,), int64
        First place of each of them.
    start : ndarray of shape (c + 1,), int64
        Where it stands, and how many there are.
    """

    first: Nodes
    start: Nodes

    @classmethod
    def of(cls, numbers: Nodes, firsts: Nodes) -> Self:
        """Shards by their numbers."""
        sizes = firsts[numbers + 1] - firsts[numbers]
        return cls(firsts[numbers], np.concatenate([[0], np.cumsum(sizes)]))

    def inward(self, places: Nodes) -> Nodes:
        """Where places, which lie in these shards, stand; -1 where the place is."""
        at = np.searchsorted(self.first, places, side="right") - 1
        return np.where(places < 0, -1, places - self.first[at] + self.start[at])

    def outward(self, stand: Nodes) -> Nodes:
        """The places of what stands there; -1 where it is."""
        at = np.searchsorted(self.start, stand, side="right") - 1
        return np.where(stand < 0, -1, stand - self.start[at] + self.first[np.maximum(at, 0)])


def shards_beside(
    firsts: Nodes,
    of_list: Nodes,
    sizes: Nodes,
    plan: GraphPlan,
    span: Span,
    centroids: Vectors,
    *orders: ListOrder,
) -> Nodes:
    """Shards of the lists into which the nodes of a span look; `orders` are those that hold it.

    All shards, where the lists of some node hold too few others: it is compared with all.
    """
    numbers = shards_under(span, firsts)
    order, some = ListOrder.together(orders), Some.of(numbers, firsts)
    places = some.inward(np.arange(*span))
    own = order.list_of(places) + int(np.searchsorted(of_list, numbers[0]))
    lists = lists_beside(order.reduced[places], own, centroids, plan.probes - 1)
    if (sizes[own] + sizes[lists].sum(axis=1) <= plan.neighbors).any():
        return np.arange(len(firsts) - 1)
    return np.unique(of_list[np.append(lists.ravel(), own)])


def join_shards(
    firsts: Nodes, numbers: Nodes, plan: GraphPlan, span: Span, *orders: ListOrder
) -> Candidates:
    """Candidates of a span, as places of the whole order, found within some shards of it."""
    some = Some.of(numbers, firsts)
    found = joined_fully(ListOrder.together(orders), some.inward(np.arange(*span)), plan)
    return some.outward(found.astype(np.int64)).astype(np.int32)


def shards_named(firsts: Nodes, span: Span, candidates: Candidates) -> Nodes:
    """Shards in which a span and its candidates lie."""
    return shards_of(np.append(candidates.ravel(), np.array(span) - [0, 1]), firsts)


_MEASURED = 1_024
"""Nodes whose candidates are gathered at a time."""


def measure_shards(
    firsts: Nodes, numbers: Nodes, k: int, span: Span, candidates: Candidates, *shards: object
) -> Candidates:
    """The `measured_rows` of a span; `shards` are nodes of some shards, then their vectors."""
    some, half = Some.of(numbers, firsts), len(shards) // 2
    nodes: Nodes = np.concatenate([np.asarray(each) for each in shards[:half]])
    vectors = Together(tuple(shards[half:]), some.start)  # type: ignore[arg-type]
    own, others = some.inward(np.arange(*span)), some.inward(candidates.astype(np.int64))
    parts = (slice(at, at + _MEASURED) for at in range(0, len(own), _MEASURED))
    found = (nearest_candidates(vectors, own[at], others[at], k, nodes) for at in parts)
    return np.vstack([measured_rows(*each) for each in found])


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Some sources one behind the other; a `RowSource`.

    Parameters
    ----------
    sources : sequence of VectorSource
    start : ndarray of shape (c + 1,), int64
        Where each begins.
    """

    sources: Sequence[VectorSource]
    start: Nodes

    def take(self, rows: Nodes, /) -> Vectors:
        """The given rows, in the given order."""
        found = np.empty((len(rows), self.sources[0].shape[1]), dtype=np.float32)
        at = np.searchsorted(self.start, rows, side="right") - 1
        for number, source in enumerate(self.sources):
            here = np.flatnonzero(at == number)
            if len(here):
                found[here] = source.take(rows[here] - self.start[number])
        return found

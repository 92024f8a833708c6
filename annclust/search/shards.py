"""Shards: the order of the lists and the vectors in parts, where no process can hold them all.

Whoever works on some places is given the lists that these look into, and the vectors of their
candidates, picked where the shards are. A join within some lists gives what a join within the whole
gives: it looks into the same lists in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from annclust.arrays import Candidates, Nodes, Vectors
from annclust.engine import Arguments, Engine, Held
from annclust.search.built_graph import measured_rows
from annclust.search.graph_plan import GraphPlan
from annclust.search.list_join import joined_fully, lists_beside
from annclust.search.list_order import AnyOrder, ListOrder
from annclust.search.measuring import nearest_candidates
from annclust.vector_source import SelectedVectors, VectorSource

_MEASURED = 1_024
"""Nodes whose candidates are gathered at a time."""


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
class Shards:
    """An order of n nodes, and their vectors, as an engine holds them.

    Parameters
    ----------
    firsts : ndarray of shape (s + 1,), int64
        First place of each shard, and n; each begins with a list.
    lists : ndarray of shape (s + 1,), int64
        First list of each shard, and how many lists there are.
    orders : tuple of Held
        The order within each.
    vectors : tuple of Held
        Vectors of its places.
    starts, centroids : Held
        Of all lists.
    """

    firsts: Nodes
    lists: Nodes
    orders: tuple[Held[ListOrder], ...]
    vectors: tuple[Held[NamedVectors], ...]
    starts: Held[Nodes]
    centroids: Held[Vectors]

    @classmethod
    def of(cls, engine: Engine, order: AnyOrder, vectors: VectorSource, size: int) -> Self:
        """Cut an order into shards of about so many places, at least one list each."""
        cuts = order.cuts(size)
        lists = np.array([0, *(last for _, last in cuts)])
        firsts = order.starts[lists]
        parts = (order.nodes[first:last] for first, last in pairwise(firsts.tolist()))
        return cls(
            firsts,
            lists,
            tuple(engine.hold(order.of_lists(*each), apart=True) for each in cuts),
            tuple(
                engine.hold(_named_vectors(engine, vectors, nodes), apart=True) for nodes in parts
            ),
            engine.hold(order.starts),
            engine.hold(order.centroids),
        )

    def picking_reduced(self, places: Nodes) -> list[Arguments]:
        """Arguments of `reduced_of` for some places, ascending: one for each of their shards."""
        ends = np.searchsorted(places, self.firsts)
        return [
            (places[first:last] - self.firsts[shard], self.orders[shard])
            for shard, (first, last) in enumerate(pairwise(ends.tolist()))
            if first < last
        ]

    def picking_lists(self, numbers: Nodes) -> list[Arguments]:
        """Arguments of `lists_of` for some lists, ascending: one for each shard that has any."""
        ends = np.searchsorted(numbers, self.lists)
        return [
            (numbers[first:last] - self.lists[shard], self.orders[shard])
            for shard, (first, last) in enumerate(pairwise(ends.tolist()))
            if first < last
        ]

    def picking_vectors(
        self, shards: Nodes, places: Nodes, candidates: Held[Candidates]
    ) -> list[Arguments]:
        """Arguments of `named_of`, one for each shard."""
        firsts = self.firsts
        return [
            (*firsts[each : each + 2].tolist(), places, candidates, self.vectors[each])
            for each in shards.tolist()
        ]


def _named_vectors(engine: Engine, vectors: VectorSource, nodes: Nodes) -> NamedVectors:
    """Vectors of some nodes: here they stay where they are, which may be a mapped file."""
    some = SelectedVectors(vectors, nodes) if engine.is_here else vectors.part(nodes)
    return NamedVectors(nodes, some)


def shards_of(places: Nodes, firsts: Nodes) -> Nodes:
    """Shards in which places lie, ascending, each once."""
    return np.unique(np.searchsorted(firsts, places[places >= 0], side="right") - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """Some lists, and where their places stand if they are put together.

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
    def of(cls, numbers: Nodes, starts: Nodes) -> Self:
        """Lists by their numbers, ascending, none of them empty."""
        sizes = starts[numbers + 1] - starts[numbers]
        return cls(starts[numbers], np.concatenate([[0], np.cumsum(sizes)]))

    def inward(self, places: Nodes) -> Nodes:
        """Where places, which lie in these lists, stand."""
        at = np.searchsorted(self.first, places, side="right") - 1
        return places - self.first[at] + self.start[at]

    def outward(self, stand: Candidates) -> Candidates:
        """The places of what stands there; -1 where it is."""
        at = np.searchsorted(self.start, stand, side="right") - 1
        places = np.where(stand < 0, -1, stand - self.start[at] + self.first[np.maximum(at, 0)])
        return places.astype(np.int32)


def reduced_of(places: Nodes, order: ListOrder) -> Vectors:
    """Vectors after PCA of places of a shard, counted from its first one: shape (m, r)."""
    return order.reduced_at(places)


def lists_near(
    starts: Nodes,
    places: Nodes,
    probes: int,
    least: int,
    centroids: Vectors,
    *reduced: Vectors,
) -> Nodes:
    """Numbers of the lists, none of them empty, into which some places look.

    All lists, where those of some place hold fewer than `least` others: it is compared with all.
    """
    own, sizes = np.searchsorted(starts, places, side="right") - 1, np.diff(starts)
    beside = lists_beside(np.vstack(reduced), own, centroids, probes - 1)
    chosen = np.unique(np.append(beside.ravel(), own))
    if (sizes[own] + sizes[beside].sum(axis=1) <= least).any():
        chosen = np.arange(len(sizes))
    return chosen[sizes[chosen] > 0]


def lists_of(numbers: Nodes, order: ListOrder) -> ListOrder:
    """Some lists of a shard, counted from its first one."""
    return ListOrder.together([order.of_lists(each, each + 1) for each in numbers.tolist()])


def join_lists(
    starts: Nodes, numbers: Nodes, plan: GraphPlan, places: Nodes, *lists: ListOrder
) -> Candidates:
    """Candidates of places, as places of the whole order, found within some lists of it."""
    some = Some.of(numbers, starts)
    return some.outward(joined_fully(ListOrder.together(lists), some.inward(places), plan))


def shards_named(firsts: Nodes, places: Nodes, candidates: Candidates) -> Nodes:
    """Shards in which places and their candidates lie."""
    return shards_of(_named(places, candidates), firsts)


def _named(places: Nodes, candidates: Candidates) -> Nodes:
    """Places and their candidates, ascending, each once."""
    named = np.unique(np.append(candidates.ravel(), places))
    return named[named >= 0]


def named_of(
    first: int, last: int, places: Nodes, candidates: Candidates, shard: NamedVectors
) -> NamedVectors:
    """Of the shard from one place up to another: the vectors of places and their candidates."""
    named = _named(places, candidates)
    rows = named[(first <= named) & (named < last)] - first
    return NamedVectors(shard.nodes[rows], shard.vectors.part(rows))


def measure_named(
    k: int, places: Nodes, candidates: Candidates, *picked: NamedVectors
) -> Candidates:
    """The `measured_rows` of places; `picked` has their vectors and those of their candidates."""
    named = _named(places, candidates)
    nodes = np.concatenate([each.nodes for each in picked])
    vectors = Together.of([each.vectors for each in picked])
    own = np.searchsorted(named, places)
    others = np.where(candidates < 0, -1, np.searchsorted(named, candidates))
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
        Where each begins, and how many vectors there are.
    """

    sources: Sequence[VectorSource]
    start: Nodes

    @classmethod
    def of(cls, sources: Sequence[VectorSource]) -> Self:
        """In their order."""
        return cls(sources, np.cumsum([0, *(each.shape[0] for each in sources)]))

    def take(self, rows: Nodes, /) -> Vectors:
        """The given rows, in the given order."""
        found = np.empty((len(rows), self.sources[0].shape[1]), dtype=np.float32)
        at = np.searchsorted(self.start, rows, side="right") - 1
        for number, source in enumerate(self.sources):
            here = np.flatnonzero(at == number)
            if len(here):
                found[here] = source.take(rows[here] - self.start[number])
        return found

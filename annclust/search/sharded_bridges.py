"""Sharded bridges: as :mod:`bridges`, of vectors that no process holds together (:mod:`shards`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import cached_property, partial
from itertools import pairwise, tee

import numpy as np

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.engine import Arguments, Engine, Held
from annclust.search.bridges import ASKED, POOL_PER_NODE, PROBES
from annclust.search.built_graph import rows_measured
from annclust.search.list_join import Barred, joined, nearest_everywhere
from annclust.search.list_order import AnyOrder, ListOrder
from annclust.search.shards import (
    Shards,
    Some,
    lists_near,
    lists_of,
    measure_named,
    named_of,
    reduced_of,
    shards_named,
    shards_of,
)
from annclust.search.span_work import Result, picked
from annclust.vector_source import VectorSource

_SCANNED = 1_024
"""Queries that are compared with all at a time."""


class ShardedBridges:
    """Finds near vectors outside through inverted lists; all of these where the nearest hold none.

    Parameters
    ----------
    vectors, order, threads, engine
        As of `ListBridges`.
    size : int
        Places of a shard, about.
    """

    def __init__(
        self, vectors: VectorSource, order: AnyOrder, size: int, threads: int, engine: Engine
    ) -> None:
        self._vectors, self._order, self._size = vectors, order, size
        self._threads, self._engine = threads, engine

    @cached_property
    def _shards(self) -> Shards:
        return Shards.of(self._engine, self._order, self._vectors, self._size)

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        """As of `ListBridges`."""
        nodes = np.full((len(queries), count), -1, dtype=np.int64)
        distances = np.full((len(queries), count), np.inf, dtype=np.float32)
        own, pool = self._order.places[queries], count * POOL_PER_NODE
        asked = np.argsort(own, kind="stable")  # those of one list are asked together
        own, barred = own[asked], barred[asked]
        positions = self._positions(places)
        candidates = self._joined(own, barred, positions, pool)
        lost = np.flatnonzero((candidates < 0).all(axis=1))
        candidates[lost] = self._scanned(own[lost], barred[lost], positions, pool)
        for part, rows in self._measured(own, candidates, count):
            distances[asked[part]], nodes[asked[part]] = rows_measured(rows)
        return nodes, distances

    def _map(self, function: Callable[..., Result]) -> Callable[..., Generator[Held[Result]]]:
        return partial(self._engine.map, function, threads=self._threads)

    def _pick(self, function: Callable[..., Result]) -> Callable[..., Generator[Held[Result]]]:
        return partial(self._engine.map, function, threads=self._threads, light=True)

    def _positions(self, places: Nodes) -> list[Held[Nodes]]:
        """Of each shard: the place of its nodes in the order that bars them."""
        ends = pairwise(self._shards.firsts.tolist())
        return [self._engine.hold(places[self._order.nodes[slice(*each)]]) for each in ends]

    def _joined(
        self, own: Nodes, barred: Nodes, positions: list[Held[Nodes]], pool: int
    ) -> Candidates:
        """Places near each query, shape (m, pool), within the lists that it looks into."""
        shards, parts = self._shards, slices(len(own), ASKED)
        asked = (
            (shards.starts, own[part], PROBES, 0, shards.centroids, *reduced)
            for part, reduced in self._reduced(own, parts)
        )
        near = map(self._engine.value, self._map(lists_near)(asked))
        wanted = (
            ((part, numbers), self._picking(numbers, positions))
            for part, numbers in zip(parts, near, strict=True)
        )
        arguments = (
            (shards.starts, numbers, own[part], barred[part], pool, *lists)
            for (part, numbers), lists in picked(self._pick(_lists_of), wanted)
        )
        none = np.zeros((0, pool), dtype=np.int32)
        return np.vstack([none, *map(self._engine.value, self._map(_join)(arguments))])

    def _picking(self, numbers: Nodes, positions: list[Held[Nodes]]) -> list[Arguments]:
        """Arguments of `_lists_of`."""
        shards = self._shards
        which = shards_of(numbers, shards.lists).tolist()
        picking = zip(which, shards.picking_lists(numbers), strict=True)
        return [(*arguments, positions[shard]) for shard, arguments in picking]

    def _scanned(
        self, own: Nodes, barred: Nodes, positions: list[Held[Nodes]], pool: int
    ) -> Candidates:
        """As `_joined`, for queries whose lists are barred as a whole: in every shard."""
        shards, parts = self._shards, slices(len(own), _SCANNED)
        firsts = shards.firsts[:-1].tolist()

        def wanted() -> Iterator[tuple[None, list[Arguments]]]:
            for part, queries in self._reduced(own, parts):
                asked = own[part], barred[part], pool, *queries
                each = zip(firsts, shards.orders, positions, strict=True)
                yield None, [(*shard, *asked) for shard in each]

        scans = (tuple(found) for _, found in picked(self._map(_scan), wanted()))
        none = np.zeros((0, pool), dtype=np.int32)
        return np.vstack([none, *map(self._engine.value, self._map(_nearest_scans)(scans))])

    def _reduced(
        self, own: Nodes, parts: list[slice]
    ) -> Iterator[tuple[slice, list[Held[Vectors]]]]:
        """Parts of the queries, and their vectors after PCA, those of each shard by themselves."""
        wanted = ((part, self._shards.picking_reduced(own[part])) for part in parts)
        return picked(self._pick(reduced_of), wanted)

    def _measured(
        self, own: Nodes, candidates: Candidates, count: int
    ) -> Iterator[tuple[slice, Candidates]]:
        """Queries, and the `measured_rows` of them."""
        shards, engine, parts = self._shards, self._engine, slices(len(own), ASKED)

        def asked() -> Iterator[tuple[Nodes, Held[Candidates]]]:
            for part in parts:
                yield own[part], engine.hold(candidates[part])

        these, again = tee(asked())
        near = self._map(shards_named)((shards.firsts, *each) for each in again)
        wanted = (
            (each, shards.picking_vectors(engine.value(numbers), *each))
            for each, numbers in zip(these, near, strict=True)
        )
        arguments = (
            (count, *each, *vectors) for each, vectors in picked(self._pick(named_of), wanted)
        )
        yield from zip(parts, map(engine.value, self._map(measure_named)(arguments)), strict=True)


def slices(n: int, size: int) -> list[slice]:
    """All of n, so many at a time."""
    return [slice(first, first + size) for first in range(0, n, size)]


def _lists_of(numbers: Nodes, order: ListOrder, positions: Nodes) -> tuple[ListOrder, Nodes]:
    """Some lists of a shard, and the positions of their places."""
    ends = ((order.starts[each], order.starts[each + 1]) for each in numbers.tolist())
    return lists_of(numbers, order), np.concatenate([positions[slice(*each)] for each in ends])


def _join(
    starts: Nodes,
    numbers: Nodes,
    places: Nodes,
    barred: Nodes,
    pool: int,
    *lists: tuple[ListOrder, Nodes],
) -> Candidates:
    """Candidates of places, as places of the whole order, found within some lists of it."""
    some, (orders, positions) = Some.of(numbers, starts), zip(*lists, strict=True)
    bars = Barred(np.concatenate(positions), barred)
    order = ListOrder.together(orders)
    return some.outward(joined(order, some.inward(places), probes=PROBES, pool=pool, barred=bars))


def _scan(
    first: int,
    order: ListOrder,
    positions: Nodes,
    places: Nodes,
    barred: Nodes,
    pool: int,
    *reduced: Vectors,
) -> tuple[Candidates, Distances]:
    """The nearest of each query in a shard whose first place is `first`."""
    bars, queries = Barred(positions, barred), np.vstack(reduced)
    found, away = nearest_everywhere(order, queries, places - first, pool=pool, barred=bars)
    return np.where(found < 0, -1, found + first).astype(np.int32), away


def _nearest_scans(*scans: tuple[Candidates, Distances]) -> Candidates:
    """The nearest of what was found in each shard, as many as in each."""
    found, away = (np.hstack(each) for each in zip(*scans, strict=True))
    order = np.argsort(away, axis=1, kind="stable")[:, : scans[0][0].shape[1]]
    return np.take_along_axis(found, order, 1)

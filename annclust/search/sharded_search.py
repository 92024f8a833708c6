"""Sharded search: what is near some places, of vectors that no process holds together.

Block by block: what is found in own lists, then in those of each shard, and the nearest of all;
then the distances that count, measured where the candidates lie.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import tee
from typing import TypeAlias, TypeVar

import numpy as np

from annclust.arrays import Candidates, Distances, Neighbors, Nodes
from annclust.engine import Arguments, Engine, Held
from annclust.search.list_join import SPAN, Finds
from annclust.search.list_order import ListOrder
from annclust.search.shard_pairs import (
    Looks,
    ask,
    bundle,
    compare,
    look,
    measure,
    nearest_measured,
    nearest_of_block,
    scan,
    seek,
    short_of,
    with_scans,
)
from annclust.search.shards import Shard, Shards
from annclust.search.span_work import picked

Result = TypeVar("Result")

_Pair: TypeAlias = tuple[Arguments, Shard]
"""What is asked of a block, and the shard that knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some places of one shard.

    Parameters
    ----------
    shard : int
        Its number.
    rows : ndarray of shape (m,), int64
        The places, counted from the shard's first one, ascending; one may come more than once.
    barred : ndarray of shape (m, 2), int64, or None
        What each of them must not find, as of `Barred`.
    """

    shard: int
    rows: Nodes
    barred: Nodes | None = None

    def parts(self) -> Iterator[tuple[Nodes, Nodes | None]]:
        """Rows, and what is barred to them, `SPAN` at a time."""
        for first in range(0, len(self.rows), SPAN):
            part = slice(first, first + SPAN)
            yield self.rows[part], None if self.barred is None else self.barred[part]


@dataclass(frozen=True, slots=True, eq=False)
class ShardedSearch:
    """Searches shards on an engine.

    Parameters
    ----------
    shards : Shards
    engine : Engine
    threads : int
        Of this process.
    """

    shards: Shards
    engine: Engine
    threads: int

    def candidates(
        self, blocks: Iterable[Block], *, probes: int, pool: int, least: int
    ) -> Iterator[tuple[Block, Held[Candidates]]]:
        """Candidates of each block, as places of the whole order: (m, pool), int32; -1 for none.

        Parameters
        ----------
        blocks : iterable of Block
        probes, pool : int
            As of `joined`.
        least : int
            Where the lists hold fewer, all shards are looked through.
        """
        looks = self._looks(blocks, probes, pool)
        wanted = ((each, [(each[1], shard) for shard in self.shards.parts]) for each in looks)
        found = picked(partial(self._compared, pool), wanted)
        merged = ((block, [(pool, looks, *finds)]) for (block, looks), finds in found)
        for block, (near,) in picked(self._map(nearest_of_block), merged):
            yield block, self._completed(block, near, pool, least)

    def measured(
        self, blocks: Iterable[tuple[Block, Held[Candidates]]], k: int
    ) -> Iterator[Held[Candidates]]:
        """The `measured_rows` of each block: of the k nearest of its candidates."""
        parts = self.shards.parts
        ends = np.array([0, *(each.places[1] for each in parts)])
        wanted = ((candidates, self._pairs(block, candidates)) for block, candidates in blocks)
        found = picked(self._distances, wanted)
        merged = ((None, [(k, ends, candidates, *each)]) for candidates, each in found)
        return (rows for _, (rows,) in picked(self._map(nearest_measured), merged))

    def _pairs(self, block: Block, candidates: Held[Candidates]) -> list[_Pair]:
        rows, own = self.engine.hold(block.rows), self.shards.parts[block.shard].vectors
        return [((*each.places, rows, candidates, own), each) for each in self.shards.parts]

    def _distances(self, pairs: Iterable[_Pair]) -> Generator[Held[tuple[Neighbors, Distances]]]:
        """What each of some blocks has to measure in a shard."""
        these, again = tee(pairs)
        sought = self._light(seek)(arguments for arguments, _ in again)
        asked = ((each, shard.vectors) for each, (_, shard) in zip(sought, these, strict=True))
        return self._map(measure)(asked)

    def _compared(
        self, pool: int, pairs: Iterable[tuple[Held[tuple[Looks, ...]], Shard]]
    ) -> Generator[Held[tuple[Finds, ...]]]:
        """What each of some blocks finds in a shard."""
        these, again = tee(pairs)
        asking = self._light(ask)((*shard.lists, looks) for looks, shard in again)
        asked = (
            (shard.places[0], shard.order, each, pool, shard.positions)
            for each, (_, shard) in zip(asking, these, strict=True)
        )
        return self._map(compare)(asked)

    def _looks(
        self, blocks: Iterable[Block], probes: int, pool: int
    ) -> Iterator[tuple[Block, Held[tuple[Looks, ...]]]]:
        def arguments(block: Block) -> list[Arguments]:
            shard = self.shards.parts[block.shard]
            place = shard.places[0], shard.lists[0], shard.order, self.shards.centroids
            return [
                (*place, rows, probes, pool, shard.positions, barred)
                for rows, barred in block.parts()
            ]

        found = picked(self._map(look), ((block, arguments(block)) for block in blocks))
        bundles = picked(self._light(bundle), ((block, [tuple(looks)]) for block, looks in found))
        return ((block, looks) for block, (looks,) in bundles)

    def _completed(
        self, block: Block, candidates: Held[Candidates], pool: int, least: int
    ) -> Held[Candidates]:
        """Candidates of a block; of those that have fewer than `least`, from all shards."""
        (few,) = self._map(short_of)([(least, candidates)])
        short, own = self.engine.value(few), self.shards.parts[block.shard]
        for first in range(0, len(short), SPAN):
            numbers = short[first : first + SPAN]
            rows = block.rows[numbers]
            barred = None if block.barred is None else block.barred[numbers]
            (queries,) = self._light(ListOrder.reduced_at)([(own.order, rows)])
            asked = rows + own.places[0], queries, pool
            parts = (
                (each.places[0], each.order, *asked, each.positions, barred)
                for each in self.shards.parts
            )
            (candidates,) = self._map(with_scans)([(candidates, numbers, *self._map(scan)(parts))])
        return candidates

    def _map(self, function: Callable[..., Result]) -> Callable[..., Generator[Held[Result]]]:
        return partial(self.engine.map, function, threads=self.threads)

    def _light(self, function: Callable[..., Result]) -> Callable[..., Generator[Held[Result]]]:
        return partial(self.engine.map, function, threads=self.threads, light=True)

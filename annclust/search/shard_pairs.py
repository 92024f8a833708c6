"""Shard pairs: places of one shard compared with those of another. Pure.

What is asked goes from the one to where the other lies, which is little of it, and so is what comes
back. A block is some places of one shard, ascending; they are asked `SPAN` at a time, by their
number in such a part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Candidates, Distances, Neighbors, Nodes, Vectors
from annclust.search.built_graph import measured_rows
from annclust.search.list_join import (
    Barred,
    Finds,
    found_in,
    found_in_own,
    lists_beside,
    nearest_everywhere,
    nearest_finds,
    unlimited,
)
from annclust.search.list_order import ListOrder
from annclust.search.measuring import distances_by_row
from annclust.search.shards import NamedVectors
from annclust.vector_source import VectorSource

_MEASURED = 8_192
"""Pairs measured at a time: 52 MB of float32 at 1,600 dimensions."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What a part of a block found in its own lists, and where else it looks.

    Parameters
    ----------
    queries : ndarray of shape (m, r), float32
        Vectors after PCA.
    beside : ndarray of shape (m, c), int64
        The lists nearest to each besides its own.
    limits : ndarray of shape (m,), float32
    finds : tuple of Finds
        Places are those of the whole order.
    barred : ndarray of shape (m, 2), int64, or None
        As of `Barred`.
    """

    queries: Vectors
    beside: Nodes
    limits: Distances
    finds: tuple[Finds, ...]
    barred: Nodes | None


def look(
    first: int,
    first_list: int,
    order: ListOrder,
    centroids: Vectors,
    rows: Nodes,
    probes: int,
    pool: int,
    positions: Nodes | None,
    barred: Nodes | None,
) -> Looks:
    """Find what is near some places of a shard in their own lists, and where else to look.

    Parameters
    ----------
    first, first_list : int
        First place of the shard, and its first list.
    order : ListOrder
        Within the shard.
    centroids : ndarray of shape (lists, r), float32
        Of all lists.
    rows : ndarray of shape (m,), int64
        Places, counted from the first one.
    probes, pool : int
        As of `joined`.
    positions, barred : ndarray or None
        As of `Barred`: of the shard's places, and of the rows.
    """
    queries, limits, bars = order.reduced_at(rows), unlimited(len(rows)), _bars(positions, barred)
    finds = found_in_own(order, queries, rows, limits, pool, bars)
    own = order.list_of(rows) + first_list
    return Looks(
        queries,
        lists_beside(queries, own, centroids, probes - 1),
        limits,
        tuple(_placed(each, first) for each in finds),
        barred,
    )


def _bars(positions: Nodes | None, barred: Nodes | None) -> Barred | None:
    return None if positions is None or barred is None else Barred(positions, barred)


def _placed(finds: Finds, first: int) -> Finds:
    """Finds by places of the whole order, of those of a shard."""
    return Finds(finds.queries, (finds.places + first).astype(np.int32), finds.away)


def bundle(*looks: Looks) -> tuple[Looks, ...]:
    """All parts of a block."""
    return looks


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """Those of a part of a block that look into lists of a shard.

    Parameters
    ----------
    numbers : ndarray of shape (m,), int64
        Theirs in the part.
    looks : Looks
        Without finds; lists are counted from the shard's first one, -1 where they are of another.
    """

    numbers: Nodes
    looks: Looks


def ask(first_list: int, last_list: int, looks: tuple[Looks, ...]) -> tuple[Asking, ...]:
    """Who looks into lists of a shard: of each part of a block."""
    return tuple(_asking(first_list, last_list, part) for part in looks)


def _asking(first_list: int, last_list: int, looks: Looks) -> Asking:
    here = (looks.beside >= first_list) & (looks.beside < last_list)
    numbers = np.flatnonzero(here.any(axis=1))
    lists = np.where(here, looks.beside - first_list, -1)[numbers]
    barred = None if looks.barred is None else looks.barred[numbers]
    return Asking(numbers, Looks(looks.queries[numbers], lists, looks.limits[numbers], (), barred))


def compare(
    first: int, order: ListOrder, asking: tuple[Asking, ...], pool: int, positions: Nodes | None
) -> tuple[Finds, ...]:
    """What is found in a shard whose first place is `first`: for each part of a block."""
    return tuple(_compared(first, order, part, pool, positions) for part in asking)


def _compared(
    first: int, order: ListOrder, asking: Asking, pool: int, positions: Nodes | None
) -> Finds:
    looks = asking.looks
    bars, limits = _bars(positions, looks.barred), looks.limits.copy()
    finds = [*found_in(order, looks.queries, looks.beside, limits, pool, bars)]
    numbers = asking.numbers.astype(np.uint16)
    none = Finds(numbers[:0], np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
    return Finds(
        np.concatenate([none.queries, *(numbers[each.queries] for each in finds)]),
        np.concatenate([none.places, *(_placed(each, first).places for each in finds)]),
        np.concatenate([none.away, *(each.away for each in finds)]),
    )


def nearest_of_block(pool: int, looks: tuple[Looks, ...], *finds: tuple[Finds, ...]) -> Candidates:
    """Candidates of a block's places from all that was found: (m, pool), places; -1 for none."""
    parts = (
        nearest_finds([*part.finds, *(each[number] for each in finds)], len(part.queries), pool)
        for number, part in enumerate(looks)
    )
    return np.vstack([*parts])


def short_of(least: int, candidates: Candidates) -> Nodes:
    """Numbers of those that have fewer candidates."""
    return np.flatnonzero((candidates >= 0).sum(axis=1) < least)


def scan(
    first: int,
    order: ListOrder,
    places: Nodes,
    queries: Vectors,
    pool: int,
    positions: Nodes | None,
    barred: Nodes | None,
) -> tuple[Candidates, Distances]:
    """The nearest of some places among all of a shard whose first place is `first`.

    Parameters
    ----------
    first : int
    order : ListOrder
    places : ndarray of shape (m,), int64
        Of the whole order.
    queries : ndarray of shape (m, r), float32
        Their vectors after PCA.
    pool, positions, barred
        As of `look`.

    Returns
    -------
    places : ndarray of shape (m, pool), int32
        Of the whole order; -1 where there are fewer.
    away : ndarray of shape (m, pool), float32
    """
    bars = _bars(positions, barred)
    found, away = nearest_everywhere(order, queries, places - first, pool=pool, barred=bars)
    return np.where(found < 0, -1, found + first).astype(np.int32), away


def with_scans(
    candidates: Candidates, numbers: Nodes, *scans: tuple[Candidates, Distances]
) -> Candidates:
    """Candidates, those of some places replaced by the nearest of what all shards have."""
    found, away = (np.hstack(each) for each in zip(*scans, strict=True))
    order = np.argsort(away, axis=1, kind="stable")[:, : candidates.shape[1]]
    mended = candidates.copy()
    mended[numbers] = np.take_along_axis(found, order, 1)
    return mended


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Candidates that lie in a shard, and the vectors of those whose they are.

    Parameters
    ----------
    vectors : VectorSource
    queries : ndarray of shape (p,), int64
        Which of these, of each pair.
    rows : ndarray of shape (p,), int64
        The candidate, a place counted from the shard's first one.
    """

    vectors: VectorSource
    queries: Nodes
    rows: Nodes


def seek(first: int, last: int, rows: Nodes, candidates: Candidates, own: NamedVectors) -> Sought:
    """What a block has to measure in the shard from one place up to another.

    Parameters
    ----------
    first, last : int
    rows : ndarray of shape (m,), int64
        Of the block.
    candidates : ndarray of shape (m, c), int32
    own : NamedVectors
        Of the block's shard.
    """
    number, column = np.nonzero((candidates >= first) & (candidates < last))
    asking, queries = np.unique(number, return_inverse=True)
    places = candidates[number, column].astype(np.int64) - first
    return Sought(own.vectors.part(rows[asking]), queries, places)


def measure(sought: Sought, own: NamedVectors) -> tuple[Neighbors, Distances]:
    """Node of each candidate, and its Euclidean distance, by difference: two (p,)."""
    away = np.empty(len(sought.rows), dtype=np.float32)
    for first in range(0, len(away), _MEASURED):
        part = slice(first, first + _MEASURED)
        asking, queries = np.unique(sought.queries[part], return_inverse=True)
        used, rows = np.unique(sought.rows[part], return_inverse=True)
        taken = np.ascontiguousarray(sought.vectors.take(asking))
        others = np.ascontiguousarray(own.vectors.take(used))
        away[part] = distances_by_row(taken[queries], others, rows[:, np.newaxis])[:, 0]
    return own.nodes[sought.rows].astype(np.int32), away


def nearest_measured(
    k: int,
    ends: Nodes,
    candidates: Candidates,
    *measured: tuple[Neighbors, Distances],
) -> Candidates:
    """The `measured_rows` of a block: the k nearest of each candidates, ties by node.

    Parameters
    ----------
    k : int
    ends : ndarray of shape (s + 1,), int64
        First place of each shard, and n.
    candidates : ndarray of shape (m, c), int32
    measured : s tuples, as `measure` gives them
    """
    nodes: Candidates = np.full(candidates.shape, -1, dtype=np.int32)
    away: Distances = np.full(candidates.shape, np.inf, dtype=np.float32)
    for first, last, (named, distances) in zip(ends[:-1], ends[1:], measured, strict=True):
        here = (candidates >= first) & (candidates < last)
        nodes[here], away[here] = named, distances
    order = np.lexsort((nodes, away), axis=1)[:, :k]
    nearest = np.take_along_axis(nodes, order, 1).astype(np.int64)
    return measured_rows(np.take_along_axis(away, order, 1), nearest)

"""List join: candidates for the neighbors of every node, found through the inverted lists. Pure.

Nodes are numbered by their place in the order of the lists (:mod:`list_order`). Those that look
into one list are compared with it in one matrix product, which takes 7 ns for each pair where
FAISS's own search of lists, which takes query by query, takes 35.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.search.graph_plan import GraphPlan
from annclust.search.k_means import distances_to_centers
from annclust.search.list_order import ListOrder
from annclust.search.ragged import padded_entries

SPAN = 16_384
"""Places that are worked on at a time at most; below 65,536, so that 16 bits number them."""

_FINDS = 1 << 22
"""Pairs that are held at a time, about: 40 MB."""

_QUERIES = 1_024
"""Nodes compared with a list at a time: 1 MB of distances to 250 others."""

_UNLIMITED = np.finfo(np.float32).max

_COMPARED = 1 << 23
"""Pairs compared at a time where each node is compared with all: 34 MB of distances."""

_FEW = 16
"""Up to so many smallest values are found by looking for each."""

_SORTED = 512
"""Nodes whose finds are sorted at a time."""


def places_at_a_time(pool: int) -> int:
    """How many places should be joined at a time: fewer where their pools are large."""
    return int(min(max(_FINDS // (8 * pool), 64), SPAN))


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """Pairs that may be near: which query (by its number), which place, how far after PCA."""

    queries: NDArray[np.uint16]
    places: Candidates
    away: Distances


@dataclass(frozen=True, slots=True, eq=False)
class Barred:
    """Nodes that some queries must not find: for each an interval of positions in any order.

    Parameters
    ----------
    positions : ndarray of shape (n,), int64
        Position of the node at each place.
    spans : ndarray of shape (m, 2), int64
        First position that is barred to each query, and the one behind the last.
    """

    positions: Nodes
    spans: Nodes

    def blind(self, away: Distances, queries: Nodes, first: int) -> None:
        """Make what is barred infinitely far, in place; `away` is of places from `first` on."""
        positions = self.positions[first : first + away.shape[1]]
        own = self.spans[queries]
        away[(own[:, :1] <= positions) & (positions < own[:, 1:])] = np.inf


def joined(
    order: ListOrder, places: Nodes, *, probes: int, pool: int, barred: Barred | None = None
) -> Candidates:
    """Candidates for the neighbors of some nodes.

    Each is compared with all nodes of the lists nearest to it. Those of its own list say below
    which distance the others can be among the nearest at all.

    Parameters
    ----------
    order : ListOrder
    places : ndarray of shape (m,), int64
        At most `SPAN`.
    probes : int
        Lists that each node looks into.
    pool : int
        Candidates of each.
    barred : Barred or None
        What each of them must not find.

    Returns
    -------
    ndarray of shape (m, pool), int32
        Places, nearest first, the node itself left out; -1 where there are fewer.
    """
    own, queries, limits = order.list_of(places), order.reduced[places], unlimited(len(places))
    beside = lists_beside(queries, own, order.centroids, probes - 1)
    finds = [
        *found_in_own(order, queries, places, limits, pool, barred),
        *found_in(order, queries, beside, limits, pool, barred),
    ]
    return nearest_finds(finds, len(places), pool)


def unlimited(m: int) -> Distances:
    """Limits of m queries that know of none yet."""
    return np.full(m, _UNLIMITED, dtype=np.float32)


def found_in_own(
    order: ListOrder,
    queries: Vectors,
    places: Nodes,
    limits: Distances,
    pool: int,
    barred: Barred | None = None,
) -> Iterator[Finds]:
    """What nodes find in their own lists, as `found_in` gives it; not themselves."""
    looking, own = -2 * queries, order.list_of(places)
    for each, asking in _by_list(own[:, np.newaxis], order.lists):
        away = _distances(order, each, looking, asking, barred)
        away[np.arange(len(asking)), places[asking] - order.starts[each]] = np.inf
        yield _within(order, each, asking, away, limits, pool)


def found_in(
    order: ListOrder,
    queries: Vectors,
    lists: Nodes,
    limits: Distances,
    pool: int,
    barred: Barred | None = None,
) -> Iterator[Finds]:
    """What queries find in some lists.

    Parameters
    ----------
    order : ListOrder
    queries : ndarray of shape (m, r), float32
        At most `SPAN`.
    lists : ndarray of shape (m, c), int64
        Lists that each looks into; -1 for none.
    limits : ndarray of shape (m,), float32
        What is farther is no find; lowered in place where a pool is full.
    pool : int
    barred : Barred or None

    Yields
    ------
    Finds
        Of one list.
    """
    looking = -2 * queries
    for each, asking in _by_list(lists, order.lists):
        away = _distances(order, each, looking, asking, barred)
        yield _within(order, each, asking, away, limits, pool)


def joined_everywhere(
    order: ListOrder, places: Nodes, *, pool: int, barred: Barred | None = None
) -> Candidates:
    """As `joined`, but each node is compared with all others."""
    return nearest_everywhere(order, order.reduced[places], places, pool=pool, barred=barred)[0]


def nearest_everywhere(
    order: ListOrder,
    queries: Vectors,
    places: Nodes,
    *,
    pool: int,
    barred: Barred | None = None,
) -> tuple[Candidates, Distances]:
    """Compare some vectors with all nodes, a few at a time.

    Parameters
    ----------
    order : ListOrder
    queries : ndarray of shape (m, r), float32
    places : ndarray of shape (m,), int64
        Where they stand; outside the order if they are of none of its nodes.
    pool : int
    barred : Barred or None
        What each of them must not find, besides itself.

    Returns
    -------
    places : ndarray of shape (m, pool), int32
        Nearest first; -1 where there are fewer.
    away : ndarray of shape (m, pool), float32
        Squared distances less the own length squared; ``inf`` where there is none.
    """
    found = np.full((len(places), pool), -1, dtype=np.int32)
    near = np.full((len(places), pool), np.inf, dtype=np.float32)
    step = max(_COMPARED // order.n, 1)
    for first in range(0, len(places), step):
        part = np.arange(first, min(first + step, len(places)))
        away, own = distances_to_centers(queries[part], order.reduced), places[part]
        inside = np.flatnonzero((own >= 0) & (own < order.n))
        away[inside, own[inside]] = np.inf
        if barred is not None:
            barred.blind(away, part, 0)
        columns = smallest_columns(away, pool)
        near[part, : columns.shape[1]] = np.take_along_axis(away, columns, 1)
        found[part, : columns.shape[1]] = columns
    return np.where(np.isfinite(near), found, -1), near


def joined_fully(order: ListOrder, places: Nodes, plan: GraphPlan) -> Candidates:
    """As `joined`; nodes that find fewer than the plan's neighbors are compared with all others."""
    found = joined(order, places, probes=plan.probes, pool=plan.pool)
    short = np.flatnonzero((found >= 0).sum(axis=1) < plan.neighbors)
    if len(short):
        found[short] = joined_everywhere(order, places[short], pool=plan.pool)
    return found


def lists_beside(reduced: Vectors, own: Nodes, centroids: Vectors, count: int) -> Nodes:
    """The lists nearest to each node besides its own.

    Parameters
    ----------
    reduced : ndarray of shape (m, r), float32
    own : ndarray of shape (m,), int64
        List of each node.
    centroids : ndarray of shape (lists, r), float32
    count : int

    Returns
    -------
    ndarray of shape (m, count), int64
        In no order; fewer columns if there are not so many lists.
    """
    count = min(count, len(centroids) - 1)
    if count < 1:
        return np.zeros((len(reduced), 0), dtype=np.int64)
    nearest = np.empty((len(reduced), count), dtype=np.int64)
    for first in range(0, len(reduced), _QUERIES):
        part = slice(first, first + _QUERIES)
        away = distances_to_centers(reduced[part], centroids)
        away[np.arange(len(away)), own[part]] = np.inf
        nearest[part] = _few_smallest(away, count)
    return nearest


def _few_smallest(values: Distances, k: int) -> Nodes:
    """Columns of the k smallest values of each row, in no order; values may be lost.

    Few of them are found by as many looks for the smallest, a tenth of the work of parting all.
    """
    if k > _FEW:
        return np.argpartition(values, k - 1, axis=1)[:, :k]
    rows, columns = np.arange(len(values)), np.empty((len(values), k), dtype=np.int64)
    for each in range(k):
        columns[:, each] = values.argmin(axis=1)
        values[rows, columns[:, each]] = np.inf
    return columns


def _by_list(lists: Nodes, count: int) -> Iterator[tuple[int, Nodes]]:
    """Each list with the queries that look into it, at most `_QUERIES` at a time."""
    # 16 bits are sorted several times as fast; -1 comes last in them, behind all lists.
    wanted = lists.ravel().astype(np.uint16)
    order = np.argsort(wanted, kind="stable")
    starts = np.searchsorted(wanted[order], np.arange(count + 1))
    queries = order // max(lists.shape[1], 1)
    for each in np.flatnonzero(np.diff(starts)).tolist():
        for first in range(starts[each], starts[each + 1], _QUERIES):
            yield each, queries[first : min(first + _QUERIES, starts[each + 1])]


def _distances(
    order: ListOrder, each: int, looking: Vectors, queries: Nodes, barred: Barred | None
) -> Distances:
    """Squared distances of queries to a list, less their own lengths; they come times -2."""
    first, last = order.starts[each], order.starts[each + 1]
    away: Distances = looking[queries] @ order.reduced[first:last].T
    away += order.lengths[first:last]
    if barred is not None:
        barred.blind(away, queries, first)
    return away


def _within(
    order: ListOrder, each: int, queries: Nodes, away: Distances, limits: Distances, pool: int
) -> Finds:
    """The pairs of queries and members of a list that are not too far apart.

    The first list that fills the pool of a query sets its limit, in place.
    """
    unlimited = np.flatnonzero(limits[queries] == _UNLIMITED)
    if len(unlimited) and away.shape[1] > pool:
        farthest = np.partition(away[unlimited], pool - 1, axis=1)[:, pool - 1]
        limits[queries[unlimited]] = np.minimum(farthest, _UNLIMITED)
    near = away <= limits[queries, np.newaxis]
    found = np.flatnonzero(near)
    query, member = np.divmod(found, away.shape[1])
    # Of many that are equally far, as copies are, no more than the pool holds.
    crowded = np.flatnonzero(np.bincount(query) > pool)
    if len(crowded):
        near[crowded] = False
        near[crowded[:, np.newaxis], smallest_columns(away[crowded], pool)] = True
        found = np.flatnonzero(near)
        query, member = np.divmod(found, away.shape[1])
    places = (order.starts[each] + member).astype(np.int32)
    return Finds(queries[query].astype(np.uint16), places, away.ravel()[found])


def nearest_finds(finds: Sequence[Finds], m: int, pool: int) -> Candidates:
    """The nearest finds of each of m queries: shape (m, pool)."""
    by_query = np.concatenate([each.queries for each in finds])
    order = np.argsort(by_query, kind="stable")
    places = np.concatenate([each.places for each in finds])[order]
    away = np.concatenate([each.away for each in finds])[order]
    counts = np.bincount(by_query, minlength=m)
    starts = np.cumsum(counts) - counts
    nearest = np.full((m, pool), -1, dtype=np.int32)
    by_count = np.argsort(counts, kind="stable")  # rows of like length, so that few are padded
    for first in range(0, m, _SORTED):
        part = by_count[first : first + _SORTED]
        entry, known = padded_entries(starts[part], counts[part])
        chosen = smallest_columns(np.where(known, away[entry], np.float32(np.inf)), pool)
        kept = np.take_along_axis(known, chosen, 1)
        found = np.where(kept, places[np.take_along_axis(entry, chosen, 1)], -1)
        nearest[part, : found.shape[1]] = found
    return nearest


def smallest_columns(values: Distances, k: int) -> Nodes:
    """Columns of the k smallest values of each row, or of all if fewer; smallest first.

    Parameters
    ----------
    values : ndarray of shape (m, c), float32
    k : int

    Returns
    -------
    ndarray of shape (m, min(k, c)), int64
    """
    if values.shape[1] <= k:
        return np.argsort(values, axis=1, kind="stable")
    chosen = np.argpartition(values, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(values, chosen, 1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, 1)

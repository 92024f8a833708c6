"""Graph update: new nodes take their place in a graph, removed ones leave theirs.

An old node gets a new neighbor exactly if that is nearer than its k-th nearest. Axes at right
angles never make two vectors farther apart, so one that is not nearer after PCA is not nearer at
all: one matrix product leaves few pairs to be measured, and none is missed. Looking only at what
the new nodes themselves find near would miss most of them, as their neighbors live in denser
places (.33 found of 100,000).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import SILENT, Progress
from annclust.search.exact import candidate_distances, nearest, squared_distances
from annclust.search.faiss_index import VectorIndex
from annclust.search.graph_build import distances_between, nearest_candidates
from annclust.search.graph_plan import plan_graph
from annclust.search.list_join import SPAN, ListOrder, joined
from annclust.search.refinement import refined, reverse_lists
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors, VectorSource

_BLOCK = 4_096
"""Old nodes compared with the new ones at a time."""

_NEW = 1_024
"""New nodes compared at a time: 17 MB of distances."""

_MEASURED = 4_096
"""Pairs of which the vectors are gathered at a time."""

_ROUNDING = 1e-4
"""Relative; how much float32 may err when it compares after PCA."""


@dataclass(frozen=True, slots=True, eq=False)
class GraphChange:
    """What an update did.

    Parameters
    ----------
    graph : NeighborGraph
    touched : ndarray of shape (n,), bool
        Nodes whose list is another one than before, new nodes among them.
    """

    graph: NeighborGraph
    touched: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Transfer:
    """The old graph, its nodes numbered as the new one's.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), int32
        -1 for those that are gone, and all over the lists of new nodes.
    distances : ndarray of shape (n, k), float32
    new, hurt : ndarray of shape (n,), bool
        Nodes that were not there; old ones that lost a neighbor.
    """

    neighbors: Candidates
    distances: Distances
    new: NDArray[np.bool_]
    hurt: NDArray[np.bool_]

    @classmethod
    def of(cls, graph: NeighborGraph, old_rows: Nodes, rows: Nodes) -> Self:
        place = np.searchsorted(rows, old_rows)
        kept = rows[np.minimum(place, len(rows) - 1)] == old_rows
        new_node = np.where(kept, place, -1)
        neighbors = np.full((len(rows), graph.k), -1, dtype=np.int32)
        distances = np.full((len(rows), graph.k), np.inf, dtype=np.float32)
        moved = graph.neighbors[kept]
        neighbors[place[kept]] = np.where(moved < 0, -1, new_node[moved])
        distances[place[kept]] = graph.distances[kept]
        new = np.ones(len(rows), dtype=np.bool_)
        new[place[kept]] = False
        hurt = (neighbors < 0).any(axis=1) & ~new
        distances[neighbors < 0] = np.inf
        return cls(neighbors, distances, new, hurt)


def update_graph(
    graph: NeighborGraph,
    old_rows: Nodes,
    vectors: VectorSource,
    settings: SearchSettings,
    *,
    index: VectorIndex | None,
    rows: Nodes,
    progress: Progress = SILENT,
) -> GraphChange:
    """Bring a graph up to date with the rows that came and went.

    Parameters
    ----------
    graph : NeighborGraph
        Over `old_rows`, ascending, with k neighbors of each.
    old_rows : ndarray of shape (m,), int64
    vectors : VectorSource
    settings : SearchSettings
    index : VectorIndex or None
        Over all rows of `vectors`; without it, or if it is exact, searches are exact.
    rows : ndarray of shape (n,), int64
        Rows of the new graph, ascending; n is larger than k.
    progress : Progress

    Returns
    -------
    GraphChange
        With exact searches the graph is the one that `build_graph` makes. Else each old node that
        lost no neighbor has the nearest of those it had and of all new nodes.
    """
    transfer = _Transfer.of(graph, old_rows, rows)
    selected = SelectedVectors(vectors, rows)
    order = None if index is None or index.spec.kind == "exact" else ListOrder.of(index, rows)
    touched = transfer.new | transfer.hurt
    asked, new = np.flatnonzero(touched), np.flatnonzero(transfer.new)
    with progress.stage("Placing new vectors", len(asked), unit="vectors") as stage:
        if order is None:
            _search_exactly(selected, transfer, asked)
        elif index is not None:
            _search_lists(selected, transfer, asked, order, index, settings)
        stage.advance(len(asked))
    pairs = list(_within_reach(selected, transfer, new, order, settings.threads, progress))
    measure = _measured_exactly if order is None else distances_between

    def merge(nodes: Nodes, arrivals: Nodes) -> _Lists:
        return _merged(transfer, nodes, arrivals, measure(selected, nodes, arrivals))

    touched[_enter(transfer, _joined_pairs(pairs), merge, settings.threads)] = True
    return GraphChange(NeighborGraph(transfer.neighbors, transfer.distances), touched)


def _search_exactly(vectors: VectorSource, transfer: _Transfer, asked: Nodes) -> None:
    """Make the lists of some nodes anew, in place."""
    k = transfer.neighbors.shape[1]
    found = nearest(vectors, vectors.take(asked), k, itself=asked)
    transfer.distances[asked], transfer.neighbors[asked] = found


def _search_lists(
    vectors: VectorSource,
    transfer: _Transfer,
    asked: Nodes,
    order: ListOrder,
    index: VectorIndex,
    settings: SearchSettings,
) -> None:
    """Make the lists of some nodes anew, through the inverted lists and their new neighbors'."""
    k = transfer.neighbors.shape[1]
    plan = plan_graph(order.n, k, index.spec)
    places = order.places
    known = np.where(transfer.neighbors < 0, -1, places[transfer.neighbors])
    # Candidates as the rest of this room has them: of places, by place.
    candidates = np.full((order.n, plan.pool), -1, dtype=np.int32)
    candidates[places, :k] = known
    spans = [asked[first : first + SPAN] for first in range(0, len(asked), SPAN)]

    def join(nodes: Nodes) -> Candidates:
        return joined(order, places[nodes], probes=plan.probes, pool=plan.pool)

    for nodes, found in zip(spans, map_parts(join, spans, settings.threads), strict=True):
        candidates[places[nodes]] = found
    reverse = reverse_lists(candidates)
    parts = [asked[first : first + _NEW] for first in range(0, len(asked), _NEW)]

    def measure(nodes: Nodes) -> tuple[Distances, Nodes]:
        better = refined(places[nodes], candidates, reverse, order.reduced)
        named = np.where(better < 0, -1, order.nodes[better])
        return nearest_candidates(vectors, nodes, named, k)

    for nodes, lists in zip(parts, map_parts(measure, parts, settings.threads), strict=True):
        transfer.distances[nodes], transfer.neighbors[nodes] = lists


Pairs = tuple[Nodes, Nodes]
"""Nodes, and for each one another that may be its neighbor."""


def _within_reach(
    vectors: VectorSource,
    transfer: _Transfer,
    new: Nodes,
    order: ListOrder | None,
    threads: int,
    progress: Progress,
) -> Iterator[Pairs]:
    """Pairs of any node and a new one that is, as far as can be told, within its reach."""
    n = len(transfer.neighbors)
    space: VectorSource = vectors if order is None else ArrayVectors(order.reduced)
    nodes = np.arange(n) if order is None else order.nodes
    places = np.arange(n) if order is None else order.places
    reach = np.square(transfer.distances[nodes, -1]) * (1 + _ROUNDING)

    def near(first: int) -> list[Pairs]:
        last = min(first + _BLOCK, n)
        block = space.block(first, last)
        return [
            _near_pairs(nodes[first:last], block, reach[first:last], part, space.take(places[part]))
            for part in (new[start : start + _NEW] for start in range(0, len(new), _NEW))
        ]

    with progress.stage("Looking who is new", n, unit="vectors") as stage:
        for found in map_parts(near, range(0, n, _BLOCK), threads):
            yield from found
            stage.advance(min(_BLOCK, n))


def _near_pairs(
    nodes: Nodes, block: Vectors, reach: Distances, new: Nodes, arrived: Vectors
) -> Pairs:
    squared, error = squared_distances(arrived, block)
    found = np.flatnonzero(squared <= reach + error[:, np.newaxis])
    arrival, member = np.divmod(found, len(nodes))
    other = nodes[member] != new[arrival]
    return nodes[member[other]], new[arrival[other]]


def _joined_pairs(pairs: list[Pairs]) -> Pairs:
    none = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([none, *(nodes for nodes, _ in pairs)]),
        np.concatenate([none, *(arrivals for _, arrivals in pairs)]),
    )


_Lists = tuple[Nodes, Distances, Nodes]
"""Nodes, and for each one its neighbors' distances and these."""


def _measured_exactly(vectors: VectorSource, nodes: Nodes, candidates: Nodes) -> Distances:
    """As the exact join measures: to the last bit, so that ties are the same."""
    return candidate_distances(vectors, vectors.take(nodes), candidates)


def _enter(
    transfer: _Transfer, pairs: Pairs, merge: Callable[[Nodes, Nodes], _Lists], threads: int
) -> Nodes:
    """Put new nodes into the lists that they belong into; gives the nodes of these lists."""
    nodes, arrivals = _unknown(transfer.neighbors, *pairs)
    order = np.argsort(nodes, kind="stable")
    nodes, arrivals = nodes[order], arrivals[order]
    targets, starts = np.unique(nodes, return_index=True)
    counts = np.diff(np.append(starts, len(nodes)))
    by_count = np.argsort(counts, kind="stable")  # of like length, so that few are padded
    parts = list(_parts_of(by_count, counts[by_count]))

    def merged(part: Nodes) -> _Lists:
        columns = np.arange(int(counts[part].max()))
        entry = np.minimum(starts[part, np.newaxis] + columns, len(arrivals) - 1)
        known = columns < counts[part, np.newaxis]
        return merge(targets[part], np.where(known, arrivals[entry], -1))

    changed = []
    for found, distances, neighbors in map_parts(merged, parts, threads):
        transfer.distances[found], transfer.neighbors[found] = distances, neighbors
        changed.append(found)
    return np.concatenate([np.zeros(0, dtype=np.int64), *changed])


def _parts_of(order: Nodes, counts: Nodes) -> Iterator[Nodes]:
    """Cut targets, of ascending counts, into parts of so many pairs."""
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and (last - first + 1) * counts[last] <= _MEASURED:
            last += 1
        yield order[first:last]
        first = last


def _unknown(neighbors: Candidates, nodes: Nodes, arrivals: Nodes) -> Pairs:
    """The pairs that are not in the lists yet."""
    known = (neighbors[nodes] == arrivals[:, np.newaxis]).any(axis=1)
    return nodes[~known], arrivals[~known]


def _merged(transfer: _Transfer, nodes: Nodes, arrivals: Nodes, away: Distances) -> _Lists:
    """Lists with what arrived, so far away; only of those nodes whose lists changed."""
    k = transfer.neighbors.shape[1]
    neighbors = np.hstack([transfer.neighbors[nodes], arrivals]).astype(np.int64)
    distances = np.hstack([transfer.distances[nodes], away])
    order = np.lexsort((neighbors, distances), axis=1)[:, :k]
    changed = (order >= k).any(axis=1)
    chosen = order[changed]
    return (
        nodes[changed],
        np.take_along_axis(distances[changed], chosen, 1),
        np.take_along_axis(neighbors[changed], chosen, 1),
    )

"""Graph update: new nodes take their place in a graph, removed ones leave theirs.

An old node gets a new neighbor exactly if that is nearer than its k-th nearest. Axes at right
angles never make two vectors farther apart, so one that is not nearer after PCA is not nearer at
all: one matrix product leaves few pairs to be measured, and none is missed. Looking only at what
the new nodes themselves find near would miss most of them, as their neighbors live in denser
places (.33 found of 100,000).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Neighbors, Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import SILENT, Progress, Stage
from annclust.search.exact import candidate_distances, nearest, squared_distances
from annclust.search.faiss_index import squared_distances_by_row
from annclust.search.graph_build import nearest_candidates
from annclust.search.graph_memory import settings_within
from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.list_join import ListOrder, joined_fully, padded_entries, places_at_a_time
from annclust.search.refinement import refined, reverse_lists
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors, VectorSource

_BLOCK = 4_096
"""Old nodes compared with the new ones at a time."""

_NEW = 1_024
"""New nodes compared at a time: 17 MB of distances."""

_REFINEMENTS = 2

_MEASURED = 16_384
"""Pairs that are measured at a time."""

_ROUNDING = 1e-4
"""Relative; how much float32 may err when it compares after PCA."""


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
    order: ListOrder | None,
    rows: Nodes,
    progress: Progress = SILENT,
) -> NeighborGraph:
    """Bring a graph up to date with the rows that came and went.

    Parameters
    ----------
    graph : NeighborGraph
        Over `old_rows`, ascending, with k neighbors of each.
    old_rows : ndarray of shape (m,), int64
    vectors : VectorSource
    settings : SearchSettings
    order : ListOrder or None
        Of `rows`, in an index over all rows of `vectors`; without it searches are exact.
    rows : ndarray of shape (n,), int64
        Rows of the new graph, ascending; n is larger than k.
    progress : Progress

    Returns
    -------
    NeighborGraph
        With exact searches the graph is the one that `build_graph` makes. Else each old node that
        lost no neighbor has the nearest of those it had and of all new nodes.
    """
    transfer = _Transfer.of(graph, old_rows, rows)
    selected = SelectedVectors(vectors, rows)
    asked, new = np.flatnonzero(transfer.new | transfer.hurt), np.flatnonzero(transfer.new)
    with progress.stage("Placing new vectors", len(asked), unit="vectors") as stage:
        if order is None:
            _search_exactly(selected, transfer, asked)
        else:
            plan = plan_graph(order.n, graph.k, order.lists)
            settings = settings_within(settings, plan, order, vectors.shape)
            _search_lists(selected, transfer, asked, order, plan, settings.threads)
        stage.advance(len(asked))
    parts = _parts(new, _NEW)
    with progress.stage("Looking who is near them", len(parts) * len(rows)) as stage:
        for part in parts:
            arrivals = _Arrivals.of(selected, part, order)
            _enter(selected, transfer, arrivals, settings.threads, stage)
    return NeighborGraph(transfer.neighbors, transfer.distances)


def _search_exactly(vectors: VectorSource, transfer: _Transfer, asked: Nodes) -> None:
    """Make the lists of some nodes anew, in place."""
    k = transfer.neighbors.shape[1]
    found = nearest(vectors, vectors.take(asked), k, itself=asked)
    transfer.distances[asked], transfer.neighbors[asked] = found


def _search_lists(
    vectors: SelectedVectors,
    transfer: _Transfer,
    asked: Nodes,
    order: ListOrder,
    plan: GraphPlan,
    threads: int,
) -> None:
    """Make the lists of some nodes anew, in place: through lists, and their neighbors' neighbors.

    What they knew already they know still.
    """
    k = plan.neighbors
    places = order.places
    asked = asked[np.argsort(places[asked], kind="stable")]  # near nodes together
    # Candidates as the rest of this room has them: of places, by place.
    candidates = np.full((order.n, plan.pool), -1, dtype=np.int32)
    candidates[places, :k] = np.where(transfer.neighbors < 0, -1, places[transfer.neighbors])

    def join(nodes: Nodes) -> Candidates:
        return joined_fully(order, places[nodes], plan)

    spans = _parts(asked, places_at_a_time(plan.pool))
    for nodes, found in zip(spans, map_parts(join, spans, threads), strict=True):
        candidates[places[nodes]] = found
    spans = _parts(asked, _NEW)
    for _ in range(_REFINEMENTS):
        reverse = reverse_lists(candidates)

        def refine(nodes: Nodes, reverse: Candidates = reverse) -> Candidates:
            return refined(places[nodes], candidates, reverse, order.reduced)

        better = list(map_parts(refine, spans, threads))
        for nodes, found in zip(spans, better, strict=True):
            candidates[places[nodes]] = found

    def measure(nodes: Nodes) -> tuple[Distances, Nodes]:
        near = candidates[places[nodes]]
        named = np.where(near < 0, -1, order.nodes[near])
        return nearest_candidates(vectors, nodes, _each_once(transfer.neighbors[nodes], named), k)

    for nodes, lists in zip(spans, map_parts(measure, spans, threads), strict=True):
        transfer.distances[nodes], transfer.neighbors[nodes] = lists


def _parts(nodes: Nodes, size: int) -> list[Nodes]:
    return [nodes[first : first + size] for first in range(0, len(nodes), size)]


def _each_once(known: Neighbors, found: Nodes) -> Nodes:
    """Two lists of each node as one, in which none comes twice: -1 in the place of the second."""
    together: Nodes = np.sort(np.hstack([known, found]).astype(np.int64), axis=1)
    together[:, 1:][together[:, 1:] == together[:, :-1]] = -1
    return together


@dataclass(frozen=True, slots=True, eq=False)
class _Arrivals:
    """New nodes, and the space in which it is first looked whether they are near.

    Parameters
    ----------
    nodes : ndarray of shape (a,), int64
    vectors : ndarray of shape (a, d), float32
    seen : ndarray of shape (a, r), float32
        The new ones in that space.
    space : VectorSource
        One vector for each place: those after PCA, or the vectors themselves.
    places : ndarray of shape (n,), int64
        Place of each node.
    exact : bool
        Whether distances are measured as the exact join does: to the last bit, so that ties are
        the same.
    """

    nodes: Nodes
    vectors: Vectors
    seen: Vectors
    space: VectorSource
    places: Nodes
    exact: bool

    @classmethod
    def of(cls, vectors: VectorSource, nodes: Nodes, order: ListOrder | None) -> Self:
        taken = np.ascontiguousarray(vectors.take(nodes))
        if order is None:
            return cls(nodes, taken, taken, vectors, np.arange(vectors.shape[0]), exact=True)
        places = order.places
        seen = order.reduced[places[nodes]]
        return cls(nodes, taken, seen, ArrayVectors(order.reduced), places, exact=False)

    def within(self, nodes: Nodes, reach: Distances) -> Pairs:
        """Positions in `nodes` and among the new nodes that are, as far as is seen, in reach."""
        block = self.space.take(self.places[nodes])
        squared, error = squared_distances(self.seen, block)
        limit = np.square(reach) * (1 + _ROUNDING)
        arrival, member = np.nonzero(squared <= limit + error[:, np.newaxis])
        other = nodes[member] != self.nodes[arrival]
        by_member = np.argsort(member[other], kind="stable")
        return member[other][by_member], arrival[other][by_member]

    def distances(self, block: Vectors, arrivals: Nodes) -> Distances:
        """Distance of each vector of a block to some new ones, by their positions; -1 is none."""
        if self.exact:
            return candidate_distances(ArrayVectors(self.vectors), block, arrivals)
        away = np.sqrt(squared_distances_by_row(block, self.vectors, arrivals))
        away[arrivals < 0] = np.inf
        return away


Pairs = tuple[Nodes, Nodes]
"""Positions of nodes, and for each one that of another that may be its neighbor."""

_Lists = tuple[Nodes, Distances, Nodes]
"""Nodes, and for each one its neighbors' distances and these."""


def _enter(
    vectors: VectorSource, transfer: _Transfer, arrivals: _Arrivals, threads: int, stage: Stage
) -> None:
    """Put new nodes into the lists that they belong into, in place."""
    n = len(transfer.neighbors)

    def enter(first: int) -> list[_Lists]:
        nodes = np.arange(first, min(first + _BLOCK, n))
        member, arrival = arrivals.within(nodes, transfer.distances[nodes, -1])
        known = transfer.neighbors[nodes[member]] == arrivals.nodes[arrival, np.newaxis]
        unknown = ~known.any(axis=1)
        return list(_merges(vectors, transfer, arrivals, nodes, member[unknown], arrival[unknown]))

    starts = range(0, n, _BLOCK)
    for first, lists in zip(starts, map_parts(enter, starts, threads), strict=True):
        for nodes, distances, neighbors in lists:
            transfer.distances[nodes], transfer.neighbors[nodes] = distances, neighbors
        stage.advance(min(_BLOCK, n - first))


def _merges(
    vectors: VectorSource,
    transfer: _Transfer,
    arrivals: _Arrivals,
    nodes: Nodes,
    member: Nodes,
    arrival: Nodes,
) -> Iterator[_Lists]:
    """Merge pairs, which are sorted by member, into the lists of some nodes."""
    targets, starts = np.unique(member, return_index=True)
    counts = np.diff(np.append(starts, len(member)))
    by_count = np.argsort(counts, kind="stable")  # of like length, so that few are padded
    for part in _parts_of(by_count, counts[by_count]):
        entry, known = padded_entries(starts[part], counts[part])
        near = np.where(known, arrival[entry], -1)
        own = nodes[targets[part]]
        away = arrivals.distances(vectors.take(own), near)
        named = np.where(near < 0, -1, arrivals.nodes[near])
        yield _merged(transfer, own, named, away)


def _parts_of(order: Nodes, counts: Nodes) -> Iterator[Nodes]:
    """Cut targets, of ascending counts, into parts of so many pairs."""
    first = 0
    while first < len(order):
        last = first + max(1, _MEASURED // int(counts[first]))
        while last > first + 1 and (last - first) * counts[min(last, len(order)) - 1] > _MEASURED:
            last -= max(1, (last - first) // 8)
        yield order[first:last]
        first = last


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

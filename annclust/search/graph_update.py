"""Graph update: new nodes take their place in a graph, removed ones leave theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Candidates, Distances, Neighbors, Nodes
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import SILENT, Progress, Stage
from annclust.search.arrivals import Arrivals, Lists
from annclust.search.exact_join import ExactJoin
from annclust.search.graph_memory import settings_within
from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.list_join import joined_fully, places_at_a_time
from annclust.search.list_order import ListOrder
from annclust.search.measuring import nearest_candidates
from annclust.search.power_distance import PowerTest
from annclust.search.refinement import refined, reverse_lists
from annclust.settings import SearchSettings
from annclust.vector_source import ArrayVectors, SelectedVectors, VectorSource

_BLOCK = 4_096
"""Old nodes compared with the new ones at a time."""

_NEW = 4_096
"""New nodes compared at a time: 21 MB of vectors at 1,280 dimensions."""

_JOINED = _REFINED = 1_024
"""Nodes joined and refined at a time."""

_REFINEMENTS = 2


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
            _search_exactly(selected, transfer, asked, settings)
        else:
            plan = plan_graph(order.n, graph.k, order.lists)
            settings = settings_within(settings, plan, order, vectors.shape)
            _search_lists(selected, transfer, asked, order, plan, settings.threads)
        stage.advance(len(asked))
    parts = _parts(new, _NEW)
    with progress.stage("Looking who is near them", len(parts) * len(rows)) as stage:
        for part in parts:
            _enter(selected, transfer, order, part, settings.threads, stage)
    return NeighborGraph(transfer.neighbors, transfer.distances)


def _search_exactly(
    vectors: SelectedVectors, transfer: _Transfer, asked: Nodes, settings: SearchSettings
) -> None:
    """Make the lists of some nodes anew, in place."""
    n, k = transfer.neighbors.shape
    if not len(asked):
        return
    exact = ExactJoin.of(vectors.block(0, n), threads=settings.threads)
    parts = _parts(asked, exact.at_a_time)
    found = map_parts(lambda nodes: exact.nearest(nodes, k), parts, settings.threads)
    for nodes, lists in zip(parts, found, strict=True):
        transfer.distances[nodes], transfer.neighbors[nodes] = lists


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

    spans = _parts(asked, min(places_at_a_time(plan.pool), _JOINED))
    for nodes, found in zip(spans, map_parts(join, spans, threads), strict=True):
        candidates[places[nodes]] = found
    spans = _parts(asked, _REFINED)
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


def _enter(
    vectors: VectorSource,
    transfer: _Transfer,
    order: ListOrder | None,
    new: Nodes,
    threads: int,
    stage: Stage,
) -> None:
    """Put some new nodes into the lists that they belong into, in place."""
    lists, n = (transfer.neighbors, transfer.distances), len(transfer.neighbors)
    space: VectorSource = vectors if order is None else ArrayVectors(order.reduced)
    node_at = np.arange(n) if order is None else order.nodes
    taken = vectors.take(new)
    seen = taken if order is None else space.take(order.places[new])
    turned = 1 if order is None else taken.shape[1]
    test = PowerTest.of(seen, longest=vectors.longest(), dimensions=turned)
    arrivals = Arrivals(new, np.ascontiguousarray(taken))

    def enter(first: int) -> list[Lists]:
        nodes = node_at[first : first + _BLOCK]
        block = space.block(first, first + len(nodes))
        pairs = test.within(block, transfer.distances[nodes, -1])
        return list(arrivals.changed(vectors, lists, nodes, pairs))

    starts = range(0, n, _BLOCK)
    for first, found in zip(starts, map_parts(enter, starts, threads), strict=True):
        for nodes, distances, neighbors in found:
            transfer.distances[nodes], transfer.neighbors[nodes] = distances, neighbors
        stage.advance(min(_BLOCK, n - first))

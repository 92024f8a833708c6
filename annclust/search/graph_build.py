"""Graph build: a collection joined with itself, as a `NeighborGraph`.

Small collections are joined by exact search. In larger ones the inverted lists of the index name
candidates (`list_join`), neighbors of neighbors better ones (`refinement`), and these are measured.
Either way the distances that count are computed by difference from the vectors themselves, and ties
go to the lower node, so that the graph does not depend on threads or blocks.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress
from annclust.search.built_graph import BuiltGraph, blank_graph, sampled, searched
from annclust.search.exact_join import ExactJoin
from annclust.search.graph_memory import settings_within
from annclust.search.graph_plan import neighbors_wanted, plan_graph
from annclust.search.index_join import IndexJoin
from annclust.search.list_join import SPAN
from annclust.search.list_order import AnyOrder
from annclust.search.recall import COMPLETE, Recall
from annclust.search.sharded_join import ShardedJoin
from annclust.search.span_work import Span, SpanWork, spans
from annclust.settings import SearchSettings
from annclust.shelf import NO_SHELF, Shelf
from annclust.vector_source import SelectedVectors, VectorSource

_WHOLE_BYTES, _SHARD_BYTES = 16 << 30, 2 << 30
"""Of vectors: so many are held together, on each machine that works; of more, shards are. Which of
the two depends on nothing but the vectors, so that each engine gives the same graph."""

_SHARDS = 128
"""Shards at most, as each is compared with all others: of 2 GiB, a billion photos have 1,490, and
their pairs take ten times as long as those of 128 (docs/scale.md)."""

_ITEM = 2


def build_graph(
    vectors: VectorSource,
    settings: SearchSettings,
    *,
    order: AnyOrder | None = None,
    rows: Nodes | None = None,
    progress: Progress = SILENT,
    shelf: Shelf = NO_SHELF,
) -> BuiltGraph:
    """Join vectors with themselves.

    Parameters
    ----------
    vectors : VectorSource
    settings : SearchSettings
    order : AnyOrder or None
        Of `rows`, in an index over all rows of `vectors`; without it the join is exact and holds
        all vectors in memory.
    rows : ndarray of shape (n,), int64, or None
        Rows to join, ascending; all if None.
    progress : Progress
    shelf : Shelf
        Of this work alone; what lies there is taken for a part of it.

    Returns
    -------
    BuiltGraph
        Of n nodes, which count `rows`; k is as wanted, or n - 1 if that is less. Every node has k
        neighbors.

    Raises
    ------
    InputError
        If the join through lists takes more than `settings.memory`.
    """
    all_of_them = rows is not None and len(rows) == vectors.shape[0]
    selected = vectors if rows is None or all_of_them else SelectedVectors(vectors, rows)
    n, _ = selected.shape
    k = min(neighbors_wanted(vectors.shape[0], settings), max(n - 1, 0))
    if k == 0:
        return BuiltGraph(blank_graph(n, 0), COMPLETE)
    if order is None:
        return BuiltGraph(_exact_graph(selected, k, settings, progress), COMPLETE)
    plan = plan_graph(n, k, order.lists)
    settings = settings_within(settings, plan, order, vectors.shape)
    work = SpanWork(n, settings, progress, shelf)
    size = shard_size(selected, settings)
    if size < n:
        return ShardedJoin(selected, order, plan, work, size).build()
    return IndexJoin(selected, order, plan, work).build()


def shard_size(vectors: VectorSource, settings: SearchSettings) -> int:
    """How many vectors are held together: all of them, up to 16 GiB as they are stored."""
    n, dimension = vectors.shape
    if settings.shard is not None:
        return settings.shard
    each = _ITEM * dimension
    return n if each * n <= _WHOLE_BYTES else max(_SHARD_BYTES // each, -(-n // _SHARDS), SPAN)


def measured_recall(
    graph: NeighborGraph,
    vectors: VectorSource,
    order: AnyOrder,
    settings: SearchSettings,
    progress: Progress = SILENT,
) -> Recall:
    """The recall of a graph over the same sample of nodes that a build looks at.

    Parameters
    ----------
    graph : NeighborGraph
    vectors : VectorSource
        One vector for each node.
    order : AnyOrder
        Of the same nodes.
    settings : SearchSettings
    progress : Progress
    """
    nodes = sampled(graph.n, settings)
    found = graph.distances[nodes]
    return searched(vectors, order, nodes, found, settings, progress).recall(found)


def _exact_graph(
    vectors: VectorSource, k: int, settings: SearchSettings, progress: Progress
) -> NeighborGraph:
    """Compare every node with every other; all vectors are held in memory."""
    n, _ = vectors.shape
    engine, graph = settings.engine, blank_graph(n, k)
    exact = ExactJoin.of(vectors.block(0, n), threads=settings.threads)
    with progress.stage("Joining neighbors", n, unit="vectors") as stage:
        some, held = spans(n, exact.at_a_time), engine.hold(exact)
        parts = ((held, k, span) for span in some)
        with closing(engine.map(_compare, parts, threads=settings.threads)) as results:
            for (first, last), result in zip(some, results, strict=True):
                graph.distances[first:last], graph.neighbors[first:last] = engine.value(result)
                stage.advance(last - first)
    return graph


def _compare(exact: ExactJoin, k: int, span: Span) -> tuple[Distances, Nodes]:
    return exact.nearest(np.arange(*span), k)

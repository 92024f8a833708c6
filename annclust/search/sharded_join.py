"""Sharded join: a neighbor graph of vectors that no process holds together (:mod:`shards`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import tee

import numpy as np

from annclust.arrays import Candidates, Nodes
from annclust.engine import Arguments, Held
from annclust.neighbor_graph import NeighborGraph
from annclust.search.built_graph import BuiltGraph, graph_of_rows, sampled, searched
from annclust.search.graph_plan import GraphPlan, stage_costs
from annclust.search.list_join import SPAN
from annclust.search.list_order import AnyOrder
from annclust.search.shards import (
    Shards,
    join_lists,
    lists_near,
    lists_of,
    measure_named,
    named_of,
    reduced_of,
    shards_named,
)
from annclust.search.span_work import Result, Share, Span, SpanWork, Step, picked
from annclust.vector_source import VectorSource

_MORE_PROBES = 2
"""Times as many lists are looked into where neighbors of neighbors are not asked."""


@dataclass(frozen=True, slots=True, eq=False)
class ShardedJoin:
    """Builds a graph of vectors that no process holds together.

    Neighbors of neighbors would lie anywhere: more lists are looked into instead.

    Parameters
    ----------
    vectors, order, plan, work
        As of `IndexJoin`.
    size : int
        Places of a shard, about.
    """

    vectors: VectorSource
    order: AnyOrder
    plan: GraphPlan
    work: SpanWork
    size: int

    def build(self) -> BuiltGraph:
        """Join and measure, span by span, each with the shards that it needs."""
        plan = replace(self.plan, probes=min(_MORE_PROBES * self.plan.probes, self.order.lists))
        costs = stage_costs(plan, *self.vectors.shape, self.order.lists)
        whole = self.work.progress.stage("Neighbor graph", round(costs.whole * self.order.n))
        shards = Shards.of(self.work.engine, self.order, self.vectors, self.size)
        with whole as stage:
            parts = dict(self._joined(shards, plan, Share(stage, costs.join)))
            graph = self._measured(shards, parts, Share(stage, costs.measure))
            nodes = sampled(self.order.n, self.work.settings)
            found = graph.distances[nodes]
            settings, progress = self.work.settings, self.work.progress
            sample = searched(self.vectors, self.order, nodes, found, settings, progress)
        return BuiltGraph(graph, sample.recall(found))

    def _joined(
        self, shards: Shards, plan: GraphPlan, share: Share
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        def arguments(some: Iterable[Span]) -> Iterator[Arguments]:
            wanted = (
                ((span, numbers), shards.picking_lists(numbers))
                for span, numbers in self._near(shards, plan, some)
            )
            for (span, numbers), lists in picked(self._pick(lists_of), wanted):
                yield shards.starts, numbers, plan, np.arange(*span), *lists

        step = Step("Joining neighbors", "shardjoin", SPAN, join_lists)
        return self.work.take(step, arguments, share)

    def _near(
        self, shards: Shards, plan: GraphPlan, some: Iterable[Span]
    ) -> Iterator[tuple[Span, Nodes]]:
        """Spans, and the numbers of the lists that they look into."""
        these, again = tee(some)
        wanted = ((span, shards.picking_reduced(np.arange(*span))) for span in again)
        limits, held = (plan.probes, plan.neighbors), (shards.starts, shards.centroids)
        asked = (
            (held[0], np.arange(*span), *limits, held[1], *reduced)
            for span, reduced in picked(self._pick(reduced_of), wanted)
        )
        for span, numbers in zip(these, self.work.map(lists_near, asked), strict=True):
            yield span, self.work.engine.value(numbers)

    def _pick(self, function: Callable[..., Result]) -> Callable[..., Generator[Held[Result]]]:
        return partial(self.work.map, function, light=True)

    def _measured(
        self, shards: Shards, parts: Mapping[Span, Held[Candidates]], share: Share
    ) -> NeighborGraph:
        k, engine = self.plan.neighbors, self.work.engine

        def arguments(some: Iterable[Span]) -> Iterator[Arguments]:
            these, again = tee(some)
            asked = ((shards.firsts, np.arange(*span), parts[span]) for span in again)
            near = zip(these, self.work.map(shards_named, asked), strict=True)
            wanted = (
                (span, shards.picking_vectors(engine.value(each), np.arange(*span), parts[span]))
                for span, each in near
            )
            for span, vectors in picked(self._pick(named_of), wanted):
                yield k, np.arange(*span), parts[span], *vectors

        step = Step("Measuring distances", "shardmeasure", SPAN, measure_named)
        taken = self.work.take(step, arguments, share)
        return graph_of_rows(
            self.order.nodes, k, ((span, engine.value(part)) for span, part in taken)
        )

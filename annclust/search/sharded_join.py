"""Sharded join: a neighbor graph of vectors that no process holds together (:mod:`shards`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, tee

from annclust.arrays import Candidates
from annclust.engine import Arguments, Held
from annclust.neighbor_graph import NeighborGraph
from annclust.search.built_graph import BuiltGraph, graph_of_rows, sampled, searched
from annclust.search.graph_plan import GraphPlan, stage_costs
from annclust.search.list_join import SPAN
from annclust.search.list_order import AnyOrder
from annclust.search.shards import (
    Shards,
    join_shards,
    measure_shards,
    shards_beside,
    shards_named,
    shards_under,
)
from annclust.search.span_work import Share, Span, SpanWork, Step
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
        firsts, orders = shards.firsts, shards.orders

        def beside(span: Span) -> Arguments:
            own = shards_under(span, firsts).tolist()
            about = firsts, shards.of_list, shards.sizes, plan, span, shards.centroids
            return *about, *(orders[each] for each in own)

        def arguments(some: Iterable[Span]) -> Iterator[Arguments]:
            these, again = tee(some)
            for span, near in zip(
                these, self.work.map(shards_beside, map(beside, again)), strict=True
            ):
                numbers = self.work.engine.value(near)
                yield firsts, numbers, plan, span, *(orders[each] for each in numbers.tolist())

        return self.work.take(
            Step("Joining neighbors", "shardjoin", SPAN, join_shards), arguments, share
        )

    def _measured(
        self, shards: Shards, parts: Mapping[Span, Held[Candidates]], share: Share
    ) -> NeighborGraph:
        firsts, k, engine = shards.firsts, self.plan.neighbors, self.work.engine
        nodes = [
            engine.hold(self.order.nodes[first:last]) for first, last in pairwise(firsts.tolist())
        ]

        def arguments(some: Iterable[Span]) -> Iterator[Arguments]:
            these, again = tee(some)
            named = ((firsts, span, parts[span]) for span in again)
            for span, near in zip(these, self.work.map(shards_named, named), strict=True):
                numbers = engine.value(near)
                chosen = numbers.tolist()
                held = *(nodes[each] for each in chosen), *(shards.vectors[each] for each in chosen)
                yield firsts, numbers, k, span, parts[span], *held

        step = Step("Measuring distances", "shardmeasure", SPAN, measure_shards)
        taken = self.work.take(step, arguments, share)
        return graph_of_rows(
            self.order.nodes, k, ((span, engine.value(part)) for span, part in taken)
        )

"""Sharded join: a neighbor graph of vectors that no process holds together (:mod:`shards`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from annclust.arrays import Candidates
from annclust.engine import Held
from annclust.neighbor_graph import NeighborGraph
from annclust.search.built_graph import BuiltGraph, graph_of_rows, sampled, searched
from annclust.search.graph_plan import GraphPlan, stage_costs
from annclust.search.list_order import AnyOrder
from annclust.search.sharded_search import Block, ShardedSearch
from annclust.search.shards import Shards
from annclust.search.span_work import Share, Span, SpanWork
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
        search = ShardedSearch(shards, self.work.engine, self.work.settings.threads)
        with whole as stage:
            parts = dict(self._joined(search, plan, Share(stage, costs.join)))
            graph = self._measured(search, parts, Share(stage, costs.measure))
            nodes = sampled(self.order.n, self.work.settings)
            found = graph.distances[nodes]
            settings, progress = self.work.settings, self.work.progress
            sample = searched(self.vectors, self.order, nodes, found, settings, progress)
        return BuiltGraph(graph, sample.recall(found))

    def _joined(
        self, search: ShardedSearch, plan: GraphPlan, share: Share
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        def results(missing: Iterable[Span]) -> Generator[Held[Candidates]]:
            blocks = (self._block(search, span) for span in missing)
            for _, candidates in search.candidates(
                blocks, probes=plan.probes, pool=plan.pool, least=plan.neighbors
            ):
                yield candidates

        return self._kept("Joining neighbors", "shardjoin", search, results, share)

    def _measured(
        self, search: ShardedSearch, parts: Mapping[Span, Held[Candidates]], share: Share
    ) -> NeighborGraph:
        k, engine = self.plan.neighbors, self.work.engine

        def results(missing: Iterable[Span]) -> Generator[Held[Candidates]]:
            blocks = ((self._block(search, span), parts[span]) for span in missing)
            yield from search.measured(blocks, k)

        kept = self._kept("Measuring distances", "shardmeasure", search, results, share)
        return graph_of_rows(
            self.order.nodes, k, ((span, engine.value(part)) for span, part in kept)
        )

    def _kept(
        self,
        title: str,
        name: str,
        search: ShardedSearch,
        results: Callable[[Iterable[Span]], Generator[Held[Candidates]]],
        share: Share,
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        wholes = {shard.places: [shard.places] for shard in search.shards.parts}
        return self.work.kept(title, name, wholes, results, share)

    def _block(self, search: ShardedSearch, span: Span) -> Block:
        """A whole shard."""
        places = [shard.places for shard in search.shards.parts]
        return Block(places.index(span), np.arange(span[1] - span[0]))

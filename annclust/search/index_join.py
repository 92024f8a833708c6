"""Index join: a neighbor graph of many vectors, through inverted lists.

The lists name candidates (`list_join`), neighbors of neighbors better ones (`refinement`), and
these are measured. Each step is a pure function of a span of places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annclust.arrays import Candidates, Distances, Nodes
from annclust.engine import Arguments, Held
from annclust.neighbor_graph import NeighborGraph
from annclust.search.built_graph import BuiltGraph, graph_of_rows, measured_rows, sampled, searched
from annclust.search.graph_plan import GraphPlan, stage_costs
from annclust.search.list_join import joined_fully, places_at_a_time
from annclust.search.list_order import AnyOrder, ListOrder, held_order
from annclust.search.measuring import nearest_candidates
from annclust.search.recall import Recall, RecallSample
from annclust.search.refinement import refined, reverse_lists
from annclust.search.span_work import Share, Span, SpanWork, Step
from annclust.vector_source import SelectedVectors, VectorSource

_REFINED = 1_024
"""Nodes refined at a time."""

_MEASURED = 1_024
"""Nodes whose candidates are gathered at a time: up to 170 MB at 32 candidates and 1,280
dimensions; in the order of the lists, where candidates overlap, about 30."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexJoin:
    """Builds a graph through inverted lists; counts nodes by their place in the lists' order.

    Parameters
    ----------
    vectors : VectorSource
        One for each node.
    order : AnyOrder
    plan : GraphPlan
    work : SpanWork
    """

    vectors: VectorSource
    order: AnyOrder
    plan: GraphPlan
    work: SpanWork

    def build(self) -> BuiltGraph:
        """Join, refine, measure; refine once more if too few of the true neighbors were found."""
        costs = stage_costs(self.plan, *self.vectors.shape, self.order.lists)
        whole = self.work.progress.stage("Neighbor graph", round(costs.whole * self.order.n))
        with whole as stage:
            order = held_order(self.work.engine, self.order)
            candidates = self._joined(order, Share(stage, costs.join))
            candidates = self._refined(order, candidates, "refine", Share(stage, costs.refine))
            sample, recall = self._sample(candidates, Share(stage, costs.sample))
            if recall.dense < self.work.settings.recall:
                stage.expect(round((costs.whole + costs.refine) * self.order.n))
                candidates = self._refined(order, candidates, "again", Share(stage, costs.refine))
            graph = self._measured(order, candidates, Share(stage, costs.measure))
        return BuiltGraph(graph, sample.recall(graph.distances[sample.nodes]))

    def _sample(self, candidates: Held[Candidates], share: Share) -> tuple[RecallSample, Recall]:
        settings, progress = self.work.settings, self.work.progress
        nodes = sampled(self.order.n, settings)
        found = self._nearest(nodes, candidates)
        sample = searched(self.vectors, self.order, nodes, found, settings, progress)
        share.advance(self.order.n)
        return sample, sample.recall(found)

    def _nearest(self, nodes: Nodes, candidates: Held[Candidates]) -> Distances:
        """Distances of some nodes to the nearest of their candidates: (m, k)."""
        part = candidates, self.order.places[nodes]
        (known,) = self.work.map(_rows, [part])
        others = _at(self.order.nodes, self.work.engine.value(known))
        return nearest_candidates(self.vectors, nodes, others, self.plan.neighbors)[0]

    def _joined(self, order: Held[ListOrder], share: Share) -> Held[Candidates]:
        step = Step("Joining neighbors", "join", places_at_a_time(self.plan.pool), _join)
        return self._together(step, (order, self.plan), share)

    def _refined(
        self, order: Held[ListOrder], known: Held[Candidates], name: str, share: Share
    ) -> Held[Candidates]:
        step = Step("Asking neighbors of neighbors", name, _REFINED, _refine)
        (reverse,) = self.work.map(reverse_lists, [(known,)])
        return self._together(step, (order, known, reverse), share)

    def _together(self, step: Step, others: Arguments, share: Share) -> Held[Candidates]:
        parts = (part for _, part in self._taken(step, others, share))
        return self.work.engine.together(parts, (self.order.n, self.plan.pool))

    def _taken(
        self, step: Step, others: Arguments, share: Share
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        """Take a step whose spans are all given the same besides."""
        return self.work.take(step, lambda some: ((*others, span) for span in some), share)

    def _measured(
        self, order: Held[ListOrder], candidates: Held[Candidates], share: Share
    ) -> NeighborGraph:
        k = self.plan.neighbors
        step = Step("Measuring distances", "measure", _MEASURED, _measure)
        taken = self._taken(step, (self._held_vectors(), order, k, candidates), share)
        parts = ((span, self.work.engine.value(part)) for span, part in taken)
        return graph_of_rows(self.order.nodes, k, parts)

    def _held_vectors(self) -> Held[VectorSource]:
        """Those of the nodes alone, where they have to travel."""
        engine, vectors = self.work.engine, self.vectors
        if isinstance(vectors, SelectedVectors) and not engine.is_here:
            vectors = vectors.part(np.arange(self.order.n))
        return engine.hold(vectors)


def _rows(candidates: Candidates, places: Nodes) -> Candidates:
    return candidates[places]


def _join(order: ListOrder, plan: GraphPlan, span: Span) -> Candidates:
    return joined_fully(order, np.arange(*span), plan)


def _refine(
    order: ListOrder, candidates: Candidates, reverse: Candidates, span: Span
) -> Candidates:
    return refined(np.arange(*span), candidates, reverse, order.reduced)


def _measure(
    vectors: VectorSource, order: ListOrder, k: int, candidates: Candidates, span: Span
) -> Candidates:
    own, others = order.nodes[slice(*span)], _at(order.nodes, candidates[slice(*span)])
    return measured_rows(*nearest_candidates(vectors, own, others, k))


def _at(values: Nodes, places: Candidates) -> Nodes:
    """Values at places; -1 where the place is."""
    return np.where(places < 0, -1, values[places])

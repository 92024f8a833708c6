"""Graph build: a collection joined with itself, as a `NeighborGraph`.

Small collections are joined by exact search. In larger ones the inverted lists of the index name
candidates (`list_join`), neighbors of neighbors better ones (`refinement`), and these are measured.
Either way the distances that count are computed by difference from the vectors themselves, and ties
go to the lower node, so that the graph does not depend on threads or blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.engine import Arguments, Engine, Held
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Progress, Stage
from annclust.search.exact_join import ExactJoin
from annclust.search.graph_memory import settings_within
from annclust.search.graph_plan import GraphPlan, neighbors_wanted, plan_graph, stage_costs
from annclust.search.list_join import SPAN, ListOrder, joined_fully, places_at_a_time
from annclust.search.measuring import nearest_candidates
from annclust.search.recall import COMPLETE, Recall, RecallSample, sample_nodes
from annclust.search.refinement import refined, reverse_lists
from annclust.settings import SearchSettings
from annclust.shelf import NO_SHELF, Shelf
from annclust.vector_source import SelectedVectors, VectorSource

_REFINED = 1_024
"""Nodes refined at a time."""

_MEASURED = 1_024
"""Nodes whose candidates are gathered at a time: up to 170 MB at 32 candidates and 1,280
dimensions; in the order of the lists, where candidates overlap, about 30."""

_SAMPLE = 100
"""Nodes that are searched exactly to measure recall: 1,600 neighbors, which tell .99 from .98."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class BuiltGraph:
    """A graph, and how far it can be trusted.

    Parameters
    ----------
    graph : NeighborGraph
    recall : Recall
        Measured, unless the graph was made by exact search.
    """

    graph: NeighborGraph
    recall: Recall


def build_graph(
    vectors: VectorSource,
    settings: SearchSettings,
    *,
    order: ListOrder | None = None,
    rows: Nodes | None = None,
    progress: Progress = SILENT,
    shelf: Shelf = NO_SHELF,
) -> BuiltGraph:
    """Join vectors with themselves.

    Parameters
    ----------
    vectors : VectorSource
    settings : SearchSettings
    order : ListOrder or None
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
    selected = vectors if rows is None else SelectedVectors(vectors, rows)
    n, _ = selected.shape
    k = min(neighbors_wanted(vectors.shape[0], settings), max(n - 1, 0))
    if k == 0:
        return BuiltGraph(_blank_graph(n, 0), COMPLETE)
    if order is None:
        return BuiltGraph(_exact_graph(selected, k, settings, progress), COMPLETE)
    plan = plan_graph(n, k, order.lists)
    settings = settings_within(settings, plan, order, vectors.shape)
    return _IndexJoin(selected, order, plan, settings, progress, shelf).build()


def measured_recall(
    graph: NeighborGraph,
    vectors: VectorSource,
    order: ListOrder,
    settings: SearchSettings,
    progress: Progress = SILENT,
) -> Recall:
    """The recall of a graph over the same sample of nodes that a build looks at.

    Parameters
    ----------
    graph : NeighborGraph
    vectors : VectorSource
        One vector for each node.
    order : ListOrder
        Of the same nodes.
    settings : SearchSettings
    progress : Progress
    """
    nodes = _sampled(graph.n, settings)
    found = graph.distances[nodes]
    return _searched(vectors, order, nodes, found, settings, progress).recall(found)


def _sampled(n: int, settings: SearchSettings) -> Nodes:
    return sample_nodes(n, size=_SAMPLE, seed=settings.seed)


def _searched(
    vectors: VectorSource,
    order: ListOrder,
    nodes: Nodes,
    found: Distances,
    settings: SearchSettings,
    progress: Progress,
) -> RecallSample:
    with progress.stage("Sampling for recall"):
        return RecallSample.bounded(vectors, order, nodes, found, settings.threads)


def _blank_graph(n: int, k: int) -> NeighborGraph:
    blank = np.full((n, k), np.inf, dtype=np.float32)
    return NeighborGraph(np.full((n, k), -1, dtype=np.int32), blank)


def _exact_graph(
    vectors: VectorSource, k: int, settings: SearchSettings, progress: Progress
) -> NeighborGraph:
    """Compare every node with every other; all vectors are held in memory."""
    n, _ = vectors.shape
    engine, graph = settings.engine, _blank_graph(n, k)
    exact = ExactJoin.of(vectors.block(0, n), threads=settings.threads)
    with progress.stage("Joining neighbors", n, unit="vectors") as stage:
        spans, held = _spans(n, exact.at_a_time), engine.hold(exact)
        parts = ((held, k, span) for span in spans)
        results = engine.map(_compare, parts, threads=settings.threads)
        for (first, last), result in zip(spans, results, strict=True):
            graph.distances[first:last], graph.neighbors[first:last] = engine.value(result)
            stage.advance(last - first)
    return graph


def _compare(exact: ExactJoin, k: int, span: Span) -> tuple[Distances, Nodes]:
    return exact.nearest(np.arange(*span), k)


def _rows(candidates: Candidates, places: Nodes) -> Candidates:
    return candidates[places]


def _join(order: ListOrder, plan: GraphPlan, span: Span) -> Candidates:
    return joined_fully(order, np.arange(*span), plan)


def _refine(
    candidates: Candidates, reverse: Candidates, reduced: Vectors, span: Span
) -> Candidates:
    return refined(np.arange(*span), candidates, reverse, reduced)


def _measure(
    vectors: VectorSource, nodes: Nodes, k: int, candidates: Candidates, span: Span
) -> Candidates:
    """Neighbors, and the bits of their distances, as one array."""
    own, others = nodes[slice(*span)], _at(nodes, candidates[slice(*span)])
    distances, neighbors = nearest_candidates(vectors, own, others, k)
    return np.hstack([neighbors.astype(np.int32), distances.view(np.int32)])


@dataclass(frozen=True, slots=True)
class _Share:
    """A stage's part in the whole: `cost` for each node."""

    whole: Stage
    cost: float

    def advance(self, nodes: int) -> None:
        self.whole.advance(round(self.cost * nodes))

    def report(self, stage: Stage, nodes: int) -> None:
        """Report to the stage and to the whole; the run may be stopped here."""
        stage.advance(nodes)
        self.advance(nodes)


@dataclass(frozen=True, slots=True)
class _Step:
    """A function of a span of places, and others.

    Parameters
    ----------
    title : str
        Shown while it is taken.
    name : str
        Of its parts on the shelf.
    size : int
        Places at a time.
    function : callable
    """

    title: str
    name: str
    size: int
    function: Callable[..., Candidates]

    def parts(self, span: Span) -> list[Span]:
        """A span, as many places at a time as the step takes."""
        first, last = span
        return [(first + a, first + b) for a, b in _spans(last - first, self.size)]


@dataclass(frozen=True, slots=True, eq=False)
class _IndexJoin:
    """Builds a graph through inverted lists; counts nodes by their place in the lists' order."""

    vectors: VectorSource
    order: ListOrder
    plan: GraphPlan
    settings: SearchSettings
    progress: Progress
    shelf: Shelf

    @property
    def engine(self) -> Engine:
        """Where spans are worked on."""
        return self.settings.engine

    def build(self) -> BuiltGraph:
        costs = stage_costs(self.plan, *self.vectors.shape, self.order.lists)
        whole = self.progress.stage("Neighbor graph", round(costs.whole * self.order.n))
        with whole as stage:
            candidates = self._joined(_Share(stage, costs.join))
            candidates = self._refined(candidates, "refine", _Share(stage, costs.refine))
            sample, recall = self._sample(candidates, _Share(stage, costs.sample))
            if recall.dense < self.settings.recall:
                stage.expect(round((costs.whole + costs.refine) * self.order.n))
                candidates = self._refined(candidates, "again", _Share(stage, costs.refine))
            graph = self._measured(candidates, _Share(stage, costs.measure))
        return BuiltGraph(graph, sample.recall(graph.distances[sample.nodes]))

    def _sample(self, candidates: Held[Candidates], share: _Share) -> tuple[RecallSample, Recall]:
        nodes = _sampled(self.order.n, self.settings)
        found = self._nearest(nodes, candidates)
        sample = _searched(self.vectors, self.order, nodes, found, self.settings, self.progress)
        share.advance(self.order.n)
        return sample, sample.recall(found)

    def _nearest(self, nodes: Nodes, candidates: Held[Candidates]) -> Distances:
        """Distances of some nodes to the nearest of their candidates: (m, k)."""
        part = candidates, self.order.places[nodes]
        (known,) = self.engine.map(_rows, [part], threads=self.settings.threads)
        others = _at(self.order.nodes, self.engine.value(known))
        return nearest_candidates(self.vectors, nodes, others, self.plan.neighbors)[0]

    def _joined(self, share: _Share) -> Held[Candidates]:
        step = _Step("Joining neighbors", "join", places_at_a_time(self.plan.pool), _join)
        order = self.engine.hold(self.order)
        return self._together(step, lambda span: (order, self.plan, span), share)

    def _refined(self, known: Held[Candidates], name: str, share: _Share) -> Held[Candidates]:
        step = _Step("Asking neighbors of neighbors", name, _REFINED, _refine)
        (reverse,) = self.engine.map(reverse_lists, [(known,)], threads=self.settings.threads)
        reduced = self.engine.hold(self.order.reduced)
        return self._together(step, lambda span: (known, reverse, reduced, span), share)

    def _together(
        self, step: _Step, arguments: Callable[[Span], Arguments], share: _Share
    ) -> Held[Candidates]:
        parts = (part for _, part in self._in_spans(step, arguments, share))
        return self.engine.together(parts, (self.order.n, self.plan.pool))

    def _measured(self, candidates: Held[Candidates], share: _Share) -> NeighborGraph:
        k = self.plan.neighbors
        step = _Step("Measuring distances", "measure", _MEASURED, _measure)
        vectors, nodes = self.engine.hold(self.vectors), self.engine.hold(self.order.nodes)

        def arguments(span: Span) -> Arguments:
            return vectors, nodes, k, candidates, span

        graph = _blank_graph(self.order.n, k)
        for span, part in self._in_spans(step, arguments, share):
            own, found = self.order.nodes[slice(*span)], self.engine.value(part)
            graph.neighbors[own] = found[:, :k]
            graph.distances[own] = found[:, k:].view(np.float32)
        return graph

    def _in_spans(
        self, step: _Step, arguments: Callable[[Span], Arguments], share: _Share
    ) -> Iterator[tuple[Span, Held[Candidates]]]:
        """Take a step for all places, some at a time, in their order; whole `SPAN`s are kept."""
        wholes = {span: f"{step.name}-{span[0]}" for span in _spans(self.order.n, SPAN)}
        kept = {span for span, name in wholes.items() if self.shelf.get(name) is not None}
        missing = (part for span in wholes if span not in kept for part in step.parts(span))
        results = self.engine.map(
            step.function, map(arguments, missing), threads=self.settings.threads
        )
        with self.progress.stage(step.title, self.order.n, unit="vectors") as stage:
            for span, name in wholes.items():
                found = []
                for part in [span] if span in kept else step.parts(span):
                    again = self.shelf.get(name) if span in kept else None
                    found.append(next(results) if again is None else self.engine.hold(again))
                    if again is None and part[1] == span[1]:
                        self._keep(name, found)
                    share.report(stage, part[1] - part[0])
                    yield part, found[-1]

    def _keep(self, name: str, parts: Sequence[Held[Candidates]]) -> None:
        if self.shelf is not NO_SHELF:
            self.shelf.put(name, np.vstack([self.engine.value(part) for part in parts]))


def _at(values: Nodes, places: Candidates) -> Nodes:
    """Values at places; -1 where the place is."""
    return np.where(places < 0, -1, values[places])


def _spans(n: int, size: int) -> list[Span]:
    return [(first, min(first + size, n)) for first in range(0, n, size)]

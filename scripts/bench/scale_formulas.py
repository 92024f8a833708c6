"""Scale, formulas: what each stage has to do for n photos on a cluster, from what was measured.

What is cut into tasks is simulated (`scale_simulation.py`); `scale_model.py` prints it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, log10

import numpy as np
from numpy.typing import NDArray
from scale_figures import DIMENSION, MEASURED, NEIGHBORS, REDUCED, TODAY, Design, Figures
from scale_simulation import NOTHING, Cluster, Objects, Outcome, Tasks, run

from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.index_spec import choose_index
from annclust.search.list_join import SPAN
from annclust.settings import SearchSettings

WHOLE, READ, PART = 16 << 30, 64, 4_000_000 // NEIGHBORS
"""As in `graph_build`, `reading_elsewhere` and `graph_forest`."""

SIMULATED = 70_000
"""Tasks of a stage; of more, so many are simulated, and the rest takes as long."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage takes.

    Parameters
    ----------
    name : str
    outcome : Outcome
        Simulated, where it consists of tasks.
    driver, node : float
        Bytes in the process that was started, and on each node, at most.
    """

    name: str
    outcome: Outcome
    driver: float = 0.0
    node: float = 0.0


@dataclass(frozen=True, slots=True)
class Model:
    """A collection of n photos on a cluster.

    Parameters
    ----------
    n : int
    cluster : Cluster
    figures : Figures
    design : Design
    sharded : bool or None
        Whether vectors are cut into shards; as the product decides it if None.
    local : bool
        Whether the engine is this process.
    dimension : int
        Of vectors.
    """

    n: int
    cluster: Cluster
    figures: Figures = MEASURED
    design: Design = TODAY
    sharded: bool | None = None
    local: bool = False
    dimension: int = DIMENSION

    @property
    def vector(self) -> int:
        """Bytes of one as it is stored."""
        return 2 * self.dimension

    @property
    def lists(self) -> int:
        """Inverted lists."""
        return choose_index(self.n, self.dimension, SearchSettings()).lists

    @property
    def in_shards(self) -> bool:
        """Whether no machine holds all vectors."""
        return self.n * self.vector > WHOLE if self.sharded is None else self.sharded

    @property
    def plan(self) -> GraphPlan:
        """Of the graph; twice the lists are looked into without refinement."""
        plan = plan_graph(self.n, NEIGHBORS, self.lists)
        return replace(plan, probes=plan.probes * (2 if self.in_shards else 1))

    @property
    def pairs(self) -> float:
        """That the join compares for each photo."""
        return self.plan.probes * self.n / self.lists + self.lists

    def stages(self) -> Iterator[Stage]:
        """All of them, in their order."""
        yield self.reading()
        yield from self.index()
        yield self.holding()
        yield from self.graph()
        yield from self.forests()
        yield from self.tree()

    @property
    def room(self) -> float:
        """Photos, at most, for whose spans a node has room, in its store and beside it."""
        _, joined, measured = min(self.design.spread)
        copies = self.cluster.cores * joined * (4 * REDUCED + 12)
        return min(
            self.cluster.store / (measured * (self.vector + 8)), self.cluster.memory / copies
        )

    @property
    def shares(self) -> tuple[float, float, float]:
        """Of all shards, that a span is given: as of `Design.spread`."""
        return min(self.design.spread, key=lambda it: abs(log10(it[0]) - log10(self.n)))

    def here(self, name: str, alone: float, shared: float = 0.0, each: float = 0.0) -> Stage:
        """A stage of the process that was started: seconds of one, and of all its processors."""
        seconds = alone + shared / self.cluster.cores
        return Stage(name, Outcome(seconds, driver=seconds), driver=each * self.n)

    def spread(self, tasks: Tasks) -> Outcome:
        """Tasks on the cluster; the first of very many."""
        some = min(tasks.count, SIMULATED)
        return run(replace(tasks, count=some), self.cluster).times(tasks.count / max(some, 1))

    def reading(self) -> Stage:
        """Files in shards; their vectors come back, and are stored by the one writer."""
        f = self.figures
        tasks = Tasks(
            ceil(self.n / READ),
            READ * f.read,
            submitting=f.task + READ * (f.take + f.commit),
            returned=READ * f.come,
            fetched=READ * f.file,
        )
        return Stage("reading, embedding", self.spread(tasks), driver=f.waiting * self.n)

    def index(self) -> Iterator[Stage]:
        """What comes before the graph, in the process that was started."""
        f, n, lists = self.figures, self.n, self.lists
        looking = n * (f.live + f.checksum) + n * self.vector / self.cluster.disk
        yield self.here("looking at vectors", looking)
        learning = f.pca + 8 * 40 * lists**2 * f.k_means + 40 * lists * f.gather
        yield self.here("learning the index", 0.0, learning)
        filling, each = n * (f.reduce + f.place * lists), self.design.index_bytes
        if self.design.filled_by == "cluster":
            cores, driver = (
                filling / self.cluster.processors,
                n * self.vector / self.cluster.network,
            )
            outcome = Outcome(max(cores, driver), cores, driver=driver, fetched=n * self.vector)
            yield Stage("filling it", outcome, driver=each * n)
        else:
            yield self.here("filling it", n * self.vector / self.cluster.disk, filling, each)
        ordering = n * f.order + lists**2 * f.chain
        both = self.design.index_bytes + self.design.order_bytes
        yield self.here("the order of the lists", ordering, each=both)

    def holding(self) -> Stage:
        """Vectors, in the order of the lists, into the store."""
        f, each = self.figures, self.vector + 4 * REDUCED + 12
        alone = self.n * (self.vector / self.cluster.disk + f.gather + each / f.hold)
        if self.design.held_by == "cluster":
            alone += self.n * each / self.cluster.network
        return self.here("holding the vectors", alone, each=self.design.order_bytes)

    def objects(self, each: float, share: float) -> Objects:
        """Shards, or all at once; a span is given its own, and others anywhere."""
        if self.asks_rows:
            return NOTHING
        count = ceil(self.n * self.vector / self.design.shard) if self.in_shards else 1
        rng = np.random.default_rng(0)
        spans = ceil(self.n / SPAN)

        def needed(task: int) -> NDArray[np.bool_]:
            others = rng.random(count) < share
            others[min(task * count // spans, count - 1)] = True
            return others

        holders = np.zeros(count, dtype=np.int64)
        if self.design.held_by == "cluster":
            holders = np.arange(count) % self.cluster.nodes
        return Objects(np.full(count, self.n / count * each), holders, needed)

    def graph(self) -> Iterator[Stage]:
        """Spans of places, as `IndexJoin` or `ShardedJoin` works on them."""
        f, rows = self.figures, 4 * self.plan.pool * SPAN
        spans, order = ceil(self.n / SPAN), self.design.order_bytes * self.n
        _, joined, measured = self.shares
        held = self.objects(4 * REDUCED + 12, joined)
        copied = joined * held.sizes.sum() if self.copies else 0.0
        join = Tasks(
            spans,
            SPAN * f.pair * self.pairs + copied / f.copy,
            submitting=self.handing(held, joined) + self.in_shards * f.task,
            returned=rows,
            fetched=SPAN * self.plan.probes * (4 * REDUCED + 8 * self.plan.pool) * self.asks_rows,
            objects=held,
        )
        outcome = self.spread(join)
        yield Stage("joining", outcome, order, self.cluster.cores * copied + outcome.most)
        if not self.in_shards:
            refine = Tasks(16 * spans, SPAN / 16 * f.refine, f.task, objects=held)
            yield Stage("neighbors of neighbors", self.spread(refine), order, outcome.most)
        yield self.here("sampling for recall", 0.0, self.n * f.sample, self.design.order_bytes)
        held = self.objects(self.vector + 8, measured)
        measure = Tasks(
            spans,
            SPAN * self.plan.pool * self.dimension * f.coordinate,
            submitting=self.handing(held, 2 * measured) + SPAN * f.scatter,
            returned=rows,
            fetched=rows + SPAN * self.design.candidates * self.vector * self.asks_rows,
            objects=held,
        )
        outcome, graph = self.spread(measure), self.design.graph_bytes * self.n
        yield Stage("measuring", outcome, order + graph, outcome.most)

    @property
    def asks_rows(self) -> bool:
        """Whether rows travel, not shards."""
        return self.in_shards and self.design.asks_for == "rows"

    @property
    def copies(self) -> bool:
        """Whether a task puts its shards together in its own memory."""
        return self.in_shards and not self.asks_rows

    def handing(self, held: Objects, share: float) -> float:
        """Seconds of the process that was started for a task that is given a share of objects."""
        return self.figures.task + self.figures.reference * len(held.sizes) * share

    def forest_edges(self, parts: float) -> float:
        """Edges a photo of the forest of one of so many parts."""
        f, known = self.figures, np.log10([1, 2, 20, 200, 2_000])
        edges = f.edges_listed if self.design.parts_of == "lists" else f.edges
        return float(np.interp(log10(max(parts, 1)), known, [1, *edges]))

    def forests(self) -> Iterator[Stage]:
        """The spanning forest, as `graph_forest` makes it."""
        f, n, nodes = self.figures, self.n, self.cluster.nodes
        parts, others = ceil(n / PART), n if self.design.parts_of == "photos" else 0
        if self.local or parts == 1:
            yield self.here("forest", n * f.forest_here)
            return
        core = Objects(np.array([4.0 * n]), np.zeros(1, np.int64), lambda _: np.ones(1, bool))
        elsewhere = (nodes - 1) / nodes
        size = self.design.graph_bytes * PART
        of_parts = Tasks(
            parts,
            PART * f.forest + others * f.forest_others,
            submitting=f.task + size / f.hold,
            fetched=size * elsewhere,
            objects=core,
        )
        driver = (self.design.order_bytes + self.design.graph_bytes) * n
        outcome = self.spread(of_parts)
        taken = self.cluster.cores * (f.forest_bytes * others + f.part_bytes * PART)
        yield Stage("forests of parts", outcome, driver, taken + 4 * n)
        merges: list[Outcome] = []
        most = 0.0
        while parts > 1:
            edges = 2 * n / parts * self.forest_edges(parts)
            tasks = Tasks(
                parts // 2,
                edges * f.merge + others * f.merge_others,
                submitting=f.task,
                fetched=edges * f.edge_bytes * elsewhere,
            )
            merges.append(self.spread(tasks))
            at_once = min(self.cluster.cores, ceil(tasks.count / nodes))
            most = max(most, at_once * (edges * f.merge_bytes + others * f.merge_others_bytes))
            parts = ceil(parts / 2)
        if merges:
            yield Stage("merging them in pairs", Outcome.after(merges), driver, most)

    def tree(self) -> Iterator[Stage]:
        """What follows from it, in the process that was started."""
        f, n = self.figures, self.n
        asked = n * (f.questions if n >= 1_000_000 else 0.1)
        seconds = asked * f.question_pair * (8 * n / self.lists + self.lists)
        each = self.design.order_bytes + self.design.graph_bytes + self.design.tree_bytes
        yield self.here("questions", 0.0, seconds, each)
        yield self.here("the tree", n * f.tree, each=each)
        yield self.here("cutting it", n * f.cut, each=each)
        yield self.here("shots, scenes, themes", n * f.group, each=f.group_bytes)

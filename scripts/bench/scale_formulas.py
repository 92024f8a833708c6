"""Scale, formulas: what each stage has to do for n photos on a cluster, from what was measured.

Cut into tasks as annclust does it, which are simulated (`scale_simulation.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, log, log10

import numpy as np
from scale_figures import (
    DIMENSION,
    DRIVER,
    MEASURED,
    NEIGHBORS,
    OWN_FINDS,
    REDUCED,
    TRAVELS,
    Figures,
)
from scale_simulation import Cluster, Outcome, Pairs, Tasks

from annclust.search.graph_plan import plan_graph
from annclust.search.index_spec import choose_index
from annclust.search.list_join import SPAN
from annclust.settings import SearchSettings

WHOLE_BYTES, SHARD_BYTES, MOST_SHARDS = 16 << 30, 2 << 30, 128
BLOCK, READ, PART, PROBES, TRAINED = 4_096, 64, 4_000_000 // NEIGHBORS, 8, 40
"""As in `graph_build`, `index_build`, `reading_elsewhere` and `graph_forest`."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage takes.

    Parameters
    ----------
    name : str
    outcome : Outcome
    driver, node : float
        Bytes in the process that was started; of objects, or of tasks, on each node.
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
    shards : int
        Shards of vectors; as the product decides it if 0.
    local : bool
        Whether the engine is this process.
    dimension : int
        Of vectors.
    """

    n: int
    cluster: Cluster
    figures: Figures = MEASURED
    shards: int = 0
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
    def parts(self) -> int:
        """Shards."""
        if self.n * self.vector <= WHOLE_BYTES:
            return self.shards or 1
        return self.shards or min(ceil(self.n * self.vector / SHARD_BYTES), MOST_SHARDS)

    def travels(self, column: int) -> float:
        """A column of `TRAVELS` for as many shards."""
        counts, values = [log(row[0]) for row in TRAVELS], [row[column] for row in TRAVELS]
        return float(np.interp(log(self.parts), counts, values))

    def stages(self) -> Iterator[Stage]:
        """All of them, in their order."""
        yield self.reading()
        yield from self.index()
        yield self.holding()
        yield from self.in_shards() if self.parts > 1 else self.together()
        yield from self.forests()
        yield from self.tree()

    def here(self, name: str, alone: float, shared: float = 0.0, memory: str = "order") -> Stage:
        """A stage of the process that was started: seconds of one, and of all its processors."""
        seconds = alone + shared / self.cluster.cores
        return Stage(name, Outcome(seconds, driver=seconds), DRIVER[memory] * self.n)

    def reading(self) -> Stage:
        """Files in shards; their vectors come back, and are stored by the one writer."""
        f = self.figures
        stored = f.task + READ * (f.take + f.commit)
        tasks = Tasks(ceil(self.n / READ), READ * f.read, stored, 0.0, READ * f.come, READ * f.file)
        return Stage("reading, embedding", tasks.run(self.cluster), DRIVER["reading"] * self.n)

    def index(self) -> Iterator[Stage]:
        """The index and its order."""
        f, n, lists = self.figures, self.n, self.lists
        looking = n * (f.live) + n * self.vector / self.cluster.disk
        yield self.here("looking at vectors", looking)
        sample, rounds = TRAINED * lists, 8
        round_ = Tasks(ceil(sample / BLOCK), BLOCK * lists * f.place, f.task)
        learned = [round_.run(self.cluster).times(rounds)]
        alone = sample * (f.gather + f.reduce / self.cluster.cores + rounds * f.means)
        learned.append(Outcome(alone, driver=alone))
        yield Stage("learning the index", Outcome.after(learned), 4 * REDUCED * sample)
        given = f.task + BLOCK * (self.vector / f.hold + f.append)
        filling = Tasks(
            ceil(n / BLOCK),
            BLOCK * (f.reduce + f.place * lists),
            given,
            BLOCK * self.vector,
            BLOCK * DRIVER["index"],
        )
        yield Stage("filling it", filling.run(self.cluster), DRIVER["index"] * n)
        yield self.here("the order of the lists", n * f.order + lists**2 * f.chain)

    def holding(self) -> Stage:
        """Vectors, in the order of the lists, into the stores; a copy stays on the first node."""
        f, each = self.figures, self.vector + 4 * REDUCED + 20
        kept = each / self.cluster.disk if self.cluster.nodes > 1 else 0.0
        alone = self.vector / self.cluster.disk + f.gather + each / f.hold
        alone += max(kept, each / self.cluster.network)
        node = self.n * each * (1 / self.cluster.nodes if self.parts > 1 else 1)
        stage = self.here("holding the vectors", self.n * alone)
        return replace(stage, node=node)

    def together(self) -> Iterator[Stage]:
        """Spans of places, as `IndexJoin` works on them."""
        f, spans = self.figures, ceil(self.n / SPAN)
        plan = plan_graph(self.n, NEIGHBORS, self.lists)
        held = self.n * (self.vector + 4 * REDUCED + 20)
        pairs = plan.probes * self.n / self.lists + self.lists
        join = Tasks(spans, SPAN * f.pair * pairs, f.task, held=held)
        yield Stage("joining", join.run(self.cluster), DRIVER["order"] * self.n, held)
        refine = Tasks(16 * spans, SPAN / 16 * f.refine, f.task)
        yield Stage("neighbors of neighbors", refine.run(self.cluster))
        yield self.here("sampling for recall", 0.0, self.n * f.sample)
        seconds = SPAN * plan.pool * self.dimension * f.coordinate
        given = f.task + SPAN * f.scatter
        measure = Tasks(spans, seconds, given, returned=8 * SPAN * NEIGHBORS)
        yield Stage("measuring", measure.run(self.cluster), DRIVER["graph"] * self.n, held)

    def in_shards(self) -> Iterator[Stage]:
        """Pairs of shards, as `ShardedJoin` compares them."""
        f, n, pool = self.figures, self.n, 2 * NEIGHBORS
        joined, held = self.joined(n, 2 * PROBES, MEASURED.pair), n / self.cluster.nodes
        looked = 8 * REDUCED + 16 * PROBES + 10 * OWN_FINDS
        yield Stage("joining", joined, DRIVER["order"] * n, held * (4 * REDUCED + looked))
        yield self.here("sampling for recall", 0.0, n * f.sample)
        measured, driver = self.measured(n, pool, NEIGHBORS), n * f.scatter
        outcome = replace(
            measured, seconds=measured.seconds + driver, driver=measured.driver + driver
        )
        yield Stage("measuring", outcome, DRIVER["graph"] * n, held * self.vector)

    def joined(self, queries: float, probes: int, pair: float) -> Outcome:
        """Queries that look into so many lists each: own ones, those of others, and the nearest."""
        f, n, shards = self.figures, self.n, self.parts
        asked, mean = queries / shards, n / self.lists
        others, back = self.travels(1), self.travels(4)
        spans = shards * ceil(asked / SPAN)
        look = Tasks(spans, queries / spans * pair * (mean + self.lists), f.task)
        kept = n * 4 * (REDUCED + 4) + queries * (4 * REDUCED + 8 * probes + 10 * OWN_FINDS)
        pairs = Pairs(
            shards,
            asked * ((probes - 1) * mean * pair + (1 + others) * f.asking),
            own=self.travels(2),
            next=self.travels(3),
            picking=asked * f.ask_scan,
            sent=asked * others * (4 * REDUCED + 8 * probes),
            back=10 * asked * back,
            held=4 * n / shards * (REDUCED + 4),
            missing=self.cluster.missing(kept),
            submitting=self.submitting,
        )
        nearest = Tasks(
            shards,
            asked * (OWN_FINDS + back) * f.find,
            f.task + f.reference * shards,
            returned=8 * asked * NEIGHBORS,
        )
        return Outcome.after([each.run(self.cluster) for each in (look, pairs, nearest)])

    def measured(self, queries: float, pool: int, k: int) -> Outcome:
        """Candidates of queries, measured where they lie; the k nearest come back."""
        f, n, shards = self.figures, self.n, self.parts
        asked, others, elsewhere = queries / shards, self.travels(5), self.travels(6)
        pairs = Pairs(
            shards,
            asked * pool * (self.dimension * f.far + f.kept),
            own=1 - elsewhere,
            next=elsewhere * self.travels(3) / (1 - self.travels(2)),
            picking=asked * f.seek_scan,
            sent=asked * (others * self.vector + 16 * pool * elsewhere),
            back=8 * asked * pool * elsewhere,
            held=n / shards * self.vector,
            missing=self.cluster.missing(n * self.vector),
            submitting=self.submitting,
        )
        given = f.task + f.reference * shards
        nearest = Tasks(
            shards, asked * (pool * f.kept + shards * f.sort_scan), given, returned=8 * asked * k
        )
        return Outcome.after([each.run(self.cluster) for each in (pairs, nearest)])

    @property
    def submitting(self) -> float:
        """Seconds of the process that was started for a pair: two tasks, of some objects each."""
        return 2 * self.figures.task + 6 * self.figures.reference

    def forest_edges(self, parts: float) -> float:
        """Edges a photo of the forest of one of so many parts."""
        known = np.log10([1, 2, 20, 200, 2_000])
        return float(np.interp(log10(max(parts, 1)), known, [1, *self.figures.edges]))

    def forests(self) -> Iterator[Stage]:
        """The spanning forest, as `graph_forest` makes it: photos in any order."""
        f, n, nodes = self.figures, self.n, self.cluster.nodes
        parts, elsewhere = ceil(n / PART), (nodes - 1) / nodes
        if self.local or parts == 1:
            yield self.here("forest", n * f.forest_here, memory="tree")
            return
        size = 8 * NEIGHBORS * PART
        of_parts = Tasks(parts, PART * f.forest, f.task + size / f.hold, size, held=4.0 * n)
        taken = self.cluster.cores * f.part_bytes * PART
        yield Stage("forests of parts", of_parts.run(self.cluster), DRIVER["tree"] * n, taken)
        merges, most = [], 0.0
        while parts > 1:
            edges = 2 * n / parts * self.forest_edges(parts)
            tasks = Tasks(parts // 2, edges * f.merge, f.task, fetched=24 * edges * elsewhere)
            merges.append(tasks.run(self.cluster))
            at_once = min(self.cluster.cores, ceil(tasks.count / nodes))
            most = max(most, at_once * edges * (f.merge_bytes + 24))
            parts = ceil(parts / 2)
        yield Stage("merging them in pairs", Outcome.after(merges), DRIVER["tree"] * n, most)

    def tree(self) -> Iterator[Stage]:
        """What follows from it, in the process that was started, and the questions."""
        f, n = self.figures, self.n
        questions = f.questions if n >= 1_000_000 else 0.09
        compared = PROBES * n / self.lists + self.lists
        if self.parts == 1:
            seconds = (f.bridges + questions) * n * f.asked_pair * compared
            spans = ceil(seconds / 2)
            asked = Tasks(spans, seconds / spans, f.task).run(self.cluster)
        else:
            rounds = [f.bridges * n / f.rounds] * int(f.rounds) + [questions * n]
            found = [self.joined(each, PROBES, f.asked_pair) for each in rounds]
            found += [self.measured(each, 2 * NEIGHBORS, NEIGHBORS) for each in rounds]
            asked = Outcome.after(found)
        yield Stage("bridges and questions", asked, DRIVER["tree"] * n)
        yield self.here("the tree", n * f.tree, memory="tree")
        yield self.here("cutting it", n * f.cut, memory="tree")
        yield self.here("shots, scenes, themes", n * f.group, memory="groups")

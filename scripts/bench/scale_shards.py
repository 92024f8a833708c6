"""Scale, shards: what a span of a graph needs of vectors that no machine holds together.

    python scripts/bench/scale_shards.py touched --sizes 300000 1000000
    python scripts/bench/scale_shards.py recall --sizes 100000 300000

`touched`: how many lists and shards a span looks into (`shards_beside`), and in how many its
candidates lie (`shards_named`), where span and shard are the parts of the collection that they are
at 100 million and a billion. As many shards as there, or as many lists in each: with fewer photos
not both can be had. `recall`: the sharded join beside the whole one, on all processors.

Synthetic photos (`synthetic.py`); a size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from reporting import seconds, table, versions
from synthetic import photos

from annclust.arrays import Nodes
from annclust.search.faiss_index import build_index
from annclust.search.graph_build import build_graph
from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.index_spec import choose_index
from annclust.search.list_join import SPAN, ListOrder, joined_fully, lists_beside
from annclust.search.shards import shards_beside, shards_named, shards_of
from annclust.search.span_work import Span
from annclust.settings import SearchSettings
from annclust.storage.vector_file import VectorReader

TARGETS = {"100 million": 100_000_000, "1 billion": 1_000_000_000}
DIMENSION, REAL_DIMENSION = 192, 1_600
"""All but the noise of synthetic photos lies in so many; PCA keeps 128 of either."""

_SHARD_BYTES = 2 << 30
_NEIGHBORS, _SPANS, _MORE_PROBES = 16, 24, 2


@dataclass(frozen=True, slots=True)
class Target:
    """Parts of a large collection."""

    n: int

    @property
    def lists(self) -> int:
        """Inverted lists."""
        return choose_index(self.n, REAL_DIMENSION, SearchSettings()).lists

    @property
    def shards(self) -> float:
        """Shards of vectors."""
        return self.n * 2 * REAL_DIMENSION / _SHARD_BYTES

    @property
    def lists_per_span(self) -> float:
        """Lists in a span."""
        return SPAN * self.lists / self.n


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """An order in shards of about so many lists."""

    order: ListOrder
    firsts: Nodes
    of_list: Nodes

    @classmethod
    def of(cls, order: ListOrder, lists: float) -> Cut:
        """Cut as `Shards.of` does."""
        size = max(int(lists * order.n / order.lists), 1)
        of_list = np.unique(order.starts[:-1] // size, return_inverse=True)[1]
        cuts = np.searchsorted(of_list, np.arange(of_list[-1] + 2))
        return cls(order, order.starts[cuts], of_list)

    def beside(self, span: Span, plan: GraphPlan) -> int:
        """How many shards the join of a span is given."""
        cuts = np.searchsorted(self.of_list, np.arange(len(self.firsts)))
        parts = [self.order.of_lists(*ends) for ends in pairwise(cuts.tolist())]
        own = shards_of(np.arange(*span), self.firsts)
        numbers = np.arange(own[0], own[-1] + 1).tolist()
        sizes, centroids = np.diff(self.order.starts), self.order.centroids
        near = (parts[each] for each in numbers)
        return len(shards_beside(self.firsts, self.of_list, sizes, plan, span, centroids, *near))


def order_of(n: int, dimension: int) -> tuple[VectorReader, ListOrder]:
    """Synthetic photos and their index."""
    settings = SearchSettings()
    vectors = VectorReader(photos(n, dimension).astype("<f2"))
    index = build_index(vectors, choose_index(n, dimension, settings), settings)
    return vectors, ListOrder.of(index, np.arange(n))


def touched(n: int) -> list[list[object]]:
    """A row for each target: mean and most of some spans."""
    _, order = order_of(n, DIMENSION)
    plan = plan_graph(n, _NEIGHBORS, order.lists)
    plan = replace(plan, probes=_MORE_PROBES * plan.probes)
    return [
        [name, f"{n:,}", *map(_shown, _touched(order, plan, Target(size)))]
        for name, size in TARGETS.items()
    ]


def _shown(counts: list[float]) -> str:
    return f"{np.mean(counts):.3g} ({max(counts):.3g})"


def _touched(order: ListOrder, plan: GraphPlan, target: Target) -> list[list[float]]:
    places = max(int(target.lists_per_span * order.n / order.lists), 1)
    starts = np.linspace(0, order.n - places, _SPANS).astype(int).tolist()
    cuts = Cut.of(order, order.lists / target.shards), Cut.of(order, target.lists / target.shards)
    rows = [_needed(order, plan, (first, first + places), cuts) for first in starts]
    counts = [list(column) for column in zip(*rows, strict=True)]
    shards: list[list[float]] = [[len(cut.firsts) - 1] for cut in cuts]
    return [*counts[:4], shards[0], *counts[4:6], shards[1], *counts[6:]]


def _needed(order: ListOrder, plan: GraphPlan, span: Span, cuts: tuple[Cut, Cut]) -> list[float]:
    """What the columns say of one span."""
    places = np.arange(*span)
    candidates = joined_fully(order, places, plan)
    wanted = np.unique(candidates[candidates >= 0]).astype(np.int64)
    found = [
        len(_lists_of(order, places[::2], plan)),
        len(_lists_of(order, places, plan)),
        len(np.unique(order.list_of(wanted))),
        len(wanted) / len(places),
    ]
    for cut in cuts:
        found += [cut.beside(span, plan), len(shards_named(cut.firsts, span, candidates))]
    return found


def _lists_of(order: ListOrder, places: Nodes, plan: GraphPlan) -> Nodes:
    own = order.list_of(places)
    beside = lists_beside(order.reduced[places], own, order.centroids, plan.probes - 1)
    return np.unique(np.append(beside.ravel(), own))


def recall(n: int) -> list[list[object]]:
    """A row for each way of building a graph."""
    vectors, order = order_of(n, REAL_DIMENSION)
    rows: list[list[object]] = []
    for name, size in (("whole", n), ("40 shards", n // 40)):
        settings = SearchSettings(shard=size)
        build = partial(build_graph, vectors, settings, order=order)
        started = time.process_time()
        by_clock = seconds(build)
        taken = time.process_time() - started
        found = build().recall
        figures = f"{taken:.1f}", f"{by_clock:.1f}", f"{found.overall:.4f}", f"{found.dense:.4f}"
        rows.append([f"{n:,}", name, *figures])
    return rows


HEADERS = {
    "touched": (
        *(
            "as at",
            "photos",
            "lists looked into by half a span",
            "by a span",
            "lists of candidates",
        ),
        "candidates a place, each once",
        *("shards (as many)", "joined with", "measured with"),
        *("shards (as long)", "joined with", "measured with"),
    ),
    "recall": ("photos", "join", "processor s", "by the clock", "recall", "recall, dense half"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["touched", "recall"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        rows = {"touched": touched, "recall": recall}[options.what](options.alone)
        print(json.dumps(rows))
        return
    rows = []
    for n in options.sizes:
        command = [sys.executable, __file__, options.what, "--alone", str(n)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows += json.loads(done.stdout)
    print(table(HEADERS[options.what], rows))
    print(f"\n{versions('numpy', 'faiss-cpu')}")


if __name__ == "__main__":
    main()

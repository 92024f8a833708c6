"""Scale, shards: what is asked of shards that no machine holds together, and what comes back.

    python scripts/bench/scale_shards.py travels --sizes 300000 1000000
    python scripts/bench/scale_shards.py steps --sizes 300000
    python scripts/bench/scale_shards.py join --sizes 100000 300000

`travels`: in how many shards besides its own a photo looks for neighbors, and its candidates lie;
how many finds come back; of some places in turn, as many lists long as `SPAN` places are in a
billion photos. `steps`: processor time of each function of a pair of shards. `join`: the sharded
join beside the whole one, on all processors. Synthetic photos; each size in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from reporting import seconds, table, versions
from synthetic import photos

from annclust.arrays import Candidates, Nodes
from annclust.engine import LOCAL
from annclust.parallel import one_thread_in_blas
from annclust.search.faiss_index import VectorIndex
from annclust.search.graph_build import build_graph
from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_join import SPAN
from annclust.search.list_order import ListOrder
from annclust.search.shard_pairs import (
    Looks,
    ask,
    compare,
    look,
    measure,
    nearest_measured,
    nearest_of_block,
    seek,
)
from annclust.search.shards import Shards
from annclust.settings import SearchSettings
from annclust.storage.vector_file import VectorReader

Result = TypeVar("Result")
Rows = list[list[object]]

FEW, DIMENSION = 192, 1_600
"""All but the noise of synthetic photos lies in so few dimensions; PCA keeps 128 of either."""

SHARDS = (8, 32, 128, 512)
BILLION = 1_000_000_000
NEIGHBORS, _SPANS = 16, 48


@dataclass(frozen=True, slots=True, eq=False)
class Album:
    """Synthetic photos, their index and order, and how these are joined."""

    vectors: VectorReader
    index: VectorIndex
    order: ListOrder
    plan: GraphPlan

    @classmethod
    def of(cls, n: int, dimension: int) -> Album:
        """Make n of them."""
        settings = SearchSettings()
        vectors = VectorReader(photos(n, dimension).astype("<f2"))
        index = build_index(vectors, choose_index(n, dimension, settings), settings)
        order = ListOrder.of(index, np.arange(n))
        return cls(vectors, index, order, plan_graph(n, NEIGHBORS, order.lists))

    @property
    def in_shards(self) -> GraphPlan:
        """Twice the lists are looked into, as neighbors of neighbors are not asked."""
        return replace(self.plan, probes=2 * self.plan.probes)

    def shards(self, count: int) -> Shards:
        """About so many."""
        return Shards.of(LOCAL, self.order, self.vectors, self.order.n // count)


class Stopwatch:
    """Processor seconds of this thread in each of several functions."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}

    def call(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call it, and count."""
        started = time.thread_time()
        result = function(*arguments)
        name, taken = function.__name__, time.thread_time() - started
        self.taken[name] = self.taken.get(name, 0.0) + taken
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Some places of a shard, joined with all shards.

    Parameters
    ----------
    looks : Looks
    asked, found : ndarray of shape (s,), int64
        Places that look into each shard, and pairs that each gives back.
    candidates : ndarray of shape (m, c), int32
    """

    looks: Looks
    asked: Nodes
    found: Nodes
    candidates: Candidates


def joined(shards: Shards, own: int, rows: Nodes, plan: GraphPlan, watch: Stopwatch) -> Joined:
    """Join some places of a shard, as `ShardedSearch` does."""
    home, centroids, pool = shards.parts[own], LOCAL.value(shards.centroids), plan.pool
    place = home.places[0], home.lists[0], LOCAL.value(home.order), centroids
    looks = watch.call(look, *place, rows, plan.probes, pool, None, None)
    finds, asked = [], []
    for each in shards.parts:
        asking = watch.call(ask, *each.lists, (looks,))
        asked.append(len(asking[0].numbers))
        found = watch.call(compare, each.places[0], LOCAL.value(each.order), asking, pool, None)
        finds.append(found)
    candidates = watch.call(nearest_of_block, pool, (looks,), *finds)
    return Joined(looks, np.array(asked), np.array([len(f[0].queries) for f in finds]), candidates)


def travels(n: int) -> Rows:
    """A row for each number of shards."""
    album = Album.of(n, FEW)
    lists = choose_index(BILLION, DIMENSION, SearchSettings()).lists
    places = int(SPAN * lists / BILLION * n / album.order.lists)
    return [_travelled(album, count, places) for count in SHARDS]


def _travelled(album: Album, count: int, places: int) -> list[object]:
    shards = album.shards(count)
    ends = np.array([0, *(each.places[1] for each in shards.parts)])
    starts = np.linspace(0, album.order.n - places - 1, _SPANS).astype(int)
    figures = []
    for start in starts.tolist():
        own = int(np.searchsorted(ends, start, side="right")) - 1
        rows = np.arange(start, min(start + places, ends[own + 1])) - ends[own]
        done = joined(shards, own, rows, album.in_shards, Stopwatch())
        held = np.searchsorted(ends, done.candidates, side="right") - 1
        held[done.candidates < 0] = own
        sought = len(np.unique(held + len(ends) * np.arange(len(rows))[:, np.newaxis]))
        others, many = np.delete(done.asked, own), len(rows)
        beside = others.sum() / many, (np.sort(others)[-len(others) // 10 :].sum()) / others.sum()
        back = done.found.sum() / many, sum(len(f.queries) for f in done.looks.finds) / many
        figures.append((many, *beside, *back, sought / many - (held == own).any(axis=1).mean()))
    weights, *columns = zip(*figures, strict=True)
    means = (np.average(column, weights=weights) for column in columns)
    return [f"{album.order.n:,}", len(shards.parts), *(f"{mean:.3g}" for mean in means)]


def steps(n: int) -> Rows:
    """Of places of one of eight shards, joined and measured with all of these."""
    album, watch = Album.of(n, DIMENSION), Stopwatch()
    shards, plan = album.shards(8), album.in_shards
    own = len(shards.parts) // 2
    first, last = shards.parts[own].places
    rows = np.arange(min(SPAN, last - first))
    with one_thread_in_blas():
        done = joined(shards, own, rows, plan, watch)
        ends, vectors = [0], LOCAL.value(shards.parts[own].vectors)
        away = []
        for each in shards.parts:
            sought = watch.call(seek, *each.places, rows, done.candidates, vectors)
            away.append(watch.call(measure, sought, LOCAL.value(each.vectors)))
            ends.append(each.places[1])
        watch.call(nearest_measured, NEIGHBORS, np.array(ends), done.candidates, *away)
    return list(_shown(album, done, watch.taken, len(rows)))


def _shown(
    album: Album, done: Joined, taken: dict[str, float], many: int
) -> Iterator[list[object]]:
    order, plan = album.order, album.in_shards
    mean = order.n / order.lists
    finds, asked = int(done.found.sum()), int(done.asked.sum())
    units = {
        "look": ("pair", many * (mean + order.lists)),
        "ask": ("query that looks into a shard", asked),
        "compare": ("pair", many * mean * (plan.probes - 1)),
        "nearest_of_block": ("find", finds + sum(len(f.queries) for f in done.looks.finds)),
        "seek": ("pair", done.candidates.size),
        "measure": ("coordinate", done.candidates.size * DIMENSION),
        "nearest_measured": ("pair", done.candidates.size),
    }
    for name, (unit, count) in units.items():
        each = f"{1e9 * taken[name] / count:.3g} ns a {unit}"
        yield [f"{order.n:,}", name, f"{1e6 * taken[name] / many:.3g}", each]


def join(n: int) -> Rows:
    """A row for each way of building a graph."""
    album = Album.of(n, DIMENSION)
    rows: Rows = []
    for name, size in (("whole", n), ("40 shards", n // 40)):
        settings = SearchSettings(shard=size)
        build = partial(build_graph, album.vectors, settings, order=album.order)
        started = time.process_time()
        by_clock = seconds(build)
        taken = time.process_time() - started
        found = build().recall
        figures = f"{taken:.1f}", f"{by_clock:.1f}", f"{found.overall:.4f}", f"{found.dense:.4f}"
        rows.append([f"{n:,}", name, *figures])
    return rows


HEADERS = {
    "travels": (
        *("photos", "shards", "others that a photo looks into", "of it by the nearest tenth"),
        *("finds that come back", "finds in its own list", "others where candidates lie"),
    ),
    "steps": ("photos", "step", "µs a photo", "each"),
    "join": ("photos", "join", "processor s", "by the clock", "recall", "recall, dense half"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=HEADERS)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        rows = {"travels": travels, "steps": steps, "join": join}[options.what](options.alone)
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

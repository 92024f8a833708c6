"""Scale, shards: what is asked of shards that no machine holds together, and what comes back.

    python scripts/bench/scale_shards.py travels --sizes 300000 1000000
    python scripts/bench/scale_shards.py steps --sizes 300000
    python scripts/bench/scale_shards.py join --sizes 100000 300000

`travels`: in how many shards besides its own a photo looks for neighbors, and its candidates lie;
how many finds come back. `steps`: processor time of each function of a pair of shards, a place.
`join`: the sharded join beside the whole one, on all processors. Synthetic photos; each size in a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
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
NEIGHBORS, _BLOCKS, _PLACES = 16, 16, 1_024


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
    """A row for each number of shards: means over places of some of these."""
    album = Album.of(n, FEW)
    rows: Rows = []
    for count in SHARDS:
        shards = album.shards(count)
        chosen = np.unique(np.linspace(0, len(shards.parts) - 1, _BLOCKS).astype(int))
        figures = [_travelled(album, shards, own) for own in chosen.tolist()]
        means = (f"{np.mean(column):.3g}" for column in zip(*figures, strict=True))
        rows.append([f"{n:,}", len(shards.parts), *means])
    return rows


def _travelled(album: Album, shards: Shards, own: int) -> tuple[float, ...]:
    ends = np.array([0, *(each.places[1] for each in shards.parts)])
    rows = np.arange(ends[own + 1] - ends[own])
    rows = rows[:: max(len(rows) // _PLACES, 1)]
    done = joined(shards, own, rows, album.in_shards, Stopwatch())
    held = np.searchsorted(ends, done.candidates, side="right") - 1
    held[done.candidates < 0] = own
    lists = np.array([0, *(each.lists[1] for each in shards.parts)])
    beside = np.searchsorted(lists, done.looks.beside.ravel(), side="right") - 1
    looked = np.bincount(beside, minlength=len(shards.parts))
    others, many = np.delete(looked, own), len(rows)
    sought = len(np.unique(held + len(ends) * np.arange(many)[:, np.newaxis])) / many
    return (
        (done.asked.sum() - done.asked[own]) / many,
        looked[own] / looked.sum(),
        others.max() / looked.sum(),
        done.found.sum() / many,
        sought - float((held == own).any(axis=1).mean()),
        float((held != own).mean()),
    )


def steps(n: int) -> Rows:
    """Of places of one shard, joined and measured with all: microseconds a place."""
    album = Album.of(n, DIMENSION)
    with one_thread_in_blas():
        return [[f"{n:,}", *_steps(album, count)] for count in (8, 128)]


def _steps(album: Album, count: int) -> list[object]:
    shards, plan, watch = album.shards(count), album.in_shards, Stopwatch()
    own = len(shards.parts) // 2
    first, last = shards.parts[own].places
    rows, vectors = np.arange(min(SPAN, last - first)), LOCAL.value(shards.parts[own].vectors)
    done = joined(shards, own, rows, plan, watch)
    ends, away = [0], []
    for each in shards.parts:
        sought = watch.call(seek, *each.places, rows, done.candidates, vectors)
        away.append(watch.call(measure, sought, LOCAL.value(each.vectors)))
        ends.append(each.places[1])
    watch.call(nearest_measured, NEIGHBORS, np.array(ends), done.candidates, *away)
    pair = 1e9 * watch.taken["compare"] * album.order.lists / album.order.n / (plan.probes - 1)
    taken = [1e6 * each / len(rows) for each in watch.taken.values()]
    figures = pair / len(rows), (done.asked.sum() / len(rows)), done.found.sum() / len(rows)
    return [len(shards.parts), *(f"{each:.3g}" for each in (*taken, *figures))]


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


STEPS = look, ask, compare, nearest_of_block, seek, measure, nearest_measured
HEADERS = {
    "travels": (
        *("photos", "shards", "others that a photo looks into", "lists in its own"),
        *("lists in the next", "finds that come back", "others where candidates lie"),
        "candidates there",
    ),
    "steps": (
        *("photos", "shards", *(f"{step.__name__}, µs" for step in STEPS)),
        *("compare, ns a pair", "shards that are asked", "finds"),
    ),
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

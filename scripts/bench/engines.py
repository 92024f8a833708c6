"""Engines: from vectors to labels on a Ray cluster, beside this process alone.

    python scripts/bench/engines.py overhead --size 100000 --dimension 512
    python scripts/bench/engines.py lost --size 100000 --dimension 512

`overhead`: both engines in turn, on as many processors; the index is made before, in the same way.
`lost`: two nodes of one processor each on this machine; one is killed half-way.
Synthetic photos (`synthetic.py`). A process starts Ray once; its start is told by itself.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reporting import seconds, table, versions
from synthetic import photos

from annclust.arrays import Labels
from annclust.clustering.hdbscan import cut, neighborhood
from annclust.clustering.hierarchy import build_hierarchy
from annclust.clustering.spanning_tree import OutsideSearch
from annclust.engine import Engine
from annclust.neighbor_graph import NeighborGraph
from annclust.progress import SILENT, Stage
from annclust.ray_engine.cluster import ADDRESS
from annclust.ray_engine.ray_engine import RayEngine
from annclust.search.bridges import ListBridges
from annclust.search.faiss_index import VectorIndex, load_index
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import order_if_listed
from annclust.search.sharded_bridges import ShardedBridges
from annclust.settings import ClusterSettings, SearchSettings, usable_cores
from annclust.storage.vector_file import VectorReader


@dataclass(eq=False)
class Work:
    """Vectors with their index, and what is made of them."""

    vectors: VectorReader
    index: VectorIndex
    settings: SearchSettings
    progress: Any
    graph: NeighborGraph | None = None
    labels: list[Labels] = field(default_factory=list)

    @classmethod
    def of(cls, n: int, dimension: int, shard: int | None = None) -> Work:
        """Synthetic photos and their index."""
        settings = SearchSettings(shard=shard)
        vectors = VectorReader(photos(n, dimension).astype("<f2"))
        index = build_index(vectors, choose_index(n, dimension, settings), settings)
        with TemporaryDirectory() as folder:
            index.save(Path(folder) / "index")
            mapped = load_index(Path(folder) / "index", index.spec, settings)
        return cls(vectors, mapped, settings, SILENT)

    def run(self, engine: Engine | None = None) -> None:
        """From vectors to labels; as a collection does it, the graph is written and mapped."""
        settings, choices = self.settings, ClusterSettings()
        if engine is not None:
            settings = replace(settings, engine=engine)
        rows = np.arange(self.index.rows)
        order = order_if_listed(self.index, rows, settings.engine)
        assert order is not None, "so few are compared with each other"
        self.graph = mapped(
            build_graph(self.vectors, settings, order=order, progress=self.progress).graph
        )
        outside: OutsideSearch = ListBridges(self.vectors, order, settings.threads, settings.engine)
        if settings.shard is not None:
            outside = ShardedBridges(
                self.vectors, order, settings.shard, settings.threads, settings.engine
            )
        built = build_hierarchy(
            self.graph,
            neighborhood(self.graph.n, self.graph.k, choices),
            outside,
            min_cluster_size=choices.min_cluster_size,
            threads=settings.threads,
            engine=settings.engine,
        )
        self.labels.append(cut(built.hierarchy, choices).labels)

    @property
    def edges(self) -> int:
        """Bytes of the graph."""
        assert self.graph is not None
        return int(self.graph.neighbors.nbytes + self.graph.distances.nbytes)

    @property
    def agree(self) -> bool:
        """Whether all runs gave the same labels."""
        return all(np.array_equal(each, self.labels[0]) for each in self.labels)


def mapped(graph: NeighborGraph) -> NeighborGraph:
    """The same graph, in files."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "part.npy"
        parts = []
        for part in (graph.neighbors, graph.distances):
            np.save(path, part)
            parts.append(np.load(path, mmap_mode="r"))
            path.unlink()
    return NeighborGraph(*parts)


def peak_of(action: Callable[[], object]) -> int:
    """Bytes of arrays and objects of this process that an action takes, at most."""
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def overhead(n: int, dimension: int, rounds: int, shard: int | None) -> None:
    work = Work.of(n, dimension, shard)
    with RayEngine(usable_cores()) as engine:
        started = seconds(lambda: engine.hold(0))
        peaks = {"local": peak_of(work.run), "ray": peak_of(lambda: work.run(engine))}
        here, there = [], []
        for _ in range(rounds):
            here.append(seconds(work.run))
            there.append(seconds(lambda: work.run(engine)))
    rows = [
        [
            name,
            f"{median(taken):.1f}",
            f"{min(taken):.1f} to {max(taken):.1f}",
            f"{peaks[name] / work.edges:.1f}",
        ]
        for name, taken in (("local", here), ("ray", there))
    ]
    print(table(["engine", "seconds (median)", "range", "arrays of this process / edges"], rows))
    print(f"ray / local: {median(there) / median(here):.2f}; its start: {started:.1f} s")
    print(f"the same labels: {work.agree}; edges: {work.edges / 1e6:.1f} MB")


class KilledAfter:
    """Progress that does something once so many seconds are over."""

    def __init__(self, wait: float, happens: Callable[[], object]) -> None:
        self._at, self._happens = time.monotonic() + wait, happens

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        """One for all."""
        yield self

    def advance(self, steps: int = 1, /) -> None:
        """Look at the clock."""
        if time.monotonic() >= self._at:
            self._at = float("inf")
            self._happens()

    def expect(self, total: int, /) -> None:
        """Nothing."""


def lost(n: int, dimension: int) -> None:
    from ray.cluster_utils import Cluster

    work = Work.of(n, dimension)
    quick = {"health_check_period_ms": 500, "health_check_failure_threshold": 2}
    nodes = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "_system_config": quick},
    )
    second = nodes.add_node(num_cpus=1)
    os.environ[ADDRESS] = nodes.address
    with RayEngine() as engine:
        work.run(engine)
        undisturbed = seconds(lambda: work.run(engine))
        work.progress = KilledAfter(
            undisturbed / 3, lambda: nodes.remove_node(second, allow_graceful=False)
        )
        disturbed = seconds(lambda: work.run(engine))
    nodes.shutdown()
    print(
        table(
            ["run", "seconds"],
            [["two nodes", f"{undisturbed:.1f}"], ["one of them lost", f"{disturbed:.1f}"]],
        )
    )
    print(f"lost / undisturbed: {disturbed / undisturbed:.2f}; the same labels: {work.agree}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["overhead", "lost"])
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shard", type=int, help="photos that are held together (overhead)")
    options = parser.parse_args()
    print(versions("ray", "numpy", "faiss-cpu"))
    if options.what == "overhead":
        overhead(options.size, options.dimension, options.rounds, options.shard)
    else:
        lost(options.size, options.dimension)


if __name__ == "__main__":
    main()

"""Scale, stages: what each stage after embedding costs a photo, at several sizes.

    python scripts/bench/scale_stages.py [--sizes 50000 100000 300000 1000000]

Seconds are of one processor, in one thread, whoever does it later; stages that work on spans of
places are timed on a few of them. Each size runs in a process of its own, on synthetic photos of
the default embedder's dimension. The exponent is that of the figure's growth from the first size to
the last: what is given a photo grows by one more in all.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from engines import peak_of
from reporting import table, versions
from scale_shards import DIMENSION, NEIGHBORS, Album

from annclust.arrays import Distances
from annclust.clustering.core_distance import known_core_distances
from annclust.clustering.graph_forest import _forest_of, _forest_of_part, graph_forest
from annclust.clustering.hdbscan import cut, neighborhood
from annclust.clustering.hierarchy import BuiltHierarchy, build_hierarchy
from annclust.clustering.spanning_tree import OutsideSearch, SpanningForest
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import one_thread_in_blas
from annclust.progress import SILENT
from annclust.search.bridges import ListBridges
from annclust.search.built_graph import graph_of_rows, sampled, searched
from annclust.search.faiss_index import Placing, append, empty_lists
from annclust.search.graph_build import build_graph
from annclust.search.k_means import _means, nearest_centers
from annclust.search.list_join import SPAN, joined_fully
from annclust.search.list_order import IndexOrder, chain
from annclust.search.measuring import nearest_candidates
from annclust.search.reduction import Reduction
from annclust.search.refinement import refined, reverse_lists
from annclust.search.span_work import spans
from annclust.settings import ClusterSettings, SearchSettings

PART = 4_000_000 // NEIGHBORS
"""Nodes of a part of the forest."""

SHARES = (2, 20, 200, 2_000)
"""Parts of the whole whose forests are counted: the fewer photos, the more of their neighbors lie
elsewhere."""

_ROUNDS, _SPANS, _PLACES, _BLOCK = 3, 4, 2_048, 4_096

Figures = dict[str, float]


def least(action: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Processor seconds that an action takes in one thread, the least of some rounds."""

    def once() -> float:
        started = time.process_time()
        action()
        return time.process_time() - started

    return min(once() for _ in range(rounds))


def index_figures(album: Album) -> Figures:
    """Of filling the index, its order, and what is gathered from it."""
    n, placing = album.order.n, Placing.of(album.index)
    block = album.vectors.block(0, _BLOCK)
    reduced = placing.reduced(block)
    nearest, away = nearest_centers(reduced, placing.centroids)
    lists, (_, d) = len(placing.centroids), album.vectors.shape
    axes = Reduction(np.zeros(d, "<f4"), placing.axes.reshape(-1, d).T, 1.0)
    blank = empty_lists(album.index.spec, 1, axes, placing.centroids)
    ordered, rows = IndexOrder.of(album.index, np.arange(n)), np.zeros((SPAN, 2 * NEIGHBORS), "<i4")
    parts = [(span, rows[: span[1] - span[0]]) for span in spans(n, SPAN)]
    some = album.order.nodes[:_BLOCK]
    each = {
        "reading and PCA": lambda: placing.reduced(album.vectors.block(0, _BLOCK)),
        "adding to the lists": lambda: append(blank, 0, reduced, nearest),
        "means of k-means": lambda: _means(reduced, nearest, away, lists),
        "gathering vectors": lambda: album.vectors.part(some),
    }
    found = {f"{name}, µs a photo": 1e6 * least(action) / _BLOCK for name, action in each.items()}
    placed = least(lambda: nearest_centers(reduced, placing.centroids))
    whole = {
        "the order": lambda: IndexOrder.of(album.index, np.arange(n)),
        "vectors of the order": ordered.whole,
        "graph of its rows": lambda: graph_of_rows(album.order.nodes, NEIGHBORS, parts),
    }
    found["order of the lists, ns a pair"] = (
        1e9 * least(lambda: chain(placing.centroids)) / lists**2
    )
    found["placing, ns a list"] = 1e9 * placed / _BLOCK / lists
    return found | {f"{name}, µs a photo": 1e6 * least(it, 1) / n for name, it in whole.items()}


def join_figures(album: Album) -> Figures:
    """Of the join that holds all vectors: means of some spans; its plan looks into eight lists."""
    order, plan = album.order, album.plan
    pairs = SPAN * (plan.probes * order.n / order.lists + order.lists)
    joining, measuring = [], []
    for first in np.linspace(0, order.n - SPAN, _SPANS).astype(int).tolist():
        places = np.arange(first, first + SPAN)
        joining.append(least(partial(joined_fully, order, places, plan), 1))
        rows = order.nodes[places[:_PLACES]]
        others = order.nodes[joined_fully(order, places[:_PLACES], plan)]
        measuring.append(least(partial(nearest_candidates, album.vectors, rows, others, NEIGHBORS)))
    candidates = np.vstack(
        [joined_fully(order, np.arange(*span), plan) for span in spans(order.n, SPAN)]
    )
    reverse, some = reverse_lists(candidates), np.arange(_PLACES)
    refining = least(lambda: refined(some, candidates, reverse, order.reduced))
    return {
        "joining, ns a pair": 1e9 * float(np.mean(joining)) / pairs,
        "measuring, ns a coordinate": (
            1e9 * float(np.mean(measuring)) / _PLACES / plan.pool / DIMENSION
        ),
        "refining, µs a photo": 1e6 * refining / _PLACES,
    }


def forest_figures(graph: NeighborGraph, core: Distances) -> Figures:
    """Of the tree's forests: of parts, as on a cluster, and of the whole."""

    def part(first: int, nodes: int) -> SpanningForest:
        own = slice(first, first + nodes)
        return _forest_of_part(first, graph.neighbors[own], graph.distances[own], core)

    n, half = graph.n, min(PART, graph.n // 2)
    found: Figures = {}
    for share in SHARES:
        starts = np.linspace(0, n - n // share, min(share, _SPANS)).astype(int).tolist()
        edges = [len(part(first, n // share).left) for first in starts]
        found[f"edges a photo of 1/{share:,}"] = float(np.mean(edges)) / (n // share)
    one, two = part(0, half), part(half, half)
    several = [part(first, n // 200) for first in range(0, n // 20, n // 200)]
    merges = {"a 20th": several, "two parts": [one, two]}
    found["forest of a part, µs a photo"] = 1e6 * least(lambda: part(0, half), 2) / half
    found["and bytes"] = peak_of(lambda: part(0, half)) / half
    for name, forests in merges.items():
        merge = partial(_forest_of, n, *forests)
        merged = sum(len(forest.left) for forest in forests)
        found[f"merging {name}, ns an edge"] = 1e9 * least(merge, 2) / merged
        found[f"merging {name}, bytes an edge"] = peak_of(merge) / merged
    found["forest of it all, µs a photo"] = 1e6 * least(lambda: graph_forest(graph, core), 1) / n
    return found


class Counted:
    """Bridges, and how many rounds of them are looked for, of how many photos, in what time."""

    def __init__(self, outside: OutsideSearch) -> None:
        self._outside = outside
        self.asked: list[tuple[int, float]] = []

    def nearest_outside(self, *arguments: Any) -> Any:
        """As of what is counted."""
        started = time.process_time()
        found = self._outside.nearest_outside(*arguments)
        self.asked.append((len(arguments[0]), time.process_time() - started))
        return found


def tree_figures(album: Album, graph: NeighborGraph, core: Distances) -> Figures:
    """Of the rest of the tree, in the process that was started; questions asked in one thread."""
    n, choices = graph.n, ClusterSettings()
    outside = Counted(ListBridges(album.vectors, album.order, 1))
    built: list[BuiltHierarchy] = []

    def build() -> None:
        outside.asked.clear()
        samples, size = neighborhood(n, graph.k, choices), choices.min_cluster_size
        built[:] = [build_hierarchy(graph, samples, outside, min_cluster_size=size)]

    whole = least(build, 2)
    *bridges, repair = outside.asked
    pairs = 8 * n / album.order.lists + album.order.lists
    asked = sum(queries for queries, _ in outside.asked)
    asking = sum(taken for _, taken in outside.asked)
    forest = least(lambda: graph_forest(graph, core), 1)
    return {
        "rounds of bridges": len(bridges),
        "bridges, queries a photo": sum(queries for queries, _ in bridges) / n,
        "questions, a photo": repair[0] / n,
        "asking, ns a pair": 1e9 * asking / asked / pairs,
        "rest of the tree, µs a photo": 1e6 * (whole - asking - forest) / n,
        "cutting, µs a photo": 1e6 * least(lambda: cut(built[0].hierarchy, choices), 1) / n,
    }


def measure(n: int) -> Figures:
    """All figures of n photos."""
    album, settings = Album.of(n, DIMENSION), SearchSettings(threads=1)
    graph = build_graph(album.vectors, SearchSettings(), order=album.order).graph
    core = known_core_distances(graph, min_samples=neighborhood(n, graph.k, ClusterSettings()))
    nodes = sampled(n, settings)
    with one_thread_in_blas():
        found = index_figures(album) | join_figures(album)
        known = graph.distances[nodes]
        sample = partial(searched, album.vectors, album.order, nodes, known, settings, SILENT)
        found["sampling for recall, µs a photo"] = 1e6 * least(sample, 1) / n
        return found | forest_figures(graph, core) | tree_figures(album, graph, core)


def exponent(sizes: list[int], values: list[float]) -> str:
    """Of the growth of a figure."""
    if min(values) <= 0 or len(values) < 2:
        return ""
    slope = math.log(values[-1] / values[0]) / math.log(sizes[-1] / sizes[0])
    return f"{slope:+.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 100_000, 300_000])
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measure(options.alone)))
        return
    columns = []
    for n in options.sizes:
        command = [sys.executable, __file__, "--alone", str(n)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        columns.append(json.loads(done.stdout))
    rows = []
    for name in columns[0]:
        values = [column[name] for column in columns]
        rows.append([name, *(f"{it:.3g}" for it in values), exponent(options.sizes, values)])
    print(table(("figure", *(f"{n:,}" for n in options.sizes), "exponent"), rows))
    print(f"\n{versions('numpy', 'scipy', 'faiss-cpu')}")


if __name__ == "__main__":
    main()

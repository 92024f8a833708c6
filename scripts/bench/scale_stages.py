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
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from engines import peak_of
from reporting import seconds, table, versions
from synthetic import photos

from annclust.arrays import Distances, Nodes
from annclust.clustering.certificate import horizons, proven_merges
from annclust.clustering.core_distance import core_is_known, known_core_distances
from annclust.clustering.graph_forest import _forest_of, _forest_of_part, graph_forest
from annclust.clustering.hdbscan import cut, neighborhood
from annclust.clustering.hierarchy import BuiltHierarchy, build_hierarchy
from annclust.clustering.inheritance import Heir
from annclust.clustering.repair import plan_repair
from annclust.clustering.single_linkage import single_linkage
from annclust.clustering.spanning_tree import SpanningForest, components, joined, ways_out
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import one_thread_in_blas
from annclust.progress import SILENT
from annclust.search.bridges import ListBridges
from annclust.search.built_graph import graph_of_rows, sampled, searched
from annclust.search.faiss_index import VectorIndex, build_index
from annclust.search.graph_build import build_graph
from annclust.search.graph_plan import GraphPlan, plan_graph
from annclust.search.index_spec import choose_index
from annclust.search.k_means import distances_to_centers
from annclust.search.list_join import SPAN, ListOrder, joined_fully
from annclust.search.measuring import nearest_candidates
from annclust.search.recall import RecallSample
from annclust.search.refinement import refined, reverse_lists
from annclust.search.span_work import spans
from annclust.settings import ClusterSettings, SearchSettings
from annclust.storage.vector_file import VectorReader

DIMENSION, NEIGHBORS = 1_600, 16
PART = 4_000_000 // NEIGHBORS
"""Nodes of a part of the forest."""

SHARES = (2, 20, 200, 2_000)
"""Parts of the whole whose forests are counted: the fewer photos, the more of their neighbors lie
elsewhere."""

OTHERS = 8
"""Times as many photos as there are, of whom a part of the forest is said to be."""

_ROUNDS, _SPANS, _PLACES = 3, 4, 2_048


def core_seconds(action: Callable[[], object]) -> float:
    """Processor seconds that an action takes, whoever else is at work on the machine."""
    started = time.process_time()
    action()
    return time.process_time() - started


def least(action: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Processor seconds that an action takes, the least of some rounds."""
    return min(core_seconds(action) for _ in range(rounds))


@dataclass(frozen=True, slots=True, eq=False)
class Album:
    """Synthetic photos with their index and what follows from it."""

    vectors: VectorReader
    index: VectorIndex
    order: ListOrder
    plan: GraphPlan

    @classmethod
    def of(cls, n: int) -> Album:
        """Make n of them."""
        settings = SearchSettings()
        vectors = VectorReader(photos(n, DIMENSION).astype("<f2"))
        index = build_index(vectors, choose_index(n, DIMENSION, settings), settings)
        order = ListOrder.of(index, np.arange(n))
        return cls(vectors, index, order, plan_graph(n, NEIGHBORS, order.lists))


def span_figures(album: Album) -> dict[str, float]:
    """Of what is done span by span, wherever there is room: means of some spans."""
    starts = np.linspace(0, album.order.n - SPAN, _SPANS).astype(int).tolist()
    found = [_span_figures(album, np.arange(first, first + SPAN)) for first in starts]
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def _span_figures(album: Album, places: Nodes) -> dict[str, float]:
    order, plan = album.order, album.plan
    found: dict[str, float] = {}
    for probes in (plan.probes, 2 * plan.probes):
        joining = core_seconds(partial(joined_fully, order, places, replace(plan, probes=probes)))
        compared = probes * order.n / order.lists + order.lists
        found[f"joining, {probes} probes, ns a pair"] = 1e9 * joining / SPAN / compared
    block = places[:_PLACES]
    rows = order.nodes[block]
    others = order.nodes[joined_fully(order, block, plan)]
    measuring = least(partial(nearest_candidates, album.vectors, rows, others, NEIGHBORS))
    gathering = least(lambda: album.vectors.stored[rows])
    found["measuring, ns a coordinate"] = 1e9 * measuring / others.size / DIMENSION
    found["gathering vectors, µs a photo"] = 1e6 * gathering / _PLACES
    return found


def index_figures(album: Album) -> dict[str, float]:
    """Of filling the index, its order, and what the whole of it is looked at for."""
    order = album.order
    block = album.vectors.block(0, 4_096)
    reduced = album.index.reduced(block)
    centroids = album.index.centroids()
    reading = least(lambda: album.vectors.block(0, 4_096))
    reducing = least(lambda: album.index.reduced(block))
    placing = least(lambda: distances_to_centers(reduced, centroids).argmin(axis=1))
    whole = least(lambda: ListOrder.of(album.index, np.arange(order.n)), 1)
    copying = least(lambda: np.concatenate([order.reduced, order.reduced]), 2)
    rows = np.zeros((SPAN, 2 * NEIGHBORS), dtype=np.int32)
    parts = [(span, rows[: span[1] - span[0]]) for span in spans(order.n, SPAN)]
    scattering = least(lambda: graph_of_rows(order.nodes, NEIGHBORS, parts), 1)
    sampling = least(lambda: _sampled(album), 1)
    return {
        "filling, µs a photo": 1e6 * (reading + reducing + placing) / len(block),
        "of it placing, ns a list": 1e9 * placing / len(block) / order.lists,
        "lists": order.lists,
        "ordering, µs a photo": 1e6 * whole / order.n,
        "copying in memory, GB/s": 2 * order.reduced.nbytes / 1e9 / copying,
        "graph of its rows, µs a photo": 1e6 * scattering / order.n,
        "sampling for recall, µs a photo": 1e6 * sampling / order.n,
    }


def _sampled(album: Album) -> RecallSample:
    settings = SearchSettings(threads=1)
    nodes = sampled(album.order.n, settings)
    others = album.order.nodes[
        joined_fully(album.order, np.sort(album.order.places[nodes]), album.plan)
    ]
    nodes = album.order.nodes[np.sort(album.order.places[nodes])]
    found = nearest_candidates(album.vectors, nodes, others, NEIGHBORS)[0]
    return searched(album.vectors, album.order, nodes, found, settings, SILENT)


def refine_figures(album: Album) -> dict[str, float]:
    order = album.order
    parts = [joined_fully(order, np.arange(*span), album.plan) for span in spans(order.n, SPAN)]
    candidates = np.vstack(parts)
    reverse = reverse_lists(candidates)
    some = np.arange(_PLACES)
    taken = least(lambda: refined(some, candidates, reverse, order.reduced))
    return {
        "refining, µs a photo": 1e6 * taken / _PLACES,
        "reverse lists, µs a photo": 1e6 * least(lambda: reverse_lists(candidates), 1) / order.n,
    }


def forest_figures(album: Album, graph: NeighborGraph) -> dict[str, float]:
    """Of the tree's forests: of parts, as on a cluster, and of the whole."""
    n, core = graph.n, known_core_distances(graph, min_samples=_samples(graph))
    near, near_core = in_order(album.order, graph), core[album.order.nodes]
    found: dict[str, float] = {}
    for share in SHARES:
        found[f"edges a photo of a part of 1/{share}"] = _edges(graph, core, share)
        found[f"the same in the order of the lists, 1/{share}"] = _edges(near, near_core, share)
    whole = least(lambda: graph_forest(graph, core), 1)
    return found | _part_figures(graph, core) | {"forest of it all, µs a photo": 1e6 * whole / n}


def _edges(graph: NeighborGraph, core: Distances, share: int) -> float:
    """Edges a photo of the forest of such a part, over some of them."""
    nodes = graph.n // share
    starts = np.linspace(0, graph.n - nodes, min(share, _SPANS)).astype(int).tolist()
    return float(np.mean([len(_part(graph, core, at, nodes).left) / nodes for at in starts]))


def _part_figures(graph: NeighborGraph, core: Distances) -> dict[str, float]:
    """Of one part, and of two, by their photos and edges, and by those that are elsewhere."""
    n, half, more = graph.n, min(PART, graph.n // 2), OTHERS * graph.n
    padded = np.concatenate([core, np.zeros(more - n, dtype=np.float32)])
    one, two = (_part(graph, core, first, half) for first in (0, half))
    edges = len(one.left) + len(two.left)
    actions = {
        "forest of a part": (half, lambda: _part(graph, core, 0, half)),
        "forest of a part, others": (more - n, lambda: _part(graph, padded, 0, half)),
        "a merge": (edges, lambda: _forest_of(n, one, two)),
        "a merge, others": (more - n, lambda: _forest_of(more, one, two)),
    }
    taken = {name: (least(action, 2), peak_of(action)) for name, (_, action) in actions.items()}
    found = {"edges of the merge": float(edges)}
    for name, (each, _) in actions.items():
        less = taken[name.removesuffix(", others")] if name.endswith("others") else (0, 0)
        found[f"{name}, ns each"] = 1e9 * (taken[name][0] - less[0]) / each
        found[f"{name}, bytes each"] = (taken[name][1] - less[1]) / each
    return found


def in_order(order: ListOrder, graph: NeighborGraph) -> NeighborGraph:
    """A graph whose nodes are counted in the order of the lists."""
    neighbors = order.places[graph.neighbors[order.nodes]].astype(np.int32)
    return NeighborGraph(neighbors, graph.distances[order.nodes])


def _part(graph: NeighborGraph, core: Any, first: int, nodes: int) -> SpanningForest:
    own = slice(first, first + nodes)
    return _forest_of_part(first, graph.neighbors[own], graph.distances[own], core)


def _samples(graph: NeighborGraph) -> int:
    return neighborhood(graph.n, graph.k, ClusterSettings())


def tree_figures(album: Album, graph: NeighborGraph) -> dict[str, float]:
    """Of the rest of the tree, in the process that was started; questions asked in one thread."""
    n, size = graph.n, ClusterSettings().min_cluster_size
    core = known_core_distances(graph, min_samples=_samples(graph))
    forest = graph_forest(graph, core)
    outside = ListBridges(album.vectors, album.order, 1)
    found: dict[str, float] = {}

    def timed(name: str, action: Callable[[], Any]) -> Any:
        results: list[Any] = []
        found[name] = 1e6 * core_seconds(lambda: results.append(action())) / n
        return results[0]

    found["components of the graph, a photo"] = (int(components(forest, n).max()) + 1) / n
    tree, _ = timed("bridges, µs a photo", lambda: joined(forest, core, outside))
    horizon = timed("horizons, µs a photo", lambda: horizons(graph))
    dendrogram = timed("linkage, µs a photo", lambda: single_linkage(tree))
    timed("layout, µs a photo", lambda: dendrogram.layout)
    sure = core_is_known(graph, min_samples=_samples(graph))
    measured = sure[tree.left] & sure[tree.right]
    proven = timed("proof, µs a photo", lambda: proven_merges(dendrogram, horizon, measured))
    heir = Heir(np.arange(n))
    plan = timed(
        "plan of the repair, µs a photo",
        lambda: plan_repair(dendrogram, proven, horizon, core, heir, min_cluster_size=size),
    )
    found["questions of the repair, a photo"] = len(plan.queries) / n
    asked = partial(ways_out, plan.queries, plan.places, plan.barred, outside)
    timed("questions, µs a photo", asked)
    built = timed("the tree in all, µs a photo", lambda: _built(graph, outside))
    found["rest of the tree, µs a photo"] = (
        found["the tree in all, µs a photo"]
        - sum(found[f"{name}, µs a photo"] for name in ("bridges", "questions"))
        - 1e6 * core_seconds(lambda: graph_forest(graph, core)) / n
    )
    timed("cutting, µs a photo", lambda: cut(built.hierarchy, ClusterSettings()))
    found["most bytes of the tree, a photo"] = peak_of(lambda: _built(graph, outside)) / n
    return found


def _built(graph: NeighborGraph, outside: ListBridges) -> BuiltHierarchy:
    size = ClusterSettings().min_cluster_size
    return build_hierarchy(graph, _samples(graph), outside, min_cluster_size=size)


def measure(n: int) -> dict[str, float]:
    album = Album.of(n)
    with one_thread_in_blas():
        found = index_figures(album) | span_figures(album) | refine_figures(album)
    taken: list[NeighborGraph] = []
    settings = SearchSettings()
    building = seconds(
        lambda: taken.append(build_graph(album.vectors, settings, order=album.order).graph)
    )
    found["graph on all cores, s"] = building
    single_linkage(SpanningForest(np.zeros(1, int), np.ones(1, int), np.ones(1)))  # imports it
    with one_thread_in_blas():
        return found | forest_figures(album, taken[0]) | tree_figures(album, taken[0])


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
        grows = exponent(options.sizes, values)
        rows.append([name, *(f"{value:.3g}" for value in values), grows])
    print(table(("figure", *(f"{n:,}" for n in options.sizes), "exponent"), rows))
    print(f"\n{versions('numpy', 'scipy', 'faiss-cpu')}")


if __name__ == "__main__":
    main()

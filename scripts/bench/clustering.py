"""Clustering: graph, tree and labels, beside other programs that make them.

    python scripts/bench/clustering.py graph --size 100000
    python scripts/bench/clustering.py tree --size 1000000
    python scripts/bench/clustering.py labels --size 100000
    python scripts/bench/clustering.py small --sizes 2500 5000 10000
    python scripts/bench/clustering.py exact --seeds 5
    python scripts/bench/clustering.py truth --sizes 20000 50000 100000 300000 --seeds 5
    python scripts/bench/clustering.py cores --size 100000

Synthetic photos of 1,280 dimensions (`synthetic.py`). Peers are installed into --peers when they
are first needed, and run in processes of their own on the same vectors. Agreement is "ari1".
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from exact_tree import agreement, exact_labels
from peers import MIN_CLUSTER_SIZE, MIN_SAMPLES, NEIGHBORS, peer_python, run_peer
from reporting import seconds, table, versions
from synthetic import LabelledVectors, labelled_photos

from annclust import AnnHDBSCAN
from annclust.arrays import Labels, Vectors
from annclust.clustering.cluster_selection import select_clusters
from annclust.clustering.condensed_tree import condensed_tree
from annclust.clustering.core_distance import core_distances
from annclust.clustering.graph_forest import graph_forest
from annclust.clustering.single_linkage import single_linkage
from annclust.clustering.spanning_tree import joined, with_edges
from annclust.neighbor_graph import NeighborGraph
from annclust.search.bridges import ListBridges
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.search.recall import RecallSample
from annclust.settings import SearchSettings, usable_cores
from annclust.vector_source import ArrayVectors

DIMENSION = 1_280


def settings_of(threads: int = usable_cores()) -> SearchSettings:
    return SearchSettings(neighbors=NEIGHBORS, threads=threads)


def ordered(vectors: Vectors, settings: SearchSettings) -> ListOrder:
    source = ArrayVectors(vectors)
    index = build_index(source, choose_index(*vectors.shape, settings), settings)
    return ListOrder.of(index, np.arange(len(vectors)))


def our_graph(vectors: Vectors, settings: SearchSettings) -> NeighborGraph:
    order = ordered(vectors, settings)
    return build_graph(ArrayVectors(vectors), settings, order=order).graph


def our_labels(vectors: Vectors) -> Labels:
    found = AnnHDBSCAN(MIN_CLUSTER_SIZE, MIN_SAMPLES, n_neighbors=NEIGHBORS, n_jobs=-1)
    return found.fit(vectors).labels_


def timed(action: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    started = time.perf_counter()
    found = action()
    return time.perf_counter() - started, found


def graph(options: argparse.Namespace, scratch: Path) -> None:
    """Neighbor graphs: seconds, and recall among clustered vectors and noise."""
    photos = labelled_photos(options.size, DIMENSION)
    sample = RecallSample.drawn(ArrayVectors(photos.vectors), NEIGHBORS, size=400, seed=5)
    python = peer_python(options.peers)
    our_graph(photos.vectors, settings_of())  # the second call counts, of peers too
    taken, found = timed(lambda: our_graph(photos.vectors, settings_of()).neighbors)
    rows = [("annclust", f"{taken:.1f}", "1", *recalls(photos, sample, found))]
    for task in ("pynndescent_graph", "evoc_graph"):
        run = run_peer(python, task, photos.vectors, scratch, calls=2)
        warm = run.calls[-1]
        rows.append(
            (task, f"{warm:.1f}", f"{warm / taken:.1f}", *recalls(photos, sample, run.found))
        )
        print(rows[-1], flush=True)
    print(table(("graph", "s, warm", "ratio", "recall, clustered", "recall, noise"), rows))


def recalls(photos: LabelledVectors, sample: RecallSample, neighbors: np.ndarray) -> list[str]:
    clustered = photos.labels[sample.nodes] >= 0
    shares = np.array(
        [share_found(photos.vectors, sample, each, neighbors) for each in range(len(sample.nodes))]
    )
    return [f"{shares[chosen].mean():.4f}" for chosen in (clustered, ~clustered)]


def share_found(vectors: Vectors, sample: RecallSample, each: int, neighbors: np.ndarray) -> float:
    node = sample.nodes[each]
    known = neighbors[node]
    known = known[(known >= 0) & (known != node)][:NEIGHBORS]
    away = np.sqrt(((vectors[known] - vectors[node]) ** 2).sum(axis=1))
    return float((away <= sample.reach[each] * (1 + 1e-5)).sum() / NEIGHBORS)


def tree(options: argparse.Namespace, scratch: Path) -> None:
    """From one graph to labels: our functions beside hdbscan's own."""
    vectors = labelled_photos(options.size, DIMENSION).vectors
    order = ordered(vectors, settings_of())
    found = build_graph(ArrayVectors(vectors), settings_of(), order=order).graph
    core = core_distances(found, min_samples=MIN_SAMPLES + 1)
    outside = ListBridges(ArrayVectors(vectors), order, usable_cores())
    _, bridges = joined(graph_forest(found, core), core, outside)

    def ours() -> np.ndarray:
        core = core_distances(found, min_samples=MIN_SAMPLES + 1)
        spanning = with_edges(graph_forest(found, core, threads=usable_cores()), bridges, core)
        condensed = condensed_tree(single_linkage(spanning), MIN_CLUSTER_SIZE)
        return select_clusters(condensed, found.n, "eom").labels

    ours()
    taken, labels = timed(ours)
    left = np.repeat(np.arange(found.n), found.k)
    edges = np.column_stack([left, found.neighbors.ravel(), found.distances.ravel()])
    # Its function takes distances: those of bridges as mutual reachability, which they stay.
    more = np.column_stack([bridges.left, bridges.right, bridges.weights(core)])
    run = run_peer(peer_python(options.peers), "hdbscan_tree", np.vstack([edges, more]), scratch)
    rows = [
        ("annclust", f"{taken:.1f}", "1", "1"),
        (
            "hdbscan's functions",
            f"{run.calls[-1]:.1f}",
            f"{run.calls[-1] / taken:.1f}",
            f"{agreement(labels, run.found):.4f}",
        ),
    ]
    print(table(("tree", "s", "ratio", "agreement"), rows))


def labels(options: argparse.Namespace, scratch: Path) -> None:
    """From vectors to labels, beside programs that are made for large collections."""
    photos = labelled_photos(options.size, DIMENSION)
    our_labels(photos.vectors)  # the second call counts, of peers too
    taken, found = timed(lambda: our_labels(photos.vectors))
    rows = [("annclust", f"{taken:.1f}", "1", *quality(photos, found))]
    python = peer_python(options.peers)
    for task in ("fast_hdbscan_labels", "evoc_labels"):
        warm = run_peer(python, task, photos.vectors, scratch, calls=2)
        for name, time_taken in (("warm", warm.calls[-1]), ("cold", warm.calls[0])):
            ratio = f"{time_taken / taken:.1f}"
            told = quality(photos, warm.found)
            rows.append((f"{task}, {name}", f"{time_taken:.1f}", ratio, *told))
            print(rows[-1], flush=True)
    print(table(("labels", "s", "ratio", "agreement with truth", "largest"), rows))


def quality(photos: LabelledVectors, found: Labels) -> list[str]:
    sizes = np.bincount(found[found >= 0])
    largest = sizes.max(initial=0) / len(found)
    return [f"{agreement(photos.labels, found):.4f}", f"{largest:.4f}"]


def small(options: argparse.Namespace, scratch: Path) -> None:
    """Beside the originals, which compare all pairs, and how each one grows."""
    python = peer_python(options.peers)
    programs = ("annclust", "hdbscan_labels", "scikit_learn_labels")
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for n in options.sizes:
        vectors = labelled_photos(n, DIMENSION).vectors
        our_labels(vectors[:500])
        taken["annclust"].append(timed(lambda vectors=vectors: our_labels(vectors))[0])
        for task in programs[1:]:
            taken[task].append(run_peer(python, task, vectors, scratch).calls[-1])
        print(n, {name: round(each[-1], 2) for name, each in taken.items()}, flush=True)
    growth = {
        name: np.polyfit(np.log(options.sizes), np.log(each), 1)[0] for name, each in taken.items()
    }
    rows = [
        (
            name,
            *(
                f"{each:.2f} ({each / ours:.0f})"
                for each, ours in zip(taken[name], taken["annclust"], strict=True)
            ),
            f"{growth[name]:.2f}",
        )
        for name in programs
    ]
    header = ("program", *(f"{n:,}: s (ratio)" for n in options.sizes), "exponent")
    print(table(header, rows))


def exact(options: argparse.Namespace, _: Path) -> None:
    """Agreement with HDBSCAN over all pairs."""
    rows = []
    for seed in range(options.seeds):
        vectors = labelled_photos(20_000, 256, seed).vectors
        true = exact_labels(vectors, MIN_SAMPLES, MIN_CLUSTER_SIZE)
        estimator = AnnHDBSCAN(MIN_CLUSTER_SIZE, MIN_SAMPLES, n_jobs=-1).fit(vectors)
        lists = AnnHDBSCAN(MIN_CLUSTER_SIZE, MIN_SAMPLES, n_neighbors=NEIGHBORS, n_jobs=-1)
        found = (estimator.labels_, lists.fit(vectors).labels_)
        rows.append((seed, *(f"{agreement(true, each):.4f}" for each in found)))
        print(rows[-1], flush=True)
    print(table(("seed", "32 neighbors (the default)", "15 neighbors"), rows))


def truth(options: argparse.Namespace, _: Path) -> None:
    """No collapse: agreement with the clusters that were drawn, and the largest one."""
    rows = list(true_rows(options.sizes, options.seeds))
    print(table(("n", "seed", "agreement with truth", "largest", "clusters"), rows))


def true_rows(sizes: list[int], seeds: int) -> Iterator[tuple[object, ...]]:
    for n in sizes:
        for seed in range(seeds):
            photos = labelled_photos(n, DIMENSION, seed)
            estimator = AnnHDBSCAN(
                MIN_CLUSTER_SIZE, MIN_SAMPLES, max_cluster_size=max(100, n // 5), n_jobs=-1
            )
            found = estimator.fit(photos.vectors).labels_
            row = (f"{n:,}", seed, *quality(photos, found), int(found.max()) + 1)
            print(row, flush=True)
            yield row


def cores(options: argparse.Namespace, _: Path) -> None:
    """The graph on one core and on all."""
    vectors = labelled_photos(options.size, DIMENSION).vectors
    times = {
        threads: seconds(lambda threads=threads: our_graph(vectors, settings_of(threads)))
        for threads in (1, usable_cores())
    }
    one, several = times.values()
    print(table(("threads", "s"), [(t, f"{s:.1f}") for t, s in times.items()]))
    print(f"\n{one / several:.2f} times as fast")


COMMANDS = {each.__name__: each for each in (graph, tree, labels, small, exact, truth, cores)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 50_000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir(), "annclust-peers"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        COMMANDS[options.what](options, Path(scratch))
    print(f"\n{versions('numpy', 'faiss-cpu', 'scipy', 'scikit-learn', 'hdbscan')}")


if __name__ == "__main__":
    main()

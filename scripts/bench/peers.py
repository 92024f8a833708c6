"""Peers: other programs that do what is measured here, in an environment of their own.

    python scripts/bench/peers.py TASK VECTORS OUTPUT [--calls N]

runs one task on a file of vectors (NumPy's format) and prints its seconds as JSON; the result goes
to OUTPUT. The first call of a program compiles what it needs; `--calls 2` shows it warm. Other
scripts use `peer_python`, which installs the programs, and `run_peer`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PROGRAMS = (
    "pynndescent==0.7.0",
    "evoc==0.3.2",
    "fast_hdbscan==0.3.4",
    "hdbscan==0.8.44",
    "scikit-learn==1.9.1",
)
NEIGHBORS, MIN_SAMPLES, MIN_CLUSTER_SIZE = 15, 5, 15


@dataclass(frozen=True, slots=True)
class PeerRun:
    """Seconds of each call, of the whole process, and what the last call found."""

    calls: list[float]
    process: float
    found: np.ndarray


def peer_python(folder: Path, programs: Sequence[str] = PROGRAMS) -> Path:
    """An interpreter with some programs, made in a folder unless it is there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *programs], check=True)
    return python


def run_peer(
    python: Path, task: str, vectors: np.ndarray, scratch: Path, *, calls: int = 1
) -> PeerRun:
    """Run a task in a process of its own."""
    given, found = scratch / "given.npy", scratch / "found.npy"
    np.save(given, vectors)
    command = [str(python), __file__, task, str(given), str(found), "--calls", str(calls)]
    started = time.perf_counter()
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    process = time.perf_counter() - started
    return PeerRun(json.loads(output.splitlines()[-1]), process, np.load(found))


def pynndescent_graph(vectors: np.ndarray) -> np.ndarray:
    from pynndescent import NNDescent

    found = NNDescent(vectors, n_neighbors=NEIGHBORS + 1, random_state=0)
    return found.neighbor_graph[0]


def evoc_graph(vectors: np.ndarray) -> np.ndarray:
    from evoc.knn_graph import knn_graph

    return knn_graph(vectors, n_neighbors=NEIGHBORS + 1)[0]


def fast_hdbscan_labels(vectors: np.ndarray) -> np.ndarray:
    from fast_hdbscan import HDBSCAN

    return HDBSCAN(**_sizes()).fit(vectors).labels_


def evoc_labels(vectors: np.ndarray) -> np.ndarray:
    from evoc import EVoC

    return EVoC(random_state=0).fit(vectors).labels_


def hdbscan_labels(vectors: np.ndarray) -> np.ndarray:
    from hdbscan import HDBSCAN

    return HDBSCAN(**_sizes(), core_dist_n_jobs=2).fit(vectors).labels_


def scikit_learn_labels(vectors: np.ndarray) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    # It counts the vector itself among its samples.
    sizes = _sizes() | {"min_samples": MIN_SAMPLES + 1}
    return HDBSCAN(**sizes, n_jobs=2, copy=True).fit(vectors).labels_


def hdbscan_tree(edges: np.ndarray) -> np.ndarray:
    """Labels from the edges of a neighbor graph, by hdbscan's own functions from the tree on.

    Parameters
    ----------
    edges : ndarray of shape (n * NEIGHBORS + bridges, 3), float64
        Ends and distance: of each vector in turn those to its neighbors, nearest first; then edges
        that join what else would be apart.
    """
    from hdbscan._hdbscan_linkage import label
    from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    left, right, distance = edges[:, 0].astype(np.int64), edges[:, 1].astype(np.int64), edges[:, 2]
    n = int(left.max()) + 1
    core = distance[: n * NEIGHBORS].reshape(n, -1)[:, MIN_SAMPLES - 1]
    weight = np.maximum(np.maximum(distance, core[left]), core[right])
    graph = coo_matrix((weight, (left, right)), shape=(n, n)).tocsr()
    tree = minimum_spanning_tree(graph.maximum(graph.T)).tocoo()
    edge = np.column_stack([tree.row, tree.col, tree.data])
    merges = label(edge[np.argsort(edge[:, 2])])
    condensed = condense_tree(merges, MIN_CLUSTER_SIZE)
    return get_clusters(condensed, compute_stability(condensed))[0]


def _sizes() -> dict[str, Any]:
    return {"min_cluster_size": MIN_CLUSTER_SIZE, "min_samples": MIN_SAMPLES}


TASKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    task.__name__: task
    for task in (
        pynndescent_graph,
        evoc_graph,
        fast_hdbscan_labels,
        evoc_labels,
        hdbscan_labels,
        scikit_learn_labels,
        hdbscan_tree,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--calls", type=int, default=1)
    options = parser.parse_args()
    vectors, seconds = np.load(options.vectors), []
    for _ in range(options.calls):
        started = time.perf_counter()
        found = TASKS[options.task](vectors)
        seconds.append(time.perf_counter() - started)
    np.save(options.output, found)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()

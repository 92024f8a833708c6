"""Measure search by size of the collection: where exact search stops being the better choice.

    python scripts/bench/search.py [--sizes 5000 20000] [--exact-join-to 20000] [--threads 2]

Warm milliseconds of one query for its 10 nearest (NumPy over all vectors; FAISS over float16; FAISS
over inverted lists; the last two with their exact re-rank), and seconds to build index and graph,
with the graph's recall. Vectors are synthetic and lie in memory as float16.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from reporting import seconds, table, versions
from synthetic import photos

from annclust.search.exact import nearest, rerank
from annclust.search.faiss_index import VectorIndex
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.settings import SearchSettings
from annclust.storage.vector_file import VectorReader

NEAREST = 10
SIZES = [5_000, 10_000, 20_000, 50_000, 100_000]
HEADER = [
    "n",
    "query NumPy, ms",
    "query float16, ms",
    "query ivf, ms (recall)",
    "exact join, s",
    "ivf build, s",
    "ivf join, s (recall)",
]


@dataclass(frozen=True, slots=True)
class Built:
    """An index, how it was chosen, and the seconds that took."""

    index: VectorIndex
    settings: SearchSettings
    seconds: float


def main() -> None:
    arguments = parsed_arguments()
    rows = []
    for n in arguments.sizes:
        vectors = VectorReader(photos(n, arguments.dimension).astype("<f2"))
        rows.append([f"{n:,}", *figures(vectors, arguments.threads, arguments.exact_join_to)])
        print(" | ".join(rows[-1]), flush=True)
    print(f"\n{versions('numpy', 'faiss-cpu')}; {arguments.threads} threads in FAISS\n")
    print(table(HEADER, rows))


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--dimension", type=int, default=1_280)
    parser.add_argument("--exact-join-to", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=SearchSettings().threads)
    return parser.parse_args()


def figures(vectors: VectorReader, threads: int, exact_join_to: int) -> list[str]:
    n, _ = vectors.shape
    exact = built(vectors, SearchSettings(threads=threads, exact_up_to=n))
    ivf = built(vectors, SearchSettings(threads=threads, exact_up_to=0))
    started = time.perf_counter()
    order = ListOrder.of(ivf.index, np.arange(n))
    joined_graph = build_graph(vectors, ivf.settings, order=order)
    joined = time.perf_counter() - started
    return [
        f"{query_milliseconds(vectors, lambda query: nearest(vectors, query, NEAREST)):.1f}",
        f"{query_milliseconds(vectors, through(exact.index, vectors)):.1f}",
        f"{query_milliseconds(vectors, through(ivf.index, vectors)):.1f}"
        f" ({query_recall(vectors, ivf.index):.3f})",
        f"{exact_join_seconds(vectors, exact):.1f}" if n <= exact_join_to else "-",
        f"{ivf.seconds:.1f}",
        f"{joined:.1f} ({joined_graph.recall.overall:.3f})",
    ]


def built(vectors: VectorReader, settings: SearchSettings) -> Built:
    started = time.perf_counter()
    index = build_index(vectors, choose_index(*vectors.shape, settings), settings)
    return Built(index, settings, time.perf_counter() - started)


def exact_join_seconds(vectors: VectorReader, exact: Built) -> float:
    return seconds(lambda: build_graph(vectors, exact.settings))


def through(index: VectorIndex, vectors: VectorReader) -> Callable[[np.ndarray], object]:
    return lambda query: rerank(vectors, query, index.search(query, NEAREST)[1], NEAREST)


def query_milliseconds(vectors: VectorReader, ask: Callable[[np.ndarray], object]) -> float:
    """Median of ten queries, after one that warms up."""
    rows = np.random.default_rng(1).integers(0, vectors.shape[0], 11)
    queries = [vectors.take(row[np.newaxis]) for row in rows]
    times = [seconds(lambda query=query: ask(query)) for query in queries]
    return 1_000 * median(times[1:])


def query_recall(vectors: VectorReader, index: VectorIndex) -> float:
    """Share of the true nearest ones that come through the index, over 200 queries."""
    queries = vectors.take(np.random.default_rng(2).integers(0, vectors.shape[0], 200))
    true = nearest(vectors, queries, NEAREST)[0][:, -1:]
    found = rerank(vectors, queries, index.search(queries, NEAREST)[1], NEAREST)[0]
    return float((found <= true * (1 + 1e-5)).mean())


if __name__ == "__main__":
    main()

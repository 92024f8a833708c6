"""Again: what it costs when photos come, another granularity is wanted, or a question is asked.

    python scripts/bench/again.py [--size 300000] [--stages]

A collection of synthetic photos is clustered, gets 1 % more of them and is clustered again, is cut
at other granularities, and is asked for similar photos. In the end it is built anew, to see whether
the clusters are the same. With --stages every stage tells how long it took.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from exact_tree import agreement
from reporting import seconds, table, versions
from start_up import fill_collection
from synthetic import labelled_photos

from annclust.arrays import Labels
from annclust.collection import Collection
from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.pipeline.derived import refresh
from annclust.pipeline.querying import Searcher
from annclust.progress import SILENT, Progress, Stage
from annclust.settings import SearchSettings
from annclust.storage.layout import KINDS
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

QUERIES = 200
SETTINGS = SearchSettings()


class Told(Progress):
    """Tells how long each stage took."""

    @contextmanager
    def stage(self, title: str, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:  # noqa: D102
        started = perf_counter()
        with SILENT.stage(title, total, unit=unit) as stage:
            yield stage
        print(f"    {title}: {perf_counter() - started:.2f} s", flush=True)


def forget(path: Path) -> None:
    """Drop everything derived."""
    with StoreWriter(path) as store:
        for kind in KINDS:
            store.forget(kind)


def clustered(path: Path, progress: Progress) -> None:
    """What `annclust index` and `annclust cluster` do once photos are embedded."""
    with StoreWriter(path) as store:
        refresh(store, SETTINGS, progress)
    with Collection(path, progress=progress) as collection:
        collection.cluster()


def labels_of(path: Path) -> Labels:
    with Store(path) as store:
        rows, clusters = store.catalog.memberships("shots")
        labels = np.full(store.catalog.rows(), -1, dtype=np.int64)
        labels[rows] = clusters
        return labels


def query_seconds(path: Path) -> float:
    """Median of warm queries for stored photos."""
    with Store(path) as store:
        searcher, vectors = Searcher(store, SETTINGS), store.vectors()
        chosen = np.random.default_rng(3).choice(vectors.shape[0], QUERIES, replace=False)
        queries = [vectors.take(np.array([row])) for row in chosen]
        for query in queries[:20]:
            searcher.similar(query, 10)
        return median(seconds(lambda query=query: searcher.similar(query, 10)) for query in queries)


def measure(size: int, path: Path, progress: Progress) -> Iterator[tuple[str, str, str]]:
    """What was done, the seconds it took, and what is to be said of it."""
    spec = find_embedder(DEFAULT_EMBEDDER).spec
    photos = labelled_photos(size + size // 100, spec.dimension).vectors
    new = np.zeros(len(photos), dtype=np.bool_)
    new[np.random.default_rng(7).choice(len(photos), size // 100, replace=False)] = True
    with StoreWriter.create(path, spec) as store:
        fill_collection(store, photos[~new])
    anew = seconds(lambda: clustered(path, progress))
    yield "building", f"{anew:.1f}", ""
    with StoreWriter(path) as store:
        fill_collection(store, photos[new], first=b"new", root=b"/new")
    del photos
    again = seconds(lambda: clustered(path, progress))
    yield "1 % new photos", f"{again:.1f}", f"{again / anew:.3f} of building"
    with Collection(path, progress=progress) as collection:
        for level, least in (("scenes", None), ("shots", 15)):
            taken = seconds(lambda: collection.cluster(level, min_cluster_size=least))  # noqa: B023
            yield f"cut anew: {level}, {least or 'default'}", f"{taken:.2f}", ""
        collection.cluster()
    yield "a warm query", f"{query_seconds(path):.4f}", f"median of {QUERIES}"
    updated = labels_of(path)
    forget(path)
    taken = seconds(lambda: clustered(path, progress))
    same = agreement(labels_of(path), updated)
    yield "building with them", f"{taken:.1f}", f"agreement with the update {same:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=300_000)
    parser.add_argument("--stages", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "c.annclust")
        for row in measure(options.size, path, Told() if options.stages else SILENT):
            print(*row, flush=True)
            rows.append(row)
    print(table((f"{options.size:,} photos", "s", ""), rows))
    print(f"\n{versions('numpy', 'faiss-cpu', 'scipy', 'scikit-learn')}")


if __name__ == "__main__":
    main()

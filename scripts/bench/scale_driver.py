"""Scale, driver: what the one process that was started does for a collection of many photos.

    python scripts/bench/scale_driver.py commit [--photos 300000]
    python scripts/bench/scale_driver.py lists
    python scripts/bench/scale_driver.py catalog [--photos 1000000]
    python scripts/bench/scale_driver.py ray

`commit`: photos that come embedded, 256 at a time, taken in as `index --engine ray` does, as the
catalog grows. `lists`: k-means and the chain of its centers, whose time depends on nothing but
their number. `catalog`: reading which photos there are. `ray`: a task by the objects that it is
given, and bytes into and out of its store, on a cluster of two nodes on this machine.
"""

from __future__ import annotations

import argparse
import os
import pickle
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sized
from functools import partial
from pathlib import Path

import numpy as np
from reporting import seconds, table, versions

from annclust.arrays import unit_rows
from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.images.capture import Capture
from annclust.images.read_jobs import ReadResult
from annclust.images.scan_plan import FileState
from annclust.parallel import one_thread_in_blas
from annclust.pipeline.intake import Intake
from annclust.pipeline.live_vectors import live_vectors
from annclust.progress import SILENT
from annclust.ray_engine.cluster import ADDRESS
from annclust.ray_engine.ray_engine import RayEngine
from annclust.search.faiss_index import _PCA_TRAINED
from annclust.search.k_means import k_means
from annclust.search.list_join import chain
from annclust.search.reduction import learn_reduction
from annclust.settings import EmbedSettings
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

Rows = Iterator[tuple[object, ...]]

_REDUCED, _PER_LIST, _COMMIT = 128, 40, 256


def commit(photos: int) -> Rows:
    """Seconds and bytes as the catalog grows, a tenth of the photos at a time."""
    spec, rng = find_embedder(DEFAULT_EMBEDDER).spec, np.random.default_rng(0)
    step = photos // 10
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "c.annclust")
        with StoreWriter.create(path, spec) as store, SILENT.stage("") as stage:
            with store.catalog.transaction():
                root = store.catalog.add_root(b"/random", None).id
            intake = Intake(store, None, EmbedSettings(), lambda _: False, stage)
            for first in range(0, photos, step):
                taken = np.zeros(4)
                for some in range(first, first + step, _COMMIT):
                    batch = _contents(some, rng, spec.dimension)
                    files = [FileState(root, b"2026/%08d.jpg" % c.size, c.size, 0) for c in batch]
                    taken[:2] += both_seconds(partial(_take, intake, files, batch))
                    taken[2:] += both_seconds(intake.commit)
                size = sum(each.stat().st_size for each in path.glob("catalog*"))
                figures = *(1e6 * taken / step), size / (first + step)
                yield f"{first + step:,}", *(f"{it:.0f}" for it in figures)


def both_seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds that an action takes, and those of the clock."""
    started = time.process_time()
    by_clock = seconds(action)
    return time.process_time() - started, by_clock


def _contents(first: int, rng: np.random.Generator, dimension: int) -> list[EmbeddedContent]:
    rows = unit_rows(rng.standard_normal((_COMMIT, dimension), dtype=np.float32))
    return [
        EmbeddedContent(
            rng.bytes(32), 3_000_000 + first + at, 640, 480, "JPEG", row, Capture(first)
        )
        for at, row in enumerate(rows)
    ]


def _take(intake: Intake, files: list[FileState], contents: list[EmbeddedContent]) -> None:
    """Take what comes from elsewhere: unpickled, looked up; committed apart."""
    results = [ReadResult(0, c.digest, c.size, 0, capture=c.capture) for c in contents]
    came = pickle.loads(pickle.dumps(list(zip(results, contents, strict=True))))
    for file, (result, content) in zip(files[:-1], came, strict=False):
        intake.take(file, result, content)


def lists() -> Rows:
    """Seconds by the number of lists; PCA does not depend on it."""
    rng, dimension = np.random.default_rng(0), find_embedder(DEFAULT_EMBEDDER).spec.dimension
    with one_thread_in_blas():
        vectors = rng.standard_normal((_PCA_TRAINED, dimension), dtype=np.float32)
        learn = partial(learn_reduction, [vectors], _REDUCED, seed=0, threads=1)
        yield "any (PCA)", f"{both_seconds(learn)[0]:.1f}", ""
        for count in (1_024, 2_048, 4_096, 8_192, 16_384):
            sample = rng.standard_normal((_PER_LIST * count, _REDUCED), dtype=np.float32)
            learned, pairs = "", 8 * _PER_LIST * count**2
            if count <= 4_096:
                taken, _ = both_seconds(partial(k_means, sample, count, seed=0, threads=1))
                learned = f"{taken:.1f} ({1e9 * taken / pairs:.2f})"
            chained, _ = both_seconds(partial(chain, sample[:count]))
            yield f"{count:,}", learned, f"{chained:.2f} ({1e9 * chained / count**2:.1f})"


def catalog(photos: int) -> Rows:
    """Reading which photos there are."""
    spec = find_embedder(DEFAULT_EMBEDDER).spec
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "c.annclust")
        with StoreWriter.create(path, spec) as store:
            _fill(store, photos, spec.dimension)
            tracemalloc.start()
            live_vectors(store)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            taken = min(both_seconds(lambda: live_vectors(store)) for _ in range(3))[0]
            looked, _ = both_seconds(store.sound_vectors)
    yield (
        f"{photos:,}",
        f"{_bytes_of_files(photos):.0f}",
        f"{1e6 * taken / photos:.2f}",
        f"{most / photos:.0f}",
        f"{1e6 * looked / photos:.2f}",
    )


def _bytes_of_files(count: int) -> float:
    """Bytes of each of many files that wait to be read."""
    tracemalloc.start()
    files = [FileState(1, b"2026/11/27/%08d.jpg" % at, 10**6 + at, 10**18) for at in range(count)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / len(files)


def _fill(store: StoreWriter, photos: int, dimension: int) -> None:
    """Store a photo of each of many contents, few of whose coordinates are drawn."""
    rng = np.random.default_rng(0)
    with store.catalog.transaction():
        root = store.catalog.add_root(b"/random", None).id
    for first in range(0, photos, 10_000):
        rows = np.zeros((10_000, dimension), dtype=np.float32)
        rows[:, :8] = rng.standard_normal((10_000, 8))
        digests = [rng.bytes(32) for _ in rows]
        store.append(
            [
                EmbeddedContent(d, 1, 640, 480, "JPEG", r)
                for d, r in zip(digests, unit_rows(rows), strict=True)
            ]
        )
        with store.catalog.transaction():
            for at, digest in enumerate(digests):
                store.catalog.add_image(root, b"%08d.jpg" % (first + at), 1, 0, digest)


def nothing(*_objects: object) -> int:
    """The work of a part that has none."""
    return 0


def length(values: Sized) -> int:
    """Look at what was held elsewhere."""
    return len(values)


def _mapped(
    engine: RayEngine, function: Callable[..., int], parts: list[tuple[object, ...]]
) -> None:
    for _ in engine.map(function, parts, threads=1):
        pass


def ray_figures() -> Rows:
    """Tasks and bytes of a cluster of two nodes on this machine."""
    from ray.cluster_utils import Cluster

    nodes = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    nodes.add_node(num_cpus=2, resources={"second": 1})
    os.environ[ADDRESS] = nodes.address
    with RayEngine() as engine:
        objects = [engine.hold(np.zeros(20_000)) for _ in range(1_000)]
        list(engine.map(nothing, [tuple(objects)], threads=1))
        for many in (1, 30, 100, 300, 1_000):
            parts: list[tuple[object, ...]] = [tuple(objects[:many])] * 100
            taken = min(seconds(partial(_mapped, engine, nothing, parts)) for _ in range(3))
            yield f"a task that is given {many:,} objects, ms", f"{1e3 * taken / 100:.2f}"
        block = np.ones(1 << 28, dtype=np.uint8)
        held: list[object] = []
        putting = min(seconds(lambda: held.append(engine.hold(block))) for _ in range(3))
        fetching = min(seconds(partial(_mapped, engine, length, [(each,)])) for each in held)
        yield "holding, GB/s", f"{block.nbytes / putting / 1e9:.2f}"
        yield "to the other node (of this machine), GB/s", f"{block.nbytes / fetching / 1e9:.2f}"
    nodes.shutdown()  # type: ignore[no-untyped-call]


HEADERS = {
    "commit": (
        *("photos", "taking, processor µs a photo", "by the clock"),
        *("committing, processor µs a photo", "by the clock", "bytes of the catalog a photo"),
    ),
    "lists": ("lists", "k-means, s (ns a pair and round)", "chain, s (ns a pair)"),
    "catalog": (
        "photos",
        "bytes of a file that waits",
        "which are there, µs a photo",
        "bytes a photo",
        "checksums, µs a photo",
    ),
    "ray": ("figure", "two nodes here"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=HEADERS)
    parser.add_argument("--photos", type=int, default=300_000)
    options = parser.parse_args()
    rows = {
        "commit": lambda: commit(options.photos),
        "lists": lists,
        "catalog": lambda: catalog(options.photos),
        "ray": ray_figures,
    }[options.what]
    print(table(HEADERS[options.what], rows()))
    print(f"\n{versions('apsw', 'numpy', 'ray')}")


if __name__ == "__main__":
    main()

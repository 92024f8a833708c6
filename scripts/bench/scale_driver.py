"""Scale, driver: what the one process that was started does for a collection of many photos.

    python scripts/bench/scale_driver.py commit [--photos 300000]
    python scripts/bench/scale_driver.py ray

`commit`: photos that come embedded, 256 at a time, taken in as `index --engine ray` does, as the
catalog grows. `ray`: a task by the objects that it is given, and bytes into and out of its store,
on a cluster of two nodes on this machine.
"""

from __future__ import annotations

import argparse
import os
import pickle
import tempfile
import time
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
from annclust.pipeline.intake import Intake
from annclust.progress import SILENT
from annclust.ray_engine.cluster import ADDRESS
from annclust.ray_engine.ray_engine import RayEngine
from annclust.settings import EmbedSettings
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

Rows = Iterator[tuple[object, ...]]

_COMMIT = 256


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
    "ray": ("figure", "two nodes here"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=HEADERS)
    parser.add_argument("--photos", type=int, default=300_000)
    options = parser.parse_args()
    rows = commit(options.photos) if options.what == "commit" else ray_figures()
    print(table(HEADERS[options.what], rows))
    print(f"\n{versions('apsw', 'numpy', 'ray')}")


if __name__ == "__main__":
    main()

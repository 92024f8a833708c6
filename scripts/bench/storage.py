"""Storage: opening after a crash, checking, and what durability costs while photos are indexed.

    python scripts/bench/storage.py [--photos 1000000] [--folder FOLDER]

The collection holds random vectors of the default embedder's dimension. It is left by a writer that
was killed right after it committed a clustering of all photos, so that the whole of it is still in
the log; then a reader and a writer open it, each in a process of its own. With FOLDER, its photos
are indexed with the default embedder while a clock runs whenever something is being made durable.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from blake3 import blake3
from reporting import seconds, table, versions

from annclust.arrays import ImageId, unit_rows
from annclust.collection import Collection
from annclust.embedding.registry import DEFAULT_EMBEDDER, find_embedder
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.store import Store
from annclust.storage.store_writer import EmbeddedContent, StoreWriter
from annclust.storage.verify import sound_vectors, verify

OPEN: list[StoreWriter] = []
_BATCH = 4_096


def fill(path: Path, photos: int) -> None:
    """A collection of random vectors, a photo each."""
    spec, rng = find_embedder(DEFAULT_EMBEDDER).spec, np.random.default_rng(0)
    with StoreWriter.create(path, spec) as store:
        for first in range(0, photos, _BATCH):
            numbers = range(first, min(first + _BATCH, photos))
            shape = len(numbers), spec.dimension
            rows = unit_rows(rng.standard_normal(shape, dtype=np.float32))
            digests = [blake3(str(number).encode()).digest() for number in numbers]
            store.append(
                [
                    EmbeddedContent(digest, 1, 640, 480, "JPEG", row)
                    for digest, row in zip(digests, rows, strict=True)
                ]
            )
            with store.catalog.transaction():
                root = store.catalog.add_root(b"/random", None)
                for number, digest in zip(numbers, digests, strict=True):
                    store.catalog.add_image(root.id, b"%d.jpg" % number, 1, 0, digest)


def crash(path: Path) -> None:
    """Commit one big transaction and die before it is taken out of the log."""
    with StoreWriter(path) as store:
        rows = store.catalog.rows()
        with store.catalog.transaction():
            store.catalog.add_clustering(
                "shots",
                settings="{}",
                summary="{}",
                members=((row, row // 8, 1.0) for row in range(rows)),
                representatives={c: ImageId(8 * c + 1) for c in range(rows // 8)},
                next_cluster=rows,
            )
        os.kill(os.getpid(), signal.SIGKILL)


def open_to_read(path: Path) -> None:
    with Store(path) as store:
        store.catalog.counts()


def open_to_write(path: Path) -> None:
    OPEN.append(StoreWriter(path))  # closing it would take the log in, which is not asked for
    assert OPEN[0].catalog.rows()


def check(path: Path) -> None:
    with Store(path) as store:
        assert not verify(store)


def check_vectors(path: Path) -> None:
    with Store(path) as store:
        sound_vectors(store)


STEPS: dict[str, Callable[[Path], None]] = {
    step.__name__: step for step in (open_to_read, open_to_write, check, check_vectors)
}


def timed(step: str, path: Path) -> float:
    """Seconds that a step takes in a process of its own, its start not counted."""
    command = [sys.executable, __file__, "--step", step, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def storage_rows(photos: int) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "c.annclust")
        yield "storing, s", f"{seconds(lambda: fill(path, photos)):.1f}"
        subprocess.run([sys.executable, __file__, "--crash", str(path)], check=False)
        log = (path / "catalog.sqlite-wal").stat().st_size
        yield "log after the crash, MB", f"{log / 1e6:.0f}"
        yield "opening to read after the crash, s", f"{timed('open_to_read', path):.2f}"
        yield "opening to write after the crash, s", f"{timed('open_to_write', path):.2f}"
        size = (path / "vectors-000001.f16").stat().st_size / 1e6
        for step in ("check", "check_vectors"):
            taken = timed(step, path)
            yield f"{step}, s", f"{taken:.1f}"
            yield f"{step}, MB of vectors per s", f"{size / taken:.0f}"


class _Clock:
    """Adds up the time spent in some methods, calls of one from another counted once."""

    def __init__(self) -> None:
        self.total, self._depth = 0.0, 0

    @contextmanager
    def running(self) -> Iterator[None]:
        started, self._depth = time.perf_counter(), self._depth + 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.total += time.perf_counter() - started

    def watch(self, owner: type, name: str) -> None:
        """Count the time of a method of a class."""
        method = getattr(owner, name)

        def counted(*arguments: object, **choices: object) -> object:
            with self.running():
                return method(*arguments, **choices)

        setattr(owner, name, counted)


def durable_share(folder: Path) -> Iterator[tuple[str, str]]:
    """How much of the time of a first run is spent in making things durable."""
    clock = _Clock()
    clock.watch(StoreWriter, "append")
    clock.watch(StoreWriter, "write_generation")
    transaction = CatalogWriter.transaction

    @contextmanager
    def counted(catalog: CatalogWriter) -> Iterator[None]:
        with clock.running(), transaction(catalog):
            yield

    CatalogWriter.transaction = counted  # type: ignore[method-assign, assignment]
    with tempfile.TemporaryDirectory() as scratch, Collection(Path(scratch, "c")) as collection:
        report = collection.index([folder])
    yield f"indexing {report.images:,} photos, s", f"{report.seconds:.1f}"
    yield "of it in the durable path, s", f"{clock.total:.2f}"
    yield "share", f"{clock.total / report.seconds:.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--crash", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.crash:
        crash(options.crash)
    if options.step:
        name, path = options.step
        print(seconds(lambda: STEPS[name](Path(path))), flush=True)
        os._exit(0)
    rows = list(storage_rows(options.photos))
    if options.folder:
        rows += durable_share(options.folder)
    print(table(("figure", f"{options.photos:,} photos"), rows))
    print(f"\n{versions('apsw', 'numpy', 'xxhash')}")


if __name__ == "__main__":
    main()

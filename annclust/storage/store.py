"""Store: the directory NAME.annclust as one thing, and the order in which it is written.

Reading: `Store`. Writing: `StoreWriter`, of which there is one at a time. The order is always
vectors → fsync → catalog transaction → acknowledged; docs/format.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from annclust.arrays import Nodes, StoredVectors, VectorRow, Vectors
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    CollectionNotFoundError,
    EmbedderMismatchError,
    NotACollectionError,
)
from annclust.neighbor_graph import NeighborGraph
from annclust.storage import generations, layout
from annclust.storage.catalog import Catalog
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.durable import storage_errors, sync_directory
from annclust.storage.records import ContentRecord, Generation
from annclust.storage.vector_file import (
    VectorAppender,
    VectorReader,
    block_digest,
    create,
    row_checksum,
)
from annclust.storage.writer_lock import WriterLock


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedContent:
    """What was learned about one content: its vector, shape (d,), and its size in pixels."""

    digest: bytes
    size: int
    width: int
    height: int
    format: str
    vector: Vectors


class Store:
    """A collection on disk, seen by a reader. Use as a context manager.

    Raises
    ------
    CollectionNotFoundError, NotACollectionError, NewerFormatError, StorageError
        If `path` cannot be read as a collection.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise CollectionNotFoundError(path)
        if not path.is_dir():
            raise NotACollectionError(path, reason="it is a file")
        if not self.exists(path):
            raise NotACollectionError(path, reason=f"it holds no {layout.CATALOG}")
        self.catalog = self._open_catalog()

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether there is a collection at a path, sound or not."""
        return (path / layout.CATALOG).is_file()

    def _open_catalog(self) -> Catalog:
        return Catalog(self.path / layout.CATALOG)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self.catalog.close()

    @property
    def embedder(self) -> EmbedderSpec:
        """The embedder that all vectors come from."""
        setting = self.catalog.setting
        return EmbedderSpec(setting("embedder"), setting("revision"), int(setting("dimension")))

    @property
    def vector_path(self) -> Path:
        """The vector file in use."""
        return self.path / self.catalog.setting("vector_file")

    def vectors(self) -> VectorReader:
        """Every committed vector, live or not."""
        return VectorReader.open(
            self.vector_path, rows=self.catalog.rows(), dimension=self.embedder.dimension
        )

    def usable_generation(
        self, kind: layout.GenerationKind, *, basis: str | None = None
    ) -> Generation | None:
        """The current generation, if its files are as written and it has that basis."""
        generation = self.catalog.generation(kind)
        if generation is None or (basis is not None and generation.basis != basis):
            return None
        return generations.current_and_sound(self.path, self.catalog, kind)

    def graph(self, generation: Generation) -> tuple[NeighborGraph, Nodes]:
        """A stored graph, and the vector row of each of its nodes."""
        neighbors, distances, rows = (
            generations.load_array(self.path, generation, f"{part}.npy")
            for part in ("neighbors", "distances", "rows")
        )
        return NeighborGraph(neighbors, distances), np.asarray(rows)

    def bytes_on_disk(self) -> int:
        """Bytes of all files of the collection."""
        total = 0
        with storage_errors(self.path):
            for path in self.path.iterdir():
                with suppress(FileNotFoundError):  # replaced by a newer generation just now
                    total += path.stat().st_size
        return total


class StoreWriter(Store):
    """A collection on disk, seen by its one writer. Use as a context manager.

    Raises
    ------
    CollectionLockedError
        If another process writes.
    CollectionDamagedError
        If committed vectors are missing.
    """

    catalog: CatalogWriter

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise CollectionNotFoundError(path)
        with storage_errors(path):
            self._refuse_foreign(path)
        self._lock = WriterLock(path)
        try:
            super().__init__(path)
            self._open_for_writing()
        except BaseException:
            self._lock.release()
            raise

    @staticmethod
    def _refuse_foreign(path: Path) -> None:
        """Leave a folder that is not ours without even a lock file in it."""
        names = {entry.name for entry in path.iterdir()}
        if layout.CATALOG not in names and not all(map(layout.may_be_leftover, names)):
            raise NotACollectionError(path, reason="it is a folder of other files")

    def _open_catalog(self) -> CatalogWriter:
        return CatalogWriter(self.path / layout.CATALOG)

    def _open_for_writing(self) -> None:
        try:
            self.catalog.migrate()
            self._appender = VectorAppender(
                self.vector_path, rows=self.catalog.rows(), dimension=self.embedder.dimension
            )
            self._remove_unlisted()
        except BaseException:
            self.catalog.close()
            raise

    def _remove_unlisted(self) -> None:
        """Unlink what an interrupted writer left: it was never listed, so it means nothing."""
        listed = self.catalog.derived_names()
        with storage_errors(self.path):
            for path in self.path.iterdir():
                name = path.name
                if name.endswith(layout.UNFINISHED) or (
                    layout.is_derived(name) and name not in listed
                ):
                    path.unlink()

    @classmethod
    def create(cls, path: Path, spec: EmbedderSpec) -> Self:
        """Open the collection at `path`, made with `spec` if there is none.

        Raises
        ------
        NotACollectionError
            If `path` is a file, or a folder of other things.
        EmbedderMismatchError
            If the collection holds vectors of another embedder.
        """
        if path.exists() and not path.is_dir():
            raise NotACollectionError(path, reason="it is a file")
        if not cls.exists(path):
            _lay_out(path, spec, cls._refuse_foreign)
        writer = cls(path)
        if writer.embedder != spec:
            stored = writer.embedder
            writer.close()
            raise EmbedderMismatchError(stored=str(stored), given=str(spec))
        return writer

    def close(self) -> None:
        """Let go of the files and of the lock."""
        self._appender.close()
        super().close()
        self._lock.release()

    def append(self, contents: Sequence[EmbeddedContent]) -> None:
        """Make contents and their vectors durable; equal vectors share a row.

        Raises
        ------
        StorageError
            If the system refuses; then nothing of `contents` is stored.
        """
        if not contents:
            return
        first = self.catalog.rows()
        stored = np.stack([content.vector for content in contents]).astype("<f2")
        placed = _place(stored, first, self._equal_row)
        if placed.new:
            added = stored[placed.new]
            self._appender.append(added, at=first)
        with self.catalog.transaction():
            if self.catalog.rows() != first:
                raise CollectionDamagedError(self.path, reason="another process has written")
            if placed.new:
                checksums = [row_checksum(row) for row in added]
                self.catalog.add_vectors(first, checksums, (len(added), block_digest(added)))
            self.catalog.add_contents(
                ContentRecord(c.digest, c.size, row, c.width, c.height, c.format)
                for c, row in zip(contents, placed.rows, strict=True)
            )

    def _equal_row(self, vector: StoredVectors) -> VectorRow | None:
        candidates = self.catalog.rows_with_checksum(row_checksum(vector))
        if not candidates:
            return None
        reader = self.vectors().stored
        return next((r for r in candidates if reader[r].tobytes() == vector.tobytes()), None)

    def publish(
        self,
        kind: layout.GenerationKind,
        writers: generations.Writers,
        *,
        basis: str,
        spec: Mapping[str, object],
    ) -> Generation:
        """Write a generation over all committed rows and make it the current one."""
        return generations.publish(
            self.path,
            self.catalog,
            kind,
            writers,
            rows=self.catalog.rows(),
            basis=basis,
            spec=spec,
        )

    def forget(self, kind: layout.GenerationKind) -> None:
        """Drop every generation of a kind; it can be made again."""
        with self.catalog.transaction():
            names = self.catalog.forget_generations(kind)
        generations.unlink_all(self.path, names)


@dataclass(frozen=True, slots=True)
class _Placement:
    rows: list[VectorRow]
    new: list[int]


def _place(
    stored: StoredVectors, first: int, known: Callable[[StoredVectors], VectorRow | None]
) -> _Placement:
    """Give each vector a row: that of an equal one, stored or in the batch, or a new one."""
    rows: list[VectorRow] = []
    new: list[int] = []
    seen: dict[bytes, VectorRow] = {}
    for position, vector in enumerate(stored):
        key = vector.tobytes()
        row = seen.get(key)
        if row is None:
            row = known(vector)
        if row is None:
            row = VectorRow(first + len(new))
            new.append(position)
        seen[key] = row
        rows.append(row)
    return _Placement(rows, new)


def _lay_out(path: Path, spec: EmbedderSpec, refuse_foreign: Callable[[Path], None]) -> None:
    """Make the files of an empty collection; the catalog comes last, by rename."""
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        refuse_foreign(path)
        lock = WriterLock(path)
        try:
            if not (path / layout.CATALOG).exists():
                _write_empty(path, spec)
            sync_directory(path.parent)
        finally:
            lock.release()


def _write_empty(path: Path, spec: EmbedderSpec) -> None:
    vectors = layout.vector_file(1)
    create(path / vectors, spec.dimension)
    beside = path / (layout.CATALOG + layout.UNFINISHED)
    for leftover in path.glob(f"{layout.CATALOG}{layout.UNFINISHED}*"):
        leftover.unlink()
    settings = {
        "embedder": spec.name,
        "revision": spec.revision,
        "dimension": str(spec.dimension),
        "vector_file": vectors,
        "rows": "0",
        **{f"next_{kind}": "1" for kind in layout.KINDS},
    }
    CatalogWriter.create(beside, settings)
    beside.rename(path / layout.CATALOG)
    sync_directory(path)

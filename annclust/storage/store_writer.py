"""Store writer: the order in which a collection is written, by one process at a time.

The order is always vectors → fsync → catalog transaction → acknowledged; docs/format.md says why.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from annclust.arrays import StoredVectors, VectorRow, Vectors
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    CollectionNotFoundError,
    EmbedderMismatchError,
    NetworkDiskError,
    NotACollectionError,
    StorageError,
)
from annclust.storage import layout
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.compaction import copy_rows
from annclust.storage.durable import storage_errors, sync_directory
from annclust.storage.generation_writer import Writers, unlink_all, write_generation
from annclust.storage.network_disk import network_file_system
from annclust.storage.records import Block, ContentRecord, Generation
from annclust.storage.store import Store
from annclust.storage.unfinished_work import UnfinishedWork
from annclust.storage.vector_file import (
    VectorAppender,
    VectorReader,
    block_digest,
    create,
    holds_vectors,
    row_checksum,
    salvage_rows,
)
from annclust.storage.verify import sound_vectors
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


class StoreWriter(Store):
    """A collection on disk, seen by its one writer. Use as a context manager.

    Raises
    ------
    CollectionLockedError
        If another process writes.
    NetworkDiskError
        If the directory lies on one.
    CollectionDamagedError
        If committed vectors are missing.

    Parameters
    ----------
    path : Path
    salvage : bool
        Whether to go on with what is left of the vector file if it is damaged: each vector that is
        missing is as good as a damaged one then.
    """

    catalog: CatalogWriter

    def __init__(self, path: Path, *, salvage: bool = False) -> None:
        if not path.is_dir():
            raise CollectionNotFoundError(path)
        _refuse_network_disk(path)
        with storage_errors(path):
            self._refuse_foreign(path)
        self._lock = WriterLock(path)
        try:
            super().__init__(path)
            self._open_for_writing(salvage=salvage)
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

    def _open_for_writing(self, *, salvage: bool) -> None:
        try:
            self.catalog.migrate()
            if salvage:
                self._salvage()
            self._appender = self._open_vectors()
            self._looked_at = self.vector_path, 0
            self._remove_unlisted()
        except BaseException:
            self.catalog.close()
            raise

    def _open_vectors(self) -> VectorAppender:
        return VectorAppender(
            self.vector_path, rows=self.catalog.rows(), dimension=self.embedder.dimension
        )

    def _salvage(self) -> None:
        """Put a file of the right length in the place of a vector file that cannot be opened."""
        try:
            self.vectors()
        except (CollectionDamagedError, StorageError):
            old = self.vector_path
            new = old.with_name(layout.next_vector_file(old.name))
            salvage_rows(old, new, rows=self.catalog.rows(), dimension=self.embedder.dimension)
            with self.catalog.transaction():
                self.catalog.set_setting("vector_file", new.name)

    def _remove_unlisted(self) -> None:
        """Unlink what an interrupted writer left: it is not listed (any more), and means nothing.

        The vector file in use was opened before, so it is there and whole.
        """
        listed = self.catalog.derived_names() | {self.vector_path.name}
        with storage_errors(self.path):
            for path in self.path.iterdir():
                ours = layout.may_be_removed(path.name) or layout.is_vector_file(path.name)
                if ours and path.name not in listed:
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
        _refuse_network_disk(path)
        if not cls.exists(path):
            _lay_out(path, spec, cls._refuse_foreign)
        writer = cls(path)
        if writer.embedder != spec:
            stored = writer.embedder
            writer.close()
            raise EmbedderMismatchError(stored=str(stored), given=str(spec))
        return writer

    def close(self) -> None:
        """Let go of the files and of the lock; once is enough, twice does no harm."""
        if self._lock.is_held:
            with ExitStack() as last:
                last.callback(self._lock.release)
                last.callback(super().close)
                self._appender.close()

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
        added = stored[placed.new]
        if placed.new:
            self._appender.append(added, at=first)
        with self.catalog.transaction():
            if self.catalog.rows() != first:
                raise CollectionDamagedError(self.path, reason="another process has written")
            if placed.new:
                block = Block(first, len(added), block_digest(added))
                self.catalog.add_vectors(block, [row_checksum(row) for row in added])
            self.catalog.add_contents(
                ContentRecord(c.digest, c.size, row, c.width, c.height, c.format)
                for c, row in zip(contents, placed.rows, strict=True)
            )

    def sound_vectors(self) -> VectorReader:
        """Every committed vector, after a look at each; one is enough, as nobody else writes.

        Raises
        ------
        CollectionDamagedError
            If one is not as it was written.
        StorageError
            If the system refuses.
        """
        path, known = self._looked_at
        vectors = sound_vectors(self, known=known if path == self.vector_path else 0)
        self._looked_at = self.vector_path, vectors.shape[0]
        return vectors

    def lose_vectors(self, rows: Iterable[VectorRow]) -> None:
        """Note that some vectors are damaged, so that their photos are embedded again.

        Raises StorageError.
        """
        with self.catalog.transaction():
            self.catalog.lose_vectors(rows)

    def compact(self) -> None:
        """Drop tombstones, and the vectors that no present photo needs.

        All rows are numbered anew, and everything derived is forgotten.

        Raises
        ------
        CollectionDamagedError
            If a vector that is still needed is damaged; then nothing has changed.
        StorageError
            If the system refuses; then nothing has changed.
        """
        old = self.vector_path
        name = layout.next_vector_file(old.name)
        kept = np.unique(self.catalog.live()[1])
        target, checksums = self.path / name, self.catalog.checksums
        blocks = list(copy_rows(self.vectors(), kept, target, checksums))
        with self.catalog.transaction():
            unneeded = self.catalog.compact(kept.tolist(), blocks, name)
        self._appender.close()  # first: nothing may be appended to what is not named any more
        self._appender = self._open_vectors()
        self.discard([*unneeded, old.name])

    def _equal_row(self, vector: StoredVectors) -> VectorRow | None:
        candidates = self.catalog.rows_with_checksum(row_checksum(vector))
        if not candidates:
            return None
        vectors = self.vectors()
        return next((row for row in candidates if vectors.holds(row, vector)), None)

    def write_generation(
        self,
        kind: layout.GenerationKind,
        writers: Writers,
        *,
        basis: str,
        spec: Mapping[str, object],
    ) -> Generation:
        """Write the files of a generation over all committed rows; `catalog` must still list it."""
        return write_generation(self.path, self.catalog, kind, writers, basis=basis, spec=spec)

    def publish(
        self,
        kind: layout.GenerationKind,
        writers: Writers,
        *,
        basis: str,
        spec: Mapping[str, object],
    ) -> Generation:
        """Write a generation over all committed rows and make it the current one."""
        generation = self.write_generation(kind, writers, basis=basis, spec=spec)
        with self.catalog.transaction():
            unneeded = self.catalog.add_generation(generation)
        self.discard(unneeded)
        return generation

    def shelf(self, basis: str) -> UnfinishedWork:
        """Where long work on something derived keeps its finished parts."""
        return UnfinishedWork(self.path, basis)

    def discard(self, names: Iterable[str]) -> None:
        """Unlink files that the catalog does not list any more."""
        unlink_all(self.path, names)

    def rename_embedder(self, name: str) -> None:
        """Remember another name of the same embedder, whose model may have been moved."""
        if name != self.embedder.name:
            with self.catalog.transaction():
                self.catalog.set_setting("embedder", name)

    def forget_stray_clusters(self) -> None:
        """Drop clusterings that refer to nothing; `cluster` makes them again."""
        if self.catalog.stray_cluster_records():
            with self.catalog.transaction():
                self.catalog.forget_clusterings()

    def forget(self, kind: layout.GenerationKind) -> None:
        """Drop every generation of a kind; it can be made again."""
        with self.catalog.transaction():
            names = self.catalog.forget_generations(kind)
        self.discard(names)


def _refuse_network_disk(path: Path) -> None:
    kind = network_file_system(path.absolute())
    if kind is not None:
        raise NetworkDiskError(path, kind=kind)


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
        made = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        refuse_foreign(path)
        lock = WriterLock(path)
        try:
            if not (path / layout.CATALOG).exists():
                _write_empty(path, spec)
            for folder in made or [path]:
                sync_directory(folder.parent)
        finally:
            lock.release()


def _write_empty(path: Path, spec: EmbedderSpec) -> None:
    """Make an empty collection, but not in the place of one whose catalog is lost."""
    if holds_vectors(path):
        raise CollectionDamagedError(path, reason=f"it has vectors, but no {layout.CATALOG}")
    if os.path.lexists(path / layout.CATALOG):
        raise CollectionDamagedError(path, reason=f"its {layout.CATALOG} is not a file")
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

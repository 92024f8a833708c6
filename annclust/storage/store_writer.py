"""Store writer: the order in which a collection is written, by one process at a time.

The order is always vectors → fsync → catalog transaction → acknowledged; docs/format.md says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from annclust.arrays import Nodes, StoredVectors, VectorRow, Vectors
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    CollectionNotFoundError,
    EmbedderMismatchError,
    NotACollectionError,
    StorageError,
)
from annclust.images.capture import Capture
from annclust.storage import layout
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.compaction import copy_rows
from annclust.storage.durable import remove_file, storage_errors
from annclust.storage.generation_writer import Writers, unlink_all, write_generation
from annclust.storage.new_collection import lay_out, refuse_network_disk
from annclust.storage.placement import place
from annclust.storage.records import Block, ContentRecord, Generation
from annclust.storage.store import Store
from annclust.storage.unfinished_work import UnfinishedWork
from annclust.storage.vector_file import (
    VectorAppender,
    VectorReader,
    block_digest,
    create,
    row_checksum,
    salvage_rows,
)
from annclust.storage.verify import sound_vectors
from annclust.storage.writer_lock import WriterLock


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedContent:
    """What was learned about one content: its vector, shape (d,), and its size in pixels.

    And how it was taken, if somebody looked.
    """

    digest: bytes
    size: int
    width: int
    height: int
    format: str
    vector: Vectors
    capture: Capture | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Renumbered:
    """A set of vectors, the rows that it keeps, and where they are from now on."""

    store: StoreWriter
    kept: Nodes
    blocks: Sequence[Block]
    file: str


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
    vector_set : int or None
        Which of its sets of vectors is written to; the active one if None.
    salvage : bool
        Whether to go on with what is left of a vector file if it is damaged: each vector that is
        missing is as good as a damaged one then.
    """

    catalog: CatalogWriter

    def __init__(self, path: Path, vector_set: int | None = None, *, salvage: bool = False) -> None:
        if not path.is_dir():
            raise CollectionNotFoundError(path)
        refuse_network_disk(path)
        with storage_errors(path):
            self._refuse_foreign(path)
        self._lock = WriterLock(path)
        try:
            super().__init__(path, vector_set)
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

    def _open_catalog(self, vector_set: int | None) -> CatalogWriter:
        return CatalogWriter(self.path / layout.CATALOG, vector_set)

    def _open_for_writing(self, *, salvage: bool) -> None:
        self._appenders: dict[str, VectorAppender] = {}
        self._looked_at: dict[str, int] = {}  # rows of each vector file
        try:
            if salvage:
                for each in self.of_each_set():
                    each._salvage()
            self._appender()
            self._remove_unlisted()
        except BaseException:
            self._close_appenders()
            self.catalog.close()
            raise

    def _appender(self) -> VectorAppender:
        """What appends to the vector file of this set."""
        stored = self.catalog.vector_set()
        if stored.file not in self._appenders:
            self._appenders[stored.file] = VectorAppender(
                self.path / stored.file, rows=stored.rows, dimension=stored.embedder.dimension
            )
        return self._appenders[stored.file]

    def _close_appenders(self) -> None:
        while self._appenders:
            self._appenders.popitem()[1].close()

    def _new_vector_file(self, *also: str) -> str:
        """A name that no set's vector file has, nor one of `also`."""
        return layout.next_vector_file([*(s.file for s in self.catalog.vector_sets()), *also])

    def _salvage(self) -> None:
        """Put a file of the right length in the place of a vector file that cannot be opened."""
        try:
            self.vectors()
        except (CollectionDamagedError, StorageError):
            old = self.vector_path
            new = old.with_name(self._new_vector_file())
            salvage_rows(old, new, rows=self.catalog.rows(), dimension=self.embedder.dimension)
            with self.catalog.transaction():
                self.catalog.name_vector_file(new.name)

    def _remove_unlisted(self) -> None:
        """Unlink what an interrupted writer left: it is not listed (any more), and means nothing.

        No vector file goes before those in use are seen to be there and whole.
        """
        listed = self.catalog.derived_names() | {s.file for s in self.catalog.vector_sets()}
        with storage_errors(self.path):
            for path in self.path.iterdir():
                if path.name in listed:
                    continue
                if layout.may_be_removed(path.name) or (
                    layout.is_vector_file(path.name) and self._has_all_vectors()
                ):
                    remove_file(path)

    def _has_all_vectors(self) -> bool:
        try:
            for each in self.of_each_set():
                each.vectors()
        except (CollectionDamagedError, StorageError):
            return False
        return True

    @classmethod
    def create(cls, path: Path, spec: EmbedderSpec, *, add: bool = False) -> Self:
        """Open the collection at `path`, made if there is none, at the vectors of `spec`.

        Parameters
        ----------
        path : Path
        spec : EmbedderSpec
        add : bool
            Whether to add a set of vectors if it has none of that embedder.

        Raises
        ------
        NotACollectionError
            If `path` is a file, or a folder of other things.
        EmbedderMismatchError
            If the collection holds vectors of other embedders only.
        """
        if path.exists() and not path.is_dir():
            raise NotACollectionError(path, reason="it is a file")
        refuse_network_disk(path)
        if not cls.exists(path):
            lay_out(path, spec, cls._refuse_foreign)
        writer = cls(path)
        try:
            return writer._at_vectors_of(spec, add=add)
        except BaseException:
            writer.close()
            raise

    def _at_vectors_of(self, spec: EmbedderSpec, *, add: bool) -> Self:
        for stored in self.catalog.vector_sets():
            if stored.embedder.matches(spec):
                return self.of_set(stored.number)
        if not add:
            raise EmbedderMismatchError(stored=str(self.embedder), given=str(spec))
        name = self._new_vector_file()
        create(self.path / name, spec.dimension)
        with self.catalog.transaction():
            number = self.catalog.add_set(spec, name)
        return self.of_set(number)

    def make_active(self) -> None:
        """Let these vectors be the ones that are meant where no embedder is named."""
        if self.catalog.active_set() != self.catalog.set_number:
            with self.catalog.transaction():
                self.catalog.make_active()

    def close(self) -> None:
        """Let go of the files and of the lock; once is enough, twice does no harm."""
        if self._lock.is_held:
            with ExitStack() as last:
                last.callback(self._lock.release)
                last.callback(super().close)
                self._close_appenders()

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
        placed = place(stored, first, self._equal_row)
        added = stored[placed.new]
        if placed.new:
            self._appender().append(added, at=first)
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
            self.catalog.add_captures(
                (c.digest, c.capture) for c in contents if c.capture is not None
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
        name = self.vector_path.name
        vectors = sound_vectors(self, known=self._looked_at.get(name, 0))
        self._looked_at[name] = vectors.shape[0]
        return vectors

    def lose_vectors(self, rows: Iterable[VectorRow]) -> None:
        """Note that some vectors are damaged, so that their photos are embedded again.

        Raises StorageError.
        """
        with self.catalog.transaction():
            self.catalog.lose_vectors(rows)

    def compact(self, *, dropped: int | None = None) -> None:
        """Drop tombstones, and the vectors that no present photo needs.

        In a set of vectors where some are dropped, all rows are numbered anew, and everything
        derived is forgotten.

        Parameters
        ----------
        dropped : int or None
            Number of a set that goes as a whole; neither this one nor the active one.

        Raises
        ------
        CollectionDamagedError
            If a vector that is still needed is damaged; then nothing has changed.
        StorageError
            If the system refuses; then nothing has changed.
        """
        renumbered: list[_Renumbered] = []
        stay = [each for each in self.of_each_set() if each.catalog.set_number != dropped]
        for each in stay:
            kept = np.unique(each.catalog.live()[1])
            if len(kept) < each.catalog.rows():
                name = self._new_vector_file(*(done.file for done in renumbered))
                renumbered.append(each._kept_in(name, kept))
        unneeded = [done.store.vector_path.name for done in renumbered]
        with self.catalog.transaction():
            if dropped is not None:
                unneeded += self.catalog.of_set(dropped).drop_set()
            for each in stay:
                each.catalog.settle_representatives()
            self.catalog.drop_removed()
            for done in renumbered:
                catalog = done.store.catalog
                unneeded += catalog.renumber(done.kept.tolist(), done.blocks, done.file)
        self._close_appenders()  # nothing may be appended to what is not named any more
        self._appender()
        self.discard(unneeded)

    def _kept_in(self, name: str, kept: Nodes) -> _Renumbered:
        """Copy the rows that are kept to a new vector file."""
        checksums = self.catalog.checksums
        blocks = list(copy_rows(self.vectors(), kept, self.path / name, checksums))
        return _Renumbered(self, kept, blocks, name)

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
        return UnfinishedWork(self.path, f"set={self.catalog.set_number} {basis}")

    def discard(self, names: Iterable[str]) -> None:
        """Unlink files that the catalog does not list any more."""
        unlink_all(self.path, names)

    def rename_embedder(self, name: str) -> None:
        """Remember another name of the same embedder, whose model may have been moved."""
        if name != self.embedder.name:
            with self.catalog.transaction():
                self.catalog.name_embedder(name)

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

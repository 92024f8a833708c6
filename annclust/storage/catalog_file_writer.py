"""Catalog file writer: catalog.sqlite opened for writing; made, brought to date, and kept whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import CollectionDamagedError, StorageError, StorageWarning
from annclust.storage import schema
from annclust.storage.catalog_file import CatalogFile
from annclust.storage.checked_sqlite import open_to_write, verifies_pages
from annclust.storage.durable import storage_errors
from annclust.storage.layout import KINDS

_NOTHING_TO_SAY = apsw.BusyError, apsw.LockedError, apsw.ConnectionClosedError
"""Why the log is not taken in, without anything amiss: somebody reads it, or it was taken in."""


class CatalogFileWriter(CatalogFile):
    """The SQLite file, written by one connection, one transaction per change."""

    @classmethod
    def create(cls, path: Path, spec: EmbedderSpec, vector_file: str) -> None:
        """Make an empty catalog of the current format, with an empty set of vectors.

        All of it is written before the write-ahead log is switched on: when this returns, the one
        file holds everything and can be renamed. (A log would be copied into it on closing, and a
        full disk silently prevents that.) Switched on later, by the first writer, a crash would
        leave a file that no reader could open.
        """
        with storage_errors(path):
            db = open_to_write(path)
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                _migrate(db, 0)
                settings = {f"next_{kind}": "1" for kind in KINDS}
                db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", settings.items())
                first = add_set_to(db, spec, vector_file)
                db.execute("INSERT INTO setting VALUES ('active', ?)", (str(first),))
                db.execute("COMMIT")
                _switch_log_on(db, path)
            finally:
                db.close()

    def _connect(self) -> apsw.Connection:
        db = open_to_write(self.path)
        try:
            _switch_log_on(db, self.path)
        except BaseException:
            db.close()
            raise
        return db

    def _come_to_date(self) -> None:
        """Bring an older format up to the current one; whatever interrupts it, it is one of them.

        Raises
        ------
        StorageError
            If the system refuses; the catalog has its old format then.
        """
        found = self.format()
        if found < schema.CHECKED_FORMAT:
            self._give_pages_checksums()
        if found < schema.FORMAT:
            with self.transaction():
                _migrate(self._db, found)

    def _is_whole(self) -> bool:
        if not self._can_be_written():
            # Taking the log in may have been interrupted within a page, even within the first.
            self._empty_log()
            self._reopen()
        return self._can_be_written()

    def _can_be_written(self) -> bool:
        """Whether the file is whole, and what is written to it gets checksums."""
        return super()._is_whole() and verifies_pages(self._db)

    def _reopen(self) -> None:
        """Whether pages have checksums is noticed on opening."""
        with storage_errors(self.path):
            self._db.close()
            self._db = self._connect()

    def shrink(self) -> None:
        """Give space that is not needed any more back to the disk."""
        with storage_errors(self.path):
            self._db.execute("VACUUM")
        self._empty_log()

    def _empty_log(self) -> None:
        """Take the log into the file, unless a reader is at it."""
        try:
            with storage_errors(self.path), suppress(*_NOTHING_TO_SAY):
                self._db.execute("PRAGMA busy_timeout = 0")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except StorageError as error:
            told = f"{error.path}: {error.reason}. Everything stored is safe, in the log beside it"
            warnings.warn(told, StorageWarning, stacklevel=2)
        except CollectionDamagedError:
            pass  # whoever reads it is told

    def close(self) -> None:
        """Let go of the file, which holds everything by itself then, if no reader is at it."""
        self._empty_log()
        super().close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes of the block, or none; durable when the block is left."""
        with storage_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def set_setting(self, name: str, value: str) -> None:
        """Set a setting, new or known."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def _give_pages_checksums(self) -> None:
        """Rewrite every page, and wait until the file itself says so: not only its log."""
        with storage_errors(self.path):
            self._db.execute("VACUUM")
            ((busy, *_),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._reopen()
        if busy or not verifies_pages(self._db):
            raise StorageError(self.path, reason="another process is reading it")


def add_set_to(db: apsw.Connection, spec: EmbedderSpec, vector_file: str) -> int:
    """Add an empty set of vectors; gives its number."""
    db.execute(
        """INSERT INTO vector_set (embedder, revision, dimension, vector_file, rows)
        VALUES (?, ?, ?, ?, 0)""",
        (spec.name, spec.revision, spec.dimension, vector_file),
    )
    return db.last_insert_rowid()


def _migrate(db: apsw.Connection, found: int) -> None:
    for statements in schema.MIGRATIONS[found:]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {schema.FORMAT}")


def _switch_log_on(db: apsw.Connection, path: Path) -> None:
    ((mode,),) = db.execute("PRAGMA journal_mode = WAL")  # to its end, which may be an error
    if mode != "wal":
        raise StorageError(path, reason="this disk cannot hold a write-ahead log")

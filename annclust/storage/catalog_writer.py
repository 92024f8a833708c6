"""CatalogWriter: the writing half of all SQL; one connection, one transaction per change."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

import apsw

from annclust.arrays import ImageId, VectorRow
from annclust.errors import CollectionDamagedError, StorageError, StorageWarning
from annclust.storage import schema
from annclust.storage.catalog import Catalog
from annclust.storage.checked_sqlite import open_to_write, verifies_pages
from annclust.storage.durable import storage_errors
from annclust.storage.layout import KINDS, GenerationKind
from annclust.storage.records import (
    FORGOTTEN,
    Block,
    ContentRecord,
    Generation,
    Member,
    Root,
    UnreadableRecord,
    lost,
)

_KEPT_GENERATIONS = 2

_NOTHING_TO_SAY = apsw.BusyError, apsw.LockedError, apsw.ConnectionClosedError
"""Why the log is not taken in, without anything amiss: somebody reads it, or it was taken in."""

_COMPACT = (
    "DELETE FROM image WHERE removed",
    "DELETE FROM content WHERE digest NOT IN (SELECT digest FROM image)",
    f"UPDATE content SET row = {FORGOTTEN} WHERE row < 0",
    "UPDATE content SET row = (SELECT new FROM kept WHERE old = row) WHERE row >= 0",
    # In two steps: rows are keys, and must not meet while they change.
    """CREATE TEMP TABLE kept_vector AS
        SELECT new AS row, checksum FROM vector JOIN kept ON old = row""",
    "DELETE FROM vector",
    "INSERT INTO vector SELECT row, checksum FROM kept_vector",
    """CREATE TEMP TABLE kept_member AS
        SELECT level, new AS row, cluster, probability FROM member JOIN kept ON old = row""",
    "DELETE FROM member",
    "INSERT INTO member SELECT level, row, cluster, probability FROM kept_member",
    """DELETE FROM cluster WHERE NOT EXISTS (SELECT 1 FROM member
        WHERE member.level = cluster.level AND member.cluster = cluster.id)""",
    "DELETE FROM block",
    *(f"DROP TABLE {table}" for table in ("kept", "kept_vector", "kept_member")),
)
"""What compaction does to the catalog, given the table `kept` of old and new rows."""


class CatalogWriter(Catalog):
    """Reads and writes catalog.sqlite; the caller holds the writer lock."""

    @classmethod
    def create(cls, path: Path, settings: Mapping[str, str]) -> None:
        """Make an empty catalog of the current format with the given settings.

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
                db.executemany("INSERT INTO setting VALUES (?, ?)", settings.items())
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

    # Photos

    def add_root(self, path: bytes, device: int | None) -> Root:
        """Add a root, or give the one of that path."""
        self._db.execute(
            "INSERT INTO root (path, device) VALUES (?, ?) ON CONFLICT DO NOTHING", (path, device)
        )
        return Root(*self._one("SELECT id, path, device, offline FROM root WHERE path = ?", path))

    def set_root_state(self, root: int, *, device: int | None, offline: str | None) -> None:
        """Note on which device a root lies, or why it is offline."""
        self._db.execute(
            "UPDATE root SET device = ?, offline = ? WHERE id = ?", (device, offline, root)
        )

    def add_vectors(self, block: Block, checksums: Sequence[int]) -> None:
        """Note a block of rows that was appended, and the checksum of each row."""
        self._db.executemany(
            "INSERT INTO vector VALUES (?, ?)", enumerate(checksums, start=block.first_row)
        )
        self._add_block(block)
        self.set_setting("rows", str(block.first_row + block.rows))

    def _add_block(self, block: Block) -> None:
        values = block.first_row, block.rows, block.digest
        self._db.execute("INSERT INTO block VALUES (?, ?, ?)", values)

    def lose_vectors(self, rows: Iterable[VectorRow]) -> None:
        """Note that the vectors of some rows are of no use."""
        self._db.executemany(
            "UPDATE content SET row = ? WHERE row = ?", ((lost(row), row) for row in rows)
        )

    def compact(self, kept: Sequence[int], blocks: Iterable[Block], vector_file: str) -> list[str]:
        """Drop removed images and what only they needed; `kept` rows are numbered anew from 0.

        Gives the names of the derived files, all of which are out of date now.
        """
        for level in [row[0] for row in self._all("SELECT DISTINCT level FROM cluster")]:
            self._db.executemany(
                "UPDATE cluster SET representative = ? WHERE level = ? AND id = ?",
                [(image, level, cluster) for cluster, image in self._stand_ins(level).items()],
            )
        self._db.execute("CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
        self._db.executemany(
            "INSERT INTO kept VALUES (?, ?)", ((old, new) for new, old in enumerate(kept))
        )
        for statement in _COMPACT:
            self._db.execute(statement)
        for block in blocks:
            self._add_block(block)
        self.set_setting("vector_file", vector_file)
        self.set_setting("rows", str(len(kept)))
        return [name for kind in KINDS for name in self.forget_generations(kind)]

    def add_contents(self, contents: Iterable[ContentRecord]) -> None:
        """Add contents with the rows of their vectors, or give those that lost theirs a new one."""
        without = dict(self._all("SELECT digest, row FROM content WHERE row < 0"))
        for content in contents:
            if content.digest in without:
                self._give_row(content, lost(without[content.digest]))
            else:
                self._db.execute("INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)", astuple(content))

    def _give_row(self, content: ContentRecord, before: VectorRow) -> None:
        """Give a content a vector again, and the clusters that it was in with the one before."""
        self._db.execute(
            "UPDATE content SET row = ? WHERE digest = ?", (content.row, content.digest)
        )
        self._db.execute("UPDATE OR IGNORE member SET row = ? WHERE row = ?", (content.row, before))

    def add_image(
        self, root: int, path: bytes, size: int, modified_ns: int, digest: bytes
    ) -> ImageId:
        """Add a photo under a new id, or under the one its content had before it was removed."""
        known = list(
            self._db.execute(
                """SELECT id FROM image WHERE removed AND digest = ?
                ORDER BY root = ? AND path = ? DESC, id LIMIT 1""",
                (digest, root, path),
            )
        )
        if known:
            self.place_image(ImageId(known[0][0]), root, path, size, modified_ns, digest)
            return ImageId(known[0][0])
        self._db.execute(
            "INSERT INTO image (root, path, size, modified_ns, digest) VALUES (?, ?, ?, ?, ?)",
            (root, path, size, modified_ns, digest),
        )
        return ImageId(self._db.last_insert_rowid())

    def place_image(
        self, image: ImageId, root: int, path: bytes, size: int, modified_ns: int, digest: bytes
    ) -> None:
        """Say where a known photo lies now and what it holds; it is present again."""
        self._db.execute(
            """UPDATE image SET root = ?, path = ?, size = ?, modified_ns = ?, digest = ?,
            removed = 0 WHERE id = ?""",
            (root, path, size, modified_ns, digest, image),
        )

    def remove_images(self, images: Iterable[ImageId]) -> None:
        """Mark photos as removed; ids and vectors stay until the collection is compacted."""
        self._db.executemany("UPDATE image SET removed = 1 WHERE id = ?", ((i,) for i in images))

    def replace_unreadable(self, root: int, records: Iterable[UnreadableRecord]) -> None:
        """Put `records` in the place of all unreadable files of a root."""
        self._db.execute("DELETE FROM unreadable WHERE root = ?", (root,))
        self._db.executemany(
            "INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?, ?, ?, ?)",
            ((r.root, r.path, r.size, r.modified_ns, r.reason, r.retry) for r in records),
        )

    # Generations

    def add_generation(self, generation: Generation) -> list[str]:
        """Make a generation current; give the names of files that nobody needs any more."""
        kind, number = generation.kind, generation.number
        self._db.execute("UPDATE generation SET current = 0 WHERE kind = ?", (kind,))
        self._db.execute(
            "INSERT INTO generation VALUES (?, ?, ?, ?, ?, 1)",
            (kind, number, generation.rows, generation.basis, generation.spec),
        )
        self._db.executemany(
            "INSERT INTO derived_file VALUES (?, ?, ?, ?, ?)",
            ((f.name, kind, number, f.size, f.digest) for f in generation.files),
        )
        self.set_setting(f"next_{kind}", str(number + 1))
        return self.forget_generations(kind, before=number - _KEPT_GENERATIONS + 1)

    def forget_generations(self, kind: GenerationKind, *, before: int | None = None) -> list[str]:
        """Forget generations of a kind (all, or those before a number); gives their files."""
        old = (kind, self.next_generation(kind) if before is None else before)
        names = [
            row[0]
            for row in self._all(
                "SELECT name FROM derived_file WHERE kind = ? AND number < ?", *old
            )
        ]
        self._db.execute("DELETE FROM derived_file WHERE kind = ? AND number < ?", old)
        self._db.execute("DELETE FROM generation WHERE kind = ? AND number < ?", old)
        return names

    # Clusterings

    def add_clustering(
        self,
        level: str,
        *,
        settings: str,
        summary: str,
        members: Iterable[Member],
        representatives: Mapping[int, ImageId],
        next_cluster: int,
    ) -> int:
        """Put a clustering in the place of the level's last one; gives its id."""
        self._db.execute("DELETE FROM member WHERE level = ?", (level,))
        self._db.execute("DELETE FROM cluster WHERE level = ?", (level,))
        self._db.executemany(
            "INSERT INTO member VALUES (?, ?, ?, ?)",
            map((level,).__add__, members),
        )
        self._db.executemany(
            "INSERT INTO cluster VALUES (?, ?, ?)",
            ((level, cluster, image) for cluster, image in representatives.items()),
        )
        self.set_setting(f"next_cluster_{level}", str(next_cluster))
        self._db.execute(
            "INSERT INTO clustering (level, settings, summary) VALUES (?, ?, ?)",
            (level, settings, summary),
        )
        return self._db.last_insert_rowid()

    def set_clustering_settings(self, clustering: int, settings: str) -> None:
        """Say anew what a clustering was made with."""
        self._db.execute("UPDATE clustering SET settings = ? WHERE id = ?", (settings, clustering))

    def forget_clusterings(self) -> None:
        """Forget every clustering; ids that were given stay given."""
        for table in ("member", "cluster", "clustering"):
            self._db.execute(f"DELETE FROM {table}")

    def migrate(self) -> None:
        """Bring an older format up to the current one; whatever interrupts it, it is one of them.

        Raises
        ------
        StorageError
            If the system refuses; the catalog has its old format then.
        """
        found = self.format()
        if found < schema.FORMAT:
            self._give_pages_checksums()  # which the first format, the only older one, has not
            with self.transaction():
                _migrate(self._db, found)

    def _give_pages_checksums(self) -> None:
        """Rewrite every page, and wait until the file itself says so: not only its log."""
        with storage_errors(self.path):
            self._db.execute("VACUUM")
            ((busy, *_),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._reopen()
        if busy or not verifies_pages(self._db):
            raise StorageError(self.path, reason="another process is reading it")


def _migrate(db: apsw.Connection, found: int) -> None:
    for statements in schema.MIGRATIONS[found:]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {schema.FORMAT}")


def _switch_log_on(db: apsw.Connection, path: Path) -> None:
    ((mode,),) = db.execute("PRAGMA journal_mode = WAL")  # to its end, which may be an error
    if mode != "wal":
        raise StorageError(path, reason="this disk cannot hold a write-ahead log")

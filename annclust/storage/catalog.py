"""Catalog: what catalog.sqlite knows, and the reading half of all SQL.

The catalog is the truth about photos and the commit point of every change. Readers see one
consistent state at a time and never block the writer (write-ahead log).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from annclust.arrays import ImageId, Nodes, VectorRow
from annclust.closing import Closing
from annclust.errors import CollectionDamagedError, NewerFormatError, NotACollectionError
from annclust.storage import schema
from annclust.storage.checked_sqlite import is_whole, keep_pages, open_to_read
from annclust.storage.durable import storage_errors
from annclust.storage.layout import GenerationKind
from annclust.storage.records import (
    Block,
    ClusteringRecord,
    ContentRecord,
    DerivedFile,
    ExportRow,
    Generation,
    ImageRecord,
    Root,
    UnreadableRecord,
    joined,
)

_IMAGE = """SELECT image.id, image.path, image.size, image.modified_ns, image.digest, content.row,
    root.id, root.path, root.device, root.offline
    FROM image JOIN content USING (digest) JOIN root ON root.id = image.root"""
# The surest present photo of each cluster whose representative is gone, or shows something else.
_STAND_INS = """SELECT cluster, image FROM (
    SELECT member.cluster AS cluster, image.id AS image, row_number() OVER (
        PARTITION BY member.cluster ORDER BY member.probability DESC, image.id) AS place
    FROM cluster JOIN image AS chosen ON chosen.id = cluster.representative
        AND (chosen.removed OR NOT EXISTS (
            SELECT 1 FROM content AS held JOIN member AS own USING (row)
            WHERE held.digest = chosen.digest AND own.level = cluster.level
            AND own.cluster = cluster.id))
    JOIN member ON member.cluster = cluster.id AND member.level = cluster.level
    JOIN content USING (row) JOIN image ON image.digest = content.digest AND NOT image.removed
    WHERE cluster.level = ?1) WHERE place = 1"""
# In one statement, so that all of it is of one moment.
_EXPORT = f"""WITH stand_in AS MATERIALIZED ({_STAND_INS})
    SELECT image.id, root.path, image.path, image.digest, member.cluster, member.probability,
    cluster.representative IS image.id OR stand_in.image IS image.id
    FROM image JOIN root ON root.id = image.root JOIN content USING (digest)
    LEFT JOIN member ON member.row = content.row AND member.level = ?1
    LEFT JOIN cluster ON cluster.id = member.cluster AND cluster.level = ?1
    LEFT JOIN stand_in ON stand_in.cluster = member.cluster
    WHERE NOT image.removed ORDER BY image.id"""


class Catalog(Closing):
    """Reads catalog.sqlite. Use as a context manager.

    Parameters
    ----------
    path : Path
        The SQLite file.

    Raises
    ------
    NotACollectionError
        If the file is not one of ours.
    NewerFormatError
        If a later annclust wrote it.
    StorageError
        If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with storage_errors(path):
            self._db = self._connect()
        try:
            self._check_format()
        except BaseException:
            self._db.close()
            raise

    def _connect(self) -> apsw.Connection:
        return open_to_read(self.path)

    def _check_format(self) -> None:
        application = self._one("PRAGMA application_id")[0]
        if application != schema.APPLICATION_ID:
            raise NotACollectionError(
                self.path.parent, reason=f"{self.path.name} belongs to another program"
            )
        found = self.format()
        if found > schema.FORMAT:
            raise NewerFormatError(self.path.parent, found=found, known=schema.FORMAT)
        if found >= schema.CHECKED_FORMAT and not self._is_whole():
            raise CollectionDamagedError(
                self.path, reason="its size or its header is not as it was written"
            )

    def _is_whole(self) -> bool:
        with storage_errors(self.path):
            return is_whole(self._db, self.path)

    def format(self) -> int:
        """The format of docs/format.md that the catalog has."""
        return int(self._one("PRAGMA user_version")[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _one(self, sql: str, *values: object) -> tuple[Any, ...]:
        with storage_errors(self.path):
            row: tuple[Any, ...]
            (row,) = self._db.execute(sql, values)
            return row

    def _all(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with storage_errors(self.path):
            yield from self._db.execute(sql, values)

    def _pairs(self, sql: str, *values: object) -> tuple[Nodes, Nodes]:
        """Two columns of whole numbers, called a and b."""
        # As one text each: half the time of a tuple for each row.
        columns = self._one(f"SELECT group_concat(a), group_concat(b) FROM ({sql})", *values)
        a, b = (np.fromstring(text or "", dtype=np.int64, sep=",") for text in columns)
        return a, b

    def _all_with_paths(
        self, columns: Sequence[int], sql: str, *values: object
    ) -> Iterator[tuple[Any, ...]]:
        """As `_all`; paths with zeros, which no system has, are damage.

        The checksum of a page that became all zeros is right, by the way it is computed. One kind
        of page can be such without anything else being amiss: the last one of a long path.
        """
        for row in self._all(sql, *values):
            if any(b"\0" in row[column] for column in columns):
                raise CollectionDamagedError(self.path, reason="it has a path with zeros in it")
            yield row

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the catalog throughout the block; keep it short. May be nested."""
        if self._db.in_transaction:
            yield
            return
        with storage_errors(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    # Settings and sizes

    def setting(self, name: str, default: str | None = None) -> str:
        """Value of a setting; without `default` it must be one that every collection has.

        Raises
        ------
        CollectionDamagedError
            If it is missing.
        """
        row = next(self._all("SELECT value FROM setting WHERE name = ?", name), None)
        if row is not None:
            return str(row[0])
        if default is None:
            raise CollectionDamagedError(self.path, reason=f"its setting {name!r} is missing")
        return default

    def rows(self) -> int:
        """Committed rows of the vector file."""
        return int(self.setting("rows"))

    def counts(self) -> dict[str, int]:
        """How many present images, removed images, contents, vectors and unreadable files."""
        sql = """SELECT (SELECT count(*) FROM image WHERE NOT removed),
            (SELECT count(*) FROM image WHERE removed), (SELECT count(*) FROM content),
            (SELECT count(*) FROM vector), (SELECT count(*) FROM unreadable)"""
        names = ("images", "removed", "contents", "vectors", "unreadable")
        return dict(zip(names, self._one(sql), strict=True))

    # Photos

    def roots(self) -> list[Root]:
        """Every root, oldest first."""
        sql = "SELECT id, path, device, offline FROM root ORDER BY id"
        return [Root(*row) for row in self._all_with_paths((1,), sql)]

    def used_roots(self) -> set[int]:
        """Ids of the roots that have present images."""
        return {row[0] for row in self._all("SELECT DISTINCT root FROM image WHERE NOT removed")}

    def _images(self, clause: str, *values: object) -> list[ImageRecord]:
        return [
            ImageRecord(
                ImageId(row[0]), Root(*row[6:]), row[1], row[2], row[3], row[4], VectorRow(row[5])
            )
            for row in self._all_with_paths((1, 7), f"{_IMAGE} WHERE NOT removed {clause}", *values)
        ]

    def images_under(self, root: int) -> list[ImageRecord]:
        """Present images of one root, by id."""
        return self._images("AND image.root = ? ORDER BY image.id", root)

    def images_of_rows(self, rows: Iterable[int]) -> list[ImageRecord]:
        """Present images whose content has one of some vectors, by id."""
        one_of_them = "content.row IN (SELECT value FROM json_each(?))"
        return self._images(f"AND {one_of_them} ORDER BY image.id", json.dumps([*rows]))

    def images_without_vector(self) -> list[ImageRecord]:
        """Present images that are yet to be embedded again, by id."""
        waiting = "digest IN (SELECT digest FROM content WHERE row < 0)"
        return self._images(f"AND {waiting} ORDER BY image.id")

    def images_of_digest(self, digest: bytes) -> list[ImageRecord]:
        """Present images with that content, by id."""
        return self._images("AND image.digest = ? ORDER BY image.id", digest)

    def unreadable(self) -> list[tuple[Root, UnreadableRecord]]:
        """Files that could not be read, by root and path."""
        roots = {root.id: root for root in self.roots()}
        sql = "SELECT root, path, size, modified_ns, reason, retry FROM unreadable"
        records = (UnreadableRecord(*row) for row in self._all_with_paths((1,), sql))
        return [(roots[record.root], record) for record in records]

    def contents_of_size(self, size: int, most: int) -> frozenset[bytes]:
        """Digests of contents of that many bytes that have a vector, at most so many."""
        sql = "SELECT digest FROM content WHERE size = ? AND row >= 0 LIMIT ?"
        return frozenset(row[0] for row in self._all(sql, size, most))

    def content(self, digest: bytes) -> ContentRecord | None:
        """The content of that digest, if it has a vector."""
        sql = """SELECT digest, size, row, width, height, format FROM content
            WHERE digest = ? AND row >= 0"""
        row = next(self._all(sql, digest), None)
        return None if row is None else ContentRecord(*row)

    def live(self) -> tuple[Nodes, Nodes]:
        """Ids of all present images that have a vector, ascending, and its rows: two (m,)."""
        # Both tables in the order of digests, so that what is looked up stands together: a third of
        # the time that looking up digests in the order of images takes.
        sql = """SELECT image.id AS a, content.row AS b
            FROM image INDEXED BY image_digest CROSS JOIN content USING (digest)
            WHERE content.row >= 0 AND image.id NOT IN (SELECT id FROM image WHERE removed)"""
        images, rows = self._pairs(sql)
        order = np.argsort(images)
        return images[order], rows[order]

    def rows_with_checksum(self, checksum: int) -> list[VectorRow]:
        """Rows whose stored bytes have that checksum."""
        sql = "SELECT row FROM vector WHERE checksum = ? ORDER BY row"
        return [VectorRow(row[0]) for row in self._all(sql, checksum)]

    def blocks(self) -> list[Block]:
        """Every block of the vector file, in order."""
        sql = "SELECT first_row, rows, digest FROM block ORDER BY first_row"
        return [Block(*row) for row in self._all(sql)]

    # Generations

    def generation(self, kind: GenerationKind) -> Generation | None:
        """The current generation of a kind."""
        sql = """SELECT number, rows, basis, spec FROM generation WHERE kind = ? AND current"""
        found = next(self._all(sql, kind), None)
        if found is None:
            return None
        number, rows, basis, spec = found
        return Generation(kind, number, rows, basis, spec, self._files(kind, number))

    def _files(self, kind: GenerationKind, number: int) -> tuple[DerivedFile, ...]:
        sql = """SELECT name, size, digest FROM derived_file
            WHERE kind = ? AND number = ? ORDER BY name"""
        return tuple(DerivedFile(*row) for row in self._all(sql, kind, number))

    def derived_names(self) -> set[str]:
        """Names of all listed derived files, of older generations too."""
        return {row[0] for row in self._all("SELECT name FROM derived_file")}

    def next_generation(self, kind: GenerationKind) -> int:
        """A number that no generation of that kind ever had."""
        return int(self.setting(f"next_{kind}"))

    # Clusterings

    def clustering(self, level: str | None = None) -> ClusteringRecord | None:
        """The last clustering, of a level or of any."""
        sql = """SELECT id, level, settings, summary FROM clustering
            WHERE ?1 IS NULL OR level = ?1 ORDER BY id DESC LIMIT 1"""
        row = next(self._all(sql, level), None)
        return None if row is None else ClusteringRecord(*row)

    def clusterings(self) -> list[ClusteringRecord]:
        """The last clustering of every level."""
        sql = """SELECT max(id), level, settings, summary FROM clustering
            GROUP BY level ORDER BY level"""
        return [ClusteringRecord(*row) for row in self._all(sql)]

    def memberships(self, level: str) -> tuple[Nodes, Nodes]:
        """Rows that lie in a cluster, ascending, and their cluster ids: two (m,)."""
        sql = "SELECT row AS a, cluster AS b FROM member WHERE level = ? ORDER BY row"
        return self._pairs(sql, level)

    def next_cluster(self, level: str) -> int:
        """A cluster id that was never given on that level."""
        return int(self.setting(f"next_cluster_{level}", "0"))

    def export(self, level: str) -> Iterator[ExportRow]:
        """Every present photo with its place in the current clustering of a level, by id."""
        rows = self._all_with_paths((1, 2), _EXPORT, level)
        for image, root, path, digest, cluster, probability, stands in rows:
            full = joined(root, path)
            yield ExportRow(ImageId(image), full, digest, cluster, probability, bool(stands))

    def _stand_ins(self, level: str) -> dict[int, int]:
        """The surest present photo of each cluster whose representative is gone."""
        return dict(self._all(_STAND_INS, level))

    # Health

    def integrity_problems(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        with storage_errors(self.path):
            keep_pages(self._db)
        checks = [row[0] for row in self._all("PRAGMA integrity_check") if row[0] != "ok"]
        dangling = [
            f"{row[0]} refers to a missing {row[2]}"
            for row in self._all("PRAGMA foreign_key_check")
        ]
        sql = """SELECT count(*) FROM (SELECT path FROM root UNION ALL SELECT path FROM image
            UNION ALL SELECT path FROM unreadable) WHERE instr(path, x'00')"""
        zeros = self._one(sql)[0]
        return [*checks, *dangling, *(["paths have zeros in them"] if zeros else [])]

    def vector_rows(self) -> tuple[int, int]:
        """How many rows have a checksum, and the first row that none can have."""
        count, last = self._one("SELECT count(*), max(row) FROM vector")
        return count, 0 if last is None else last + 1

    def checksums(self, first: int, last: int) -> dict[VectorRow, int]:
        """Checksum of each row in [first, last)."""
        sql = "SELECT row, checksum FROM vector WHERE row >= ? AND row < ?"
        return {VectorRow(row): checksum for row, checksum in self._all(sql, first, last)}

    def checksums_of(self, rows: Iterable[int]) -> dict[VectorRow, int]:
        """Checksum of each of some rows."""
        sql = "SELECT row, checksum FROM vector WHERE row IN (SELECT value FROM json_each(?))"
        return {VectorRow(row): checksum for row, checksum in self._all(sql, json.dumps([*rows]))}

    def contents_beyond(self, row: int) -> int:
        """How many contents refer to that row or a later one."""
        return int(self._one("SELECT count(*) FROM content WHERE row >= ?", row)[0])

    def stray_cluster_records(self) -> int:
        """How many members lie in no cluster or have no vector, and clusters have no photo."""
        sql = """SELECT
            (SELECT count(*) FROM member LEFT JOIN cluster
                ON cluster.id = member.cluster AND cluster.level = member.level
                LEFT JOIN vector USING (row)
                WHERE cluster.id IS NULL OR vector.row IS NULL)
            + (SELECT count(*) FROM cluster LEFT JOIN image ON image.id = cluster.representative
                WHERE image.id IS NULL)"""
        return int(self._one(sql)[0])

    def images_in_rows(self, first: int, last: int) -> list[ImageId]:
        """Present images whose vectors lie in rows [first, last), by id."""
        sql = """SELECT image.id FROM image JOIN content USING (digest)
            WHERE NOT removed AND content.row >= ? AND content.row < ? ORDER BY image.id"""
        return [ImageId(row[0]) for row in self._all(sql, first, last)]

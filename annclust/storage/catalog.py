"""Catalog: what catalog.sqlite knows, and the reading half of all SQL.

The catalog is the truth about photos and the commit point of every change. Readers see one
consistent state at a time and never block the writer (write-ahead log).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np

from annclust.arrays import ImageId, Nodes, VectorRow
from annclust.storage.checked_sqlite import keep_pages
from annclust.storage.durable import storage_errors
from annclust.storage.layout import GenerationKind
from annclust.storage.records import (
    Block,
    Captures,
    ClusteringRecord,
    DerivedFile,
    ExportRow,
    Generation,
    joined,
)
from annclust.storage.review_catalog import ReviewCatalog

# In every statement ?1 is the set of vectors.
# The surest present photo of each cluster whose representative is gone, or shows something else.
_STAND_INS = """SELECT cluster, image FROM (
    SELECT member.cluster AS cluster, image.id AS image, row_number() OVER (
        PARTITION BY member.cluster ORDER BY member.probability DESC, image.id) AS place
    FROM cluster JOIN image AS chosen ON chosen.id = cluster.representative
        AND (chosen.removed OR NOT EXISTS (
            SELECT 1 FROM embedding AS held JOIN member AS own USING (vector_set, row)
            WHERE held.digest = chosen.digest AND held.vector_set = ?1
            AND own.level = cluster.level AND own.cluster = cluster.id))
    JOIN member ON member.cluster = cluster.id AND member.level = cluster.level
        AND member.vector_set = ?1
    JOIN embedding ON embedding.row = member.row AND embedding.vector_set = ?1
    JOIN image ON image.digest = embedding.digest AND NOT image.removed
    WHERE cluster.level = ?2 AND cluster.vector_set = ?1) WHERE place = 1"""
# In the order of digests, as in `live`: a quarter of the time. NumPy puts it in order of rows.
_CAPTURES = """SELECT embedding.row, taken_ns / 1e9, latitude, longitude
    FROM capture CROSS JOIN embedding USING (digest)
    CROSS JOIN image INDEXED BY image_digest USING (digest)
    WHERE embedding.vector_set = ?1 AND embedding.row >= 0
    AND image.id NOT IN (SELECT id FROM image WHERE removed)"""
# In one statement, so that all of it is of one moment.
_EXPORT = f"""WITH stand_in AS MATERIALIZED ({_STAND_INS})
    SELECT image.id, root.path, image.path, image.digest, member.cluster, member.probability,
    cluster.representative IS image.id OR stand_in.image IS image.id
    FROM image JOIN root ON root.id = image.root
    LEFT JOIN embedding ON embedding.digest = image.digest AND embedding.vector_set = ?1
    LEFT JOIN member ON member.row = embedding.row AND member.level = ?2 AND member.vector_set = ?1
    LEFT JOIN cluster ON cluster.id = member.cluster AND cluster.level = ?2
        AND cluster.vector_set = ?1
    LEFT JOIN stand_in ON stand_in.cluster = member.cluster
    WHERE NOT image.removed ORDER BY image.id"""


class Catalog(ReviewCatalog):
    """Reads catalog.sqlite. Use as a context manager.

    What it tells of vectors is of one set of them; photos are what they are in all.

    Parameters
    ----------
    path : Path
        The SQLite file.
    vector_set : int or None
        Number of the set; the active one if None.

    Raises
    ------
    NotACollectionError
        If the file is not one of ours.
    NewerFormatError
        If a later annclust wrote it.
    StorageError
        If it cannot be read.
    """

    # Vectors

    def live(self) -> tuple[Nodes, Nodes]:
        """Ids of all present images that have a vector, ascending, and its rows: two (m,)."""
        # Both tables in the order of digests, so that what is looked up stands together: a third of
        # the time that looking up digests in the order of images takes.
        sql = """SELECT image.id AS a, embedding.row AS b
            FROM image INDEXED BY image_digest CROSS JOIN embedding USING (digest)
            WHERE embedding.vector_set = ? AND embedding.row >= 0
            AND image.id NOT IN (SELECT id FROM image WHERE removed)"""
        images, rows = self._pairs(sql, self._own)
        order = np.argsort(images)
        return images[order], rows[order]

    def captures(self) -> Captures:
        """When and where photos were taken, of those present ones of which that was looked for."""
        names = ("row", "taken", "latitude", "longitude")
        columns = [(name, np.int64 if name == "row" else np.float64) for name in names]
        found = np.fromiter(self._ours(_CAPTURES), dtype=columns)
        order = np.lexsort([found[name] for name in reversed(names)])  # what is unknown comes last
        rows, first = np.unique(found["row"][order], return_index=True)
        taken, latitude, longitude = (found[name][order[first]] for name in names[1:])
        return Captures(rows, taken, latitude, longitude)

    def rows_of(self, digests: Iterable[bytes]) -> dict[bytes, VectorRow]:
        """Row of each of some contents that has a vector."""
        sql = "SELECT row FROM embedding WHERE vector_set = ? AND digest = ? AND row >= 0"
        found = ((digest, next(self._ours(sql, digest), None)) for digest in digests)
        return {digest: VectorRow(row[0]) for digest, row in found if row is not None}

    def rows_with_checksum(self, checksum: int) -> list[VectorRow]:
        """Rows whose stored bytes have that checksum."""
        sql = "SELECT row FROM vector WHERE vector_set = ? AND checksum = ? ORDER BY row"
        return [VectorRow(row[0]) for row in self._ours(sql, checksum)]

    def blocks(self) -> list[Block]:
        """Every block of the vector file, in order."""
        sql = "SELECT first_row, rows, digest FROM block WHERE vector_set = ? ORDER BY first_row"
        return [Block(*row) for row in self._ours(sql)]

    # Generations

    def generation(self, kind: GenerationKind) -> Generation | None:
        """The current generation of a kind."""
        sql = """SELECT number, rows, basis, spec FROM generation
            WHERE vector_set = ? AND kind = ? AND current"""
        found = next(self._ours(sql, kind), None)
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
            WHERE vector_set = ?1 AND (?2 IS NULL OR level = ?2) ORDER BY id DESC LIMIT 1"""
        row = next(self._ours(sql, level), None)
        return None if row is None else ClusteringRecord(*row)

    def clusterings(self) -> list[ClusteringRecord]:
        """The last clustering of every level."""
        sql = """SELECT max(id), level, settings, summary FROM clustering
            WHERE vector_set = ? GROUP BY level ORDER BY level"""
        return [ClusteringRecord(*row) for row in self._ours(sql)]

    def memberships(self, level: str) -> tuple[Nodes, Nodes]:
        """Rows that lie in a cluster, ascending, and their cluster ids: two (m,)."""
        sql = """SELECT row AS a, cluster AS b FROM member
            WHERE vector_set = ? AND level = ? ORDER BY row"""
        return self._pairs(sql, self._own, level)

    def past_memberships(self, level: str) -> tuple[Nodes, Nodes]:
        """Rows that lay in clusters that are none at the moment, and their ids: two (m,)."""
        sql = """SELECT row AS a, cluster AS b FROM past_member
            WHERE vector_set = ? AND level = ? ORDER BY cluster, row"""
        return self._pairs(sql, self._own, level)

    def next_cluster(self, level: str) -> int:
        """A cluster id that was never given on that level."""
        return int(self.setting(f"next_cluster_{level}", "0"))

    def export(self, level: str) -> Iterator[ExportRow]:
        """Every present photo with its place in the current clustering of a level, by id."""
        rows = self._all_with_paths((1, 2), _EXPORT, self._own, level)
        for image, root, path, digest, cluster, probability, stands in rows:
            full = joined(root, path)
            yield ExportRow(ImageId(image), full, digest, cluster, probability, bool(stands))

    def _stand_ins(self, level: str) -> dict[int, int]:
        """The surest present photo of each cluster whose representative is gone."""
        return dict(self._ours(_STAND_INS, level))

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
        tables = ("root", "image", "companion", "unreadable")
        paths = " UNION ALL ".join(f"SELECT path FROM {table}" for table in tables)
        zeros = self._one(f"SELECT count(*) FROM ({paths}) WHERE instr(path, x'00')")[0]
        return [*checks, *dangling, *(["paths have zeros in them"] if zeros else [])]

    def vector_rows(self) -> tuple[int, int]:
        """How many rows have a checksum, and the first row that none can have."""
        count, last = self._one(
            "SELECT count(*), max(row) FROM vector WHERE vector_set = ?", self._own
        )
        return count, 0 if last is None else last + 1

    def checksums(self, first: int, last: int) -> dict[VectorRow, int]:
        """Checksum of each row in [first, last)."""
        sql = "SELECT row, checksum FROM vector WHERE vector_set = ? AND row >= ? AND row < ?"
        return {VectorRow(row): checksum for row, checksum in self._ours(sql, first, last)}

    def checksums_of(self, rows: Iterable[int]) -> dict[VectorRow, int]:
        """Checksum of each of some rows."""
        sql = """SELECT row, checksum FROM vector
            WHERE vector_set = ? AND row IN (SELECT value FROM json_each(?))"""
        return {VectorRow(row): checksum for row, checksum in self._ours(sql, json.dumps([*rows]))}

    def contents_beyond(self, row: int) -> int:
        """How many contents refer to that row or a later one."""
        sql = "SELECT count(*) FROM embedding WHERE vector_set = ? AND row >= ?"
        return int(self._one(sql, self._own, row)[0])

    def stray_cluster_records(self) -> int:
        """How many members lie in no cluster or have no vector, and clusters have no photo.

        Members of clusters of the past lie in none, but have vectors.
        """
        sql = """SELECT
            (SELECT count(*) FROM member LEFT JOIN cluster ON cluster.id = member.cluster
                AND cluster.level = member.level AND cluster.vector_set = ?1
                LEFT JOIN vector ON vector.row = member.row AND vector.vector_set = ?1
                WHERE member.vector_set = ?1 AND (cluster.id IS NULL OR vector.row IS NULL))
            + (SELECT count(*) FROM past_member LEFT JOIN vector USING (vector_set, row)
                WHERE vector_set = ?1 AND vector.row IS NULL)
            + (SELECT count(*) FROM cluster LEFT JOIN image ON image.id = cluster.representative
                WHERE cluster.vector_set = ?1 AND image.id IS NULL)"""
        return int(self._one(sql, self._own)[0])

    def images_in_rows(self, first: int, last: int) -> list[ImageId]:
        """Present images whose vectors lie in rows [first, last), by id."""
        sql = """SELECT image.id FROM image JOIN embedding USING (digest)
            WHERE NOT removed AND vector_set = ? AND row >= ? AND row < ? ORDER BY image.id"""
        return [ImageId(row[0]) for row in self._ours(sql, first, last)]

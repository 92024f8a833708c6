"""CatalogWriter: the writing half of all SQL; one connection, one transaction per change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from annclust.arrays import ImageId, VectorRow
from annclust.embedding.embedder import EmbedderSpec
from annclust.images.capture import FIELDS, Capture
from annclust.storage.catalog_file_writer import add_set_to
from annclust.storage.clustering_writer import ClusteringWriter
from annclust.storage.decision_writer import DecisionWriter
from annclust.storage.layout import KINDS, GenerationKind
from annclust.storage.photo_catalog import MISSED_PLACES, PLACES
from annclust.storage.records import (
    FORGOTTEN,
    Block,
    CompanionRecord,
    ContentRecord,
    Generation,
    Root,
    UnreadableRecord,
    lost,
)
from annclust.storage.review_writer import ReviewWriter

_KEPT_GENERATIONS = 2

_DROP_REMOVED = (
    "DELETE FROM companion WHERE image IN (SELECT id FROM image WHERE removed)",
    "DELETE FROM mark WHERE image IN (SELECT id FROM image WHERE removed)",
    "DELETE FROM review WHERE image IN (SELECT id FROM image WHERE removed)",
    "DELETE FROM image WHERE removed",
    "DELETE FROM examination WHERE digest NOT IN (SELECT digest FROM image)",
    "DELETE FROM embedding WHERE digest NOT IN (SELECT digest FROM image)",
    "DELETE FROM capture WHERE digest NOT IN (SELECT digest FROM image)",
    "DELETE FROM content WHERE digest NOT IN (SELECT digest FROM image)",
)
"""What compaction does to the photos."""

_RENUMBER = (
    f"UPDATE embedding SET row = {FORGOTTEN} WHERE vector_set = ? AND row < 0",
    """UPDATE embedding SET row = (SELECT new FROM kept WHERE old = row)
        WHERE vector_set = ? AND row >= 0""",
    # In two steps: rows are keys, and must not meet while they change.
    """CREATE TEMP TABLE kept_vector AS
        SELECT vector_set, new AS row, checksum FROM vector JOIN kept ON old = row
        WHERE vector_set = ?""",
    "DELETE FROM vector WHERE vector_set = ?",
    "INSERT INTO vector SELECT * FROM kept_vector",
    """CREATE TEMP TABLE kept_member AS
        SELECT vector_set, level, new AS row, cluster, probability FROM member JOIN kept
        ON old = row WHERE vector_set = ?""",
    "DELETE FROM member WHERE vector_set = ?",
    "INSERT INTO member SELECT * FROM kept_member",
    """DELETE FROM cluster WHERE vector_set = ? AND NOT EXISTS (SELECT 1 FROM member
        WHERE member.vector_set = cluster.vector_set
        AND member.level = cluster.level AND member.cluster = cluster.id)""",
    """CREATE TEMP TABLE kept_past AS
        SELECT vector_set, level, cluster, new AS row FROM past_member JOIN kept
        ON old = row WHERE vector_set = ?""",
    "DELETE FROM past_member WHERE vector_set = ?",
    "INSERT INTO past_member SELECT * FROM kept_past",
    "DELETE FROM block WHERE vector_set = ?",
    *(f"DROP TABLE {table}" for table in ("kept", "kept_vector", "kept_member", "kept_past")),
)
"""What compaction does to a set of vectors, given the table `kept` of old and new rows."""


class CatalogWriter(ClusteringWriter, DecisionWriter, ReviewWriter):
    """Reads and writes catalog.sqlite; the caller holds the writer lock."""

    @property
    def _own(self) -> int:
        """Number of the set: nobody else drops one, so that it need not be looked for."""
        return self.set_number

    # Folders

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

    # Sets of vectors

    def add_set(self, spec: EmbedderSpec, vector_file: str) -> int:
        """Add an empty set; gives its number."""
        self.try_unreadable_again()
        return add_set_to(self._db, spec, vector_file)

    def try_unreadable_again(self) -> None:
        """What an embedder had nothing to make of may do for another one."""
        self._db.execute("UPDATE unreadable SET retry = 1")

    def make_active(self) -> None:
        """Let this set be the one that is meant where none is named."""
        self.try_unreadable_again()
        self.set_setting("active", str(self.set_number))

    def drop_set(self) -> list[str]:
        """Forget this set and all that was made from it; gives the names of its files."""
        dropped = self.vector_set()
        names = [name for kind in KINDS for name in self.forget_generations(kind)]
        self.forget_clusterings()
        for table in ("embedding", "vector", "block"):
            self._of_set(f"DELETE FROM {table} WHERE vector_set = ?")
        self._of_set("DELETE FROM vector_set WHERE number = ?")
        return [*names, dropped.file]

    def _of_set(self, sql: str) -> None:
        """Run a statement; its only parameter is the set of vectors, if it has one."""
        self._db.execute(sql, (self.set_number,) * sql.count("?"))

    def _change_set(self, column: str, value: str | int) -> None:
        """Say something of this set anew."""
        self._db.execute(
            f"UPDATE vector_set SET {column} = ? WHERE number = ?", (value, self.set_number)
        )

    def name_embedder(self, name: str) -> None:
        """Say what the embedder of this set is called."""
        self._change_set("embedder", name)

    def name_vector_file(self, name: str) -> None:
        """Say in which file the vectors of this set are."""
        self._change_set("vector_file", name)

    def add_vectors(self, block: Block, checksums: Sequence[int]) -> None:
        """Note a block of rows that was appended, and the checksum of each row."""
        rows = enumerate(checksums, start=block.first_row)
        self._db.executemany(
            "INSERT INTO vector VALUES (?, ?, ?)",
            ((self.set_number, row, checksum) for row, checksum in rows),
        )
        self._add_block(block)
        self._change_set("rows", block.first_row + block.rows)

    def _add_block(self, block: Block) -> None:
        values = self.set_number, block.first_row, block.rows, block.digest
        self._db.execute("INSERT INTO block VALUES (?, ?, ?, ?)", values)

    def lose_vectors(self, rows: Iterable[VectorRow]) -> None:
        """Note that the vectors of some rows are of no use."""
        self._db.executemany(
            "UPDATE embedding SET row = ? WHERE vector_set = ? AND row = ?",
            ((lost(row), self.set_number, row) for row in rows),
        )

    def settle_representatives(self) -> None:
        """Let a photo that is there stand for each cluster of this set, before others are dropped.

        For one whose photos are all gone nobody does.
        """
        levels = "SELECT DISTINCT level FROM cluster WHERE vector_set = ?"
        for level in [row[0] for row in self._ours(levels)]:
            self._db.executemany(
                """UPDATE cluster SET representative = ?
                WHERE vector_set = ? AND level = ? AND id = ?""",
                [(image, self.set_number, level, c) for c, image in self._stand_ins(level).items()],
            )

    def drop_removed(self) -> None:
        """Drop removed images, and the contents that only they had."""
        for statement in _DROP_REMOVED:
            self._db.execute(statement)

    def renumber(self, kept: Sequence[int], blocks: Iterable[Block], vector_file: str) -> list[str]:
        """Number `kept` rows of this set anew from 0, without the others.

        Gives the names of its derived files, all of which are out of date now.
        """
        self._db.execute("CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
        self._db.executemany(
            "INSERT INTO kept VALUES (?, ?)", ((old, new) for new, old in enumerate(kept))
        )
        for statement in _RENUMBER:
            self._of_set(statement)
        for block in blocks:
            self._add_block(block)
        self.name_vector_file(vector_file)
        self._change_set("rows", len(kept))
        return [name for kind in KINDS for name in self.forget_generations(kind)]

    # Photos

    def add_contents(self, contents: Iterable[ContentRecord]) -> None:
        """Add contents with the rows of their vectors, or give those that have none theirs."""
        lost_ones = "SELECT digest, row FROM embedding WHERE vector_set = ? AND row < 0"
        without = dict(self._ours(lost_ones))
        given: list[tuple[ContentRecord, VectorRow]] = []
        for content in contents:
            self._db.execute(
                "INSERT INTO content VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (content.digest, content.size, content.width, content.height, content.format),
            )
            if content.digest in without:
                given.append((content, lost(without[content.digest])))
            else:
                self._db.execute(
                    "INSERT INTO embedding VALUES (?, ?, ?)",
                    (self.set_number, content.digest, content.row),
                )

        if given:
            self._give_rows(given)

    def _give_rows(self, given: Sequence[tuple[ContentRecord, VectorRow]]) -> None:
        """Give contents vectors again, and the clusters that they were in with those before.

        Contents that had one vector have one again.
        """
        self._db.executemany(
            "UPDATE embedding SET row = ? WHERE vector_set = ? AND digest = ?",
            ((content.row, self.set_number, content.digest) for content, _ in given),
        )
        rows = json.dumps({str(before): content.row for content, before in given})
        for table in ("member", "past_member"):  # in one go: members are not found by their rows
            self._db.execute(
                f"""WITH given AS MATERIALIZED
                    (SELECT CAST(key AS INTEGER) AS before, value AS now FROM json_each(?2))
                    UPDATE OR IGNORE {table}
                    SET row = (SELECT now FROM given WHERE before = row) WHERE vector_set = ?1
                    AND row IN (SELECT before FROM given)""",
                (self.set_number, rows),
            )

    def add_captures(self, captures: Iterable[tuple[bytes, Capture]]) -> None:
        """Note how photos were taken, by the digest of their contents, which are there already.

        What is noted of a content stays: its bytes say the same every time. If a later annclust
        understands more of them, a migration empties the table, and all are looked at once more.
        Where they were taken is left out if `keep_places` said so, and filled in if it was.
        """
        keep = self.keeps_places()
        noted = ((d, each if keep else each.without_place()) for d, each in captures)
        values = ", ".join("?" * (1 + len(FIELDS)))
        self._db.executemany(
            f"INSERT INTO capture (digest, {', '.join(FIELDS)}) VALUES ({values})"
            " ON CONFLICT (digest) DO UPDATE SET latitude = excluded.latitude,"
            " longitude = excluded.longitude WHERE latitude IS NULL",
            ((digest, *(getattr(each, name) for name in FIELDS)) for digest, each in noted),
        )

    def keep_places(self, *, keep: bool) -> int:
        """Say whether it is noted from now on where photos were taken; if not, forget what was.

        If they are, photos are to be asked whose places are missing. Gives how many places of
        contents were forgotten.
        """
        self.set_setting(PLACES, str(int(keep)))
        self.miss_places(root.id for root in self.roots() if keep)
        if keep:
            return 0
        self._db.execute(
            "UPDATE capture SET latitude = NULL, longitude = NULL WHERE latitude IS NOT NULL"
        )
        return self._db.changes()

    def miss_places(self, roots: Iterable[int]) -> None:
        """Say under which roots photos are yet to be asked whose places are missing."""
        self.set_setting(MISSED_PLACES, json.dumps(sorted(roots)))

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

    def add_companions(self, records: Iterable[CompanionRecord]) -> None:
        """Note files that belong to photos, as far as the photos are there."""
        self._db.executemany(
            """INSERT INTO companion SELECT ?1, ?2, ?3, ?4, id FROM image
            WHERE root = ?1 AND path = ?5 AND NOT removed""",
            ((*r.place, r.size, r.modified_ns, r.photo) for r in records),
        )

    def remove_companions(self, records: Iterable[CompanionRecord]) -> None:
        """Forget files that belong to photos no more."""
        self._db.executemany(
            "DELETE FROM companion WHERE root = ? AND path = ?",
            (record.place for record in records),
        )

    # Generations

    def add_generation(self, generation: Generation) -> list[str]:
        """Make a generation current; give the names of files that nobody needs any more."""
        kind, number = generation.kind, generation.number
        self._db.execute(
            "UPDATE generation SET current = 0 WHERE vector_set = ? AND kind = ?",
            (self.set_number, kind),
        )
        self._db.execute(
            """INSERT INTO generation (kind, number, rows, basis, spec, current, vector_set)
            VALUES (?, ?, ?, ?, ?, 1, ?)""",
            (kind, number, generation.rows, generation.basis, generation.spec, self.set_number),
        )
        self._db.executemany(
            "INSERT INTO derived_file VALUES (?, ?, ?, ?, ?)",
            ((f.name, kind, number, f.size, f.digest) for f in generation.files),
        )
        self.set_setting(f"next_{kind}", str(number + 1))
        return self.forget_generations(kind, but=_KEPT_GENERATIONS)

    def forget_generations(self, kind: GenerationKind, *, but: int = 0) -> list[str]:
        """Forget generations of a kind, all but so many of the newest; gives their files."""
        sql = """SELECT number FROM generation WHERE vector_set = ? AND kind = ?
            ORDER BY number DESC LIMIT -1 OFFSET ?"""
        old = [(kind, row[0]) for row in self._ours(sql, kind, but)]
        names = [file.name for which in old for file in self._files(*which)]
        for table in ("derived_file", "generation"):
            self._db.executemany(f"DELETE FROM {table} WHERE kind = ? AND number = ?", old)
        return names

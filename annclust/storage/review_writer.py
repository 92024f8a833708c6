"""ReviewWriter: what looking through photos leaves in the catalog, written."""

from __future__ import annotations

from collections.abc import Iterable

from annclust.arrays import ImageId
from annclust.storage.catalog_file_writer import CatalogFileWriter
from annclust.storage.records import (
    ExaminationRecord,
    PurgedFile,
    PurgeRecord,
    PurgeState,
    ReviewState,
)


class ReviewWriter(CatalogFileWriter):
    """Writes examinations, marks, reviews and the journal of purges."""

    def add_examinations(self, found: Iterable[ExaminationRecord]) -> None:
        """Note what was measured on contents, in the place of what an older revision measured.

        Not on those that are gone: measuring takes time, and needs no lock.
        """
        self._db.executemany(
            """INSERT OR REPLACE INTO examination SELECT digest, ?2, ?3, ?4 FROM content
            WHERE digest = ?1""",
            ((each.digest, each.revision, each.measured, each.maps) for each in found),
        )

    def mark(self, images: Iterable[ImageId], *, keep: bool | None) -> None:
        """Note which photos a person wants to keep, or to reject; None takes that back."""
        if keep is None:
            self._db.executemany("DELETE FROM mark WHERE image = ?", ((each,) for each in images))
            return
        self._db.executemany(
            "INSERT OR REPLACE INTO mark VALUES (?, ?)", ((each, int(keep)) for each in images)
        )

    def review(self, group: Iterable[ImageId], state: ReviewState | None) -> None:
        """Note that a person is done with a group; None opens it again."""
        images = sorted(group)
        if state is None:
            self._db.executemany("DELETE FROM review WHERE image = ?", ((i,) for i in images))
            return
        self._db.executemany(
            "INSERT OR REPLACE INTO review VALUES (?, ?, ?)",
            ((image, state, images[0]) for image in images),
        )

    # Purges

    def begin_purge(
        self, plan: str, *, level: str, folder: str, trash: bytes | None, began_ns: int
    ) -> PurgeRecord:
        """Note a purge that begins."""
        self._db.execute(
            "INSERT INTO purge (plan, level, folder, trash, began_ns) VALUES (?, ?, ?, ?, ?)",
            (plan, level, folder, trash, began_ns),
        )
        return PurgeRecord(self._db.last_insert_rowid(), plan, level, folder, trash, began_ns)

    def renew_purge(self, purge: int, began_ns: int) -> None:
        """Let a purge that goes on count from now on: what it moves yet is no older than that."""
        self._db.execute(
            "UPDATE purge SET began_ns = max(began_ns, ?) WHERE id = ?", (began_ns, purge)
        )

    def add_purged_files(self, files: Iterable[PurgedFile]) -> list[int]:
        """Note files that a purge means to move; gives the ids that they get.

        Committed before the first of them is touched.
        """
        found = []
        for each in files:
            self._db.execute(
                """INSERT INTO purged_file (purge, image, is_photo, keeper, root, path, size,
                modified_ns, digest, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    each.purge,
                    each.image,
                    int(each.is_photo),
                    each.keeper,
                    each.root.id,
                    each.path,
                    each.size,
                    each.modified_ns,
                    each.digest,
                    each.state,
                ),
            )
            found.append(self._db.last_insert_rowid())
        return found

    def set_purge_state(self, files: Iterable[int], state: PurgeState) -> None:
        """Say where some purged files are now."""
        self._db.executemany(
            "UPDATE purged_file SET state = ? WHERE id = ?", ((state, each) for each in files)
        )

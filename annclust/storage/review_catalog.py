"""ReviewCatalog: what was measured on photos, what a person said of them, and what was purged.

All of it is of photos, whichever set of vectors is in view.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from annclust.arrays import ImageId, Nodes
from annclust.images.capture import FIELDS
from annclust.storage.photo_catalog import PhotoCatalog
from annclust.storage.records import (
    ExaminationRecord,
    PhotoDetails,
    PurgedFile,
    PurgeRecord,
    Reviewed,
    Root,
)

_PURGED = """SELECT purged_file.id, purge, image, is_photo, keeper, root.id, root.path, root.device,
    root.offline, purged_file.path, size, modified_ns, digest, state
    FROM purged_file JOIN root ON root.id = purged_file.root"""

_CAPTURE = ", ".join(f"capture.{name}" for name in FIELDS)
_DETAILS = f"""SELECT image.id, width, height, format, (SELECT count(*) FROM image AS each
    INDEXED BY image_digest WHERE each.digest = image.digest AND NOT each.removed), {_CAPTURE}
    FROM image JOIN content ON content.digest = image.digest
    LEFT JOIN capture ON capture.digest = image.digest
    WHERE NOT image.removed AND image.id IN (SELECT value FROM json_each(?))"""


class ReviewCatalog(PhotoCatalog):
    """Reads what looking through photos left in the catalog."""

    def examinations(self, digests: Iterable[bytes]) -> dict[bytes, ExaminationRecord]:
        """What was measured on each of some contents that somebody examined."""
        sql = """SELECT digest, revision, measured, maps FROM examination
            WHERE digest IN (SELECT unhex(value) FROM json_each(?))"""
        wanted = json.dumps([digest.hex() for digest in digests])
        return {row[0]: ExaminationRecord(*row) for row in self._all(sql, wanted)}

    def sizes(self) -> tuple[Nodes, Nodes]:
        """Ids of all present photos, ascending, and the bytes of their files: two (m,)."""
        return self._pairs("SELECT id AS a, size AS b FROM image WHERE NOT removed ORDER BY id")

    def contents(self) -> Nodes:
        """How the digest of each present photo begins, in the order of their ids: (m,)."""
        sql = "SELECT digest FROM image WHERE NOT removed ORDER BY id"
        # As one text: half the time of a row for each.
        (text,) = self._one(f"SELECT group_concat(hex(substr(digest, 1, 8)), '') FROM ({sql})")
        return np.frombuffer(bytes.fromhex(text or ""), dtype=np.int64)

    def details(self, images: Iterable[int]) -> dict[ImageId, PhotoDetails]:
        """What there is to show of some of the present photos.

        Raises
        ------
        CollectionDamagedError
            If what is stored cannot be.
        """
        found = self._all(_DETAILS, json.dumps([*images]))
        return {
            image: PhotoDetails(width, height, form, copies, self._capture(tuple(told)))
            for image, width, height, form, copies, *told in found
        }

    def marks(self) -> dict[ImageId, bool]:
        """Present photos that a person marked: whether to keep them, or to reject."""
        sql = """SELECT image, keep FROM mark
            WHERE image NOT IN (SELECT id FROM image WHERE removed)"""
        return {image: bool(keep) for image, keep in self._all(sql)}

    def reviews(self) -> dict[ImageId, Reviewed]:
        """Present photos whose groups a person is done with."""
        sql = """SELECT image, state, lead FROM review
            WHERE image NOT IN (SELECT id FROM image WHERE removed)"""
        return {image: Reviewed(*rest) for image, *rest in self._all(sql)}

    def removed(self, images: Iterable[int]) -> set[ImageId]:
        """Those of some photos that are known, and not present."""
        sql = """SELECT id FROM image WHERE removed AND id IN (SELECT value FROM json_each(?))"""
        return {row[0] for row in self._all(sql, json.dumps([*images]))}

    def keepers(self, levels: Iterable[str]) -> set[ImageId]:
        """Photos that stay instead of others, which were purged and did not come back.

        Of purges by groups of some levels.
        """
        sql = """SELECT DISTINCT keeper FROM purged_file JOIN purge ON purge.id = purged_file.purge
            WHERE is_photo AND state NOT IN ('restored', 'not moved')
            AND level IN (SELECT value FROM json_each(?))"""
        return {row[0] for row in self._all(sql, json.dumps([*levels]))}

    def purges(self) -> list[PurgeRecord]:
        """Every purge that began, the first one first."""
        sql = "SELECT id, plan, level, folder, trash, began_ns FROM purge ORDER BY id"
        return [PurgeRecord(*row) for row in self._all(sql)]

    def purged_files(self, purge: int) -> list[PurgedFile]:
        """The files of a purge, in the order in which they were moved."""
        sql = f"{_PURGED} WHERE purge = ? ORDER BY purged_file.id"
        return [
            PurgedFile(own, of, image, bool(is_photo), keeper, Root(*row[:4]), *row[4:])
            for own, of, image, is_photo, keeper, *row in self._all(sql, purge)
        ]

"""PhotoCatalog: what catalog.sqlite knows of folders, photos and contents.

Photos are common to all sets of vectors; whether one has a vector is a matter of the set in view.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import Any, Self

from annclust.arrays import ImageId, VectorRow
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import CollectionDamagedError, VectorsDroppedError
from annclust.images.capture import FIELDS, Capture
from annclust.storage.catalog_file import CatalogFile
from annclust.storage.records import (
    FORGOTTEN,
    CompanionRecord,
    ContentRecord,
    ImageRecord,
    Root,
    UnreadableRecord,
    VectorSet,
    joined,
)

# In every statement ?1 is the set of vectors.
_IMAGE = f"""SELECT image.id, image.path, image.size, image.modified_ns, image.digest,
    ifnull(embedding.row, {FORGOTTEN}), root.id, root.path, root.device, root.offline
    FROM image JOIN root ON root.id = image.root
    LEFT JOIN embedding ON embedding.digest = image.digest AND embedding.vector_set = ?1"""

_COMPANION = """companion CROSS JOIN image ON image.id = companion.image
    AND image.root = companion.root AND NOT image.removed"""
"""Files that belong to present photos. One that lies elsewhere than its photo was left behind."""


_CAPTURE = ", ".join(FIELDS)
PLACES, MISSED_PLACES = "places", "missed_places"  # in the catalog's settings


class PhotoCatalog(CatalogFile):
    """Reads what is common to all sets of vectors, and which of its photos one of them has.

    Parameters
    ----------
    path : Path
        The SQLite file.
    vector_set : int or None
        Number of the set; the active one if None.
    """

    def __init__(self, path: Path, vector_set: int | None = None) -> None:
        super().__init__(path)
        try:
            self.set_number = self.active_set() if vector_set is None else vector_set
        except BaseException:
            self._db.close()
            raise

    def of_set(self, number: int) -> Self:
        """The same catalog, telling of another set; it is closed with this one."""
        other = copy(self)
        other.set_number = number
        return other

    # Sets of vectors, and sizes

    def active_set(self) -> int:
        """Number of the set that is meant where none is named."""
        number = self.setting("active", "1" if "vector_set" in self._views else None)
        if not number.isdecimal():
            raise CollectionDamagedError(self.path, reason="its setting 'active' is no number")
        return int(number)

    def vector_sets(self) -> list[VectorSet]:
        """Every set of vectors, oldest first."""
        sql = """SELECT number, embedder, revision, dimension, vector_file, rows
            FROM vector_set ORDER BY number"""
        return [
            VectorSet(number, EmbedderSpec(name, revision, dimension), file, rows)
            for number, name, revision, dimension, file, rows in self._all(sql)
        ]

    def vector_set(self) -> VectorSet:
        """The set that this catalog tells of.

        Raises
        ------
        VectorsDroppedError
            If it was dropped.
        CollectionDamagedError
            If it is missing.
        """
        for found in self.vector_sets():
            if found.number == self.set_number:
                return found
        if self.active_set() != self.set_number:
            raise VectorsDroppedError(self.path.parent)
        reason = f"its set of vectors {self.set_number} is missing"
        raise CollectionDamagedError(self.path, reason=reason)

    @property
    def _own(self) -> int:
        """Number of the set, which is there: of one that is not, all questions would be empty."""
        return self.vector_set().number

    def rows(self) -> int:
        """Committed rows of the vector file."""
        return self.vector_set().rows

    def counts(self) -> dict[str, int]:
        """How many present images, removed images, contents, vectors, and other files."""
        sql = f"""SELECT (SELECT count(*) FROM image WHERE NOT removed),
            (SELECT count(*) FROM image WHERE removed), (SELECT count(*) FROM content),
            (SELECT count(*) FROM vector WHERE vector_set = ?),
            (SELECT count(*) FROM unreadable), (SELECT count(*) FROM {_COMPANION})"""
        names = ("images", "removed", "contents", "vectors", "unreadable", "companions")
        return dict(zip(names, self._one(sql, self._own), strict=True))

    def _ours(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """As `_all`; the first parameter is the set of vectors."""
        return self._all(sql, self._own, *values)

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
            for row in self._all_with_paths(
                (1, 7), f"{_IMAGE} WHERE NOT removed {clause}", self._own, *values
            )
        ]

    def images_under(self, root: int) -> list[ImageRecord]:
        """Present images of one root, by id."""
        return self._images("AND image.root = ? ORDER BY image.id", root)

    def has_image(self, root: int, path: bytes) -> bool:
        """Whether a photo is present there."""
        sql = "SELECT EXISTS (SELECT 1 FROM image WHERE root = ? AND path = ? AND NOT removed)"
        return bool(self._one(sql, root, path)[0])

    def images_by_id(self, images: Iterable[int]) -> list[ImageRecord]:
        """Some of the present images, by id."""
        one_of_them = "image.id IN (SELECT value FROM json_each(?))"
        return self._images(f"AND {one_of_them} ORDER BY image.id", json.dumps([*images]))

    def digests_at(self, path: bytes, *, removed: bool = False) -> list[bytes]:
        """Digest of the photo that lies there, by its absolute path, if there is one.

        If `removed`, of all that once lay there.
        """
        sql = f"""SELECT digest FROM image WHERE root = ? AND path = ?
            AND {"" if removed else "NOT"} removed ORDER BY id"""
        found: list[bytes] = []
        for root in self.roots():
            if path.startswith(root.path.rstrip(b"/") + b"/"):
                inside = path[len(root.path.rstrip(b"/")) + 1 :]
                found += (bytes(digest) for (digest,) in self._all(sql, root.id, inside))
        return found

    def images_of_rows(self, rows: Iterable[int]) -> list[ImageRecord]:
        """Present images whose content has one of some vectors, by id."""
        # What cannot be of a photo without an embedding lets SQLite begin with the rows.
        one_of_them = "embedding.row >= 0 AND embedding.row IN (SELECT value FROM json_each(?))"
        return self._images(f"AND {one_of_them} ORDER BY image.id", json.dumps([*rows]))

    def images_with_vector(self) -> int:
        """How many present images have a vector."""
        # In the order of digests, as in `live`.
        sql = """SELECT count(*) FROM image INDEXED BY image_digest
            CROSS JOIN embedding USING (digest) WHERE vector_set = ? AND embedding.row >= 0
            AND image.id NOT IN (SELECT id FROM image WHERE removed)"""
        return int(self._one(sql, self._own)[0])

    def images_without_vector(self) -> list[ImageRecord]:
        """Present images that are yet to be embedded again, by id."""
        without = """digest IN (SELECT digest FROM content WHERE NOT EXISTS (
            SELECT 1 FROM embedding AS held
            WHERE held.digest = content.digest AND held.vector_set = ?1 AND held.row >= 0))"""
        return self._images(f"AND image.{without} ORDER BY image.id")

    def images_of_digest(self, digest: bytes) -> list[ImageRecord]:
        """Present images with that content, by id."""
        return self._images("AND image.digest = ? ORDER BY image.id", digest)

    def last_place_of(self, digest: bytes) -> Path | None:
        """Where a removed photo with that content lay; None if none is known."""
        sql = """SELECT root.path, image.path FROM image JOIN root ON root.id = image.root
            WHERE removed AND digest = ? ORDER BY image.id DESC"""
        found = next(self._all_with_paths((0, 1), sql, digest), None)
        return None if found is None else joined(*found)

    def unreadable(self) -> list[tuple[Root, UnreadableRecord]]:
        """Files that could not be read, by root and path."""
        roots = {root.id: root for root in self.roots()}
        sql = "SELECT root, path, size, modified_ns, reason, retry FROM unreadable"
        records = (UnreadableRecord(*row) for row in self._all_with_paths((1,), sql))
        return [(roots[record.root], record) for record in records]

    def companions_under(self, root: int) -> list[CompanionRecord]:
        """Files in one root that belong to photos, or did, by path."""
        sql = """SELECT companion.path, companion.size, companion.modified_ns,
            CASE WHEN image.root = companion.root AND NOT removed THEN image.path END
            FROM companion JOIN image ON image.id = companion.image
            WHERE companion.root = ? ORDER BY companion.path"""
        return [CompanionRecord(root, *row) for row in self._all_with_paths((0,), sql, root)]

    def bonds(self) -> Iterator[tuple[bytes, int, int, bytes]]:
        """Path, size and time of all that belongs to photos, or did, and the photo's path."""
        sql = """SELECT companion.path, companion.size, companion.modified_ns, image.path
            FROM companion JOIN image ON image.id = companion.image"""
        yield from self._all_with_paths((0, 3), sql)

    def companions(self, images: Iterable[int] | None = None) -> dict[ImageId, tuple[Path, ...]]:
        """Where the files lie that belong to present photos, by photo; of those that have any.

        Of all photos, or of some.
        """
        some = "" if images is None else "AND companion.image IN (SELECT value FROM json_each(?))"
        sql = f"""SELECT image.id, root.path, companion.path FROM {_COMPANION} {some}
            JOIN root ON root.id = companion.root ORDER BY companion.path"""
        values = () if images is None else (json.dumps([*images]),)
        found: dict[ImageId, tuple[Path, ...]] = {}
        for image, root, path in self._all_with_paths((1, 2), sql, *values):
            found[image] = (*found.get(image, ()), joined(root, path))
        return found

    def contents_of_size(self, size: int, most: int) -> frozenset[bytes]:
        """Digests of contents of that many bytes that have a vector, at most so many."""
        # Asked for every file: from the few of that size, never from all that have a vector.
        sql = """SELECT digest FROM content CROSS JOIN embedding USING (digest)
            WHERE vector_set = ? AND size = ? AND embedding.row >= 0 LIMIT ?"""
        return frozenset(row[0] for row in self._ours(sql, size, most))

    def content(self, digest: bytes) -> ContentRecord | None:
        """The content of that digest, if it has a vector."""
        sql = """SELECT digest, size, embedding.row, width, height, format
            FROM content JOIN embedding USING (digest)
            WHERE vector_set = ? AND digest = ? AND embedding.row >= 0"""
        row = next(self._ours(sql, digest), None)
        return None if row is None else ContentRecord(*row)

    # How photos were taken, and what people say of them

    def capture_of(self, digest: bytes) -> Capture | None:
        """How the photo with that content was taken; None if nobody has looked yet.

        Raises
        ------
        CollectionDamagedError
            If what is stored cannot be.
        """
        sql = f"SELECT {_CAPTURE} FROM capture WHERE digest = ?"
        row = next(self._all(sql, digest), None)
        return None if row is None else self._capture(row)

    def _capture(self, told: tuple[Any, ...]) -> Capture:
        try:
            return Capture(*told)
        except ValueError as error:
            reason = f"how it says that a photo was taken: {error}"
            raise CollectionDamagedError(self.path, reason=reason) from error

    def keeps_places(self) -> bool:
        """Whether it is noted where photos were taken."""
        return self.setting(PLACES, "1") != "0"

    def missed_places(self) -> set[int]:
        """Roots whose photos are yet to be asked for places that were not noted in reading them."""
        return set(json.loads(self.setting(MISSED_PLACES, "[]")))

    def has_capture(self, digest: bytes) -> bool:
        """Whether somebody has looked how the photo with that content was taken."""
        sql = "SELECT EXISTS (SELECT 1 FROM capture WHERE digest = ?)"
        return bool(self._one(sql, digest)[0])

    def impossible_captures(self) -> Iterator[tuple[bytes, str]]:
        """Contents of which is said what cannot be of how they were taken, and what it is."""
        for digest, *told in self._all(f"SELECT digest, {_CAPTURE} FROM capture"):
            try:
                Capture(*told)
            except ValueError as error:
                yield digest, str(error)

    def images_without_capture(self, *, or_place: bool = False) -> list[ImageRecord]:
        """Present images of which nobody has looked how they were taken, by id.

        And those of which it is not known where, if that is asked too.
        """
        placed = "AND latitude IS NOT NULL" if or_place else ""
        # Asked after every scan: both tables in the order of digests, as in `live`.
        without = f"""digest IN (SELECT digest FROM image AS each INDEXED BY image_digest
            WHERE NOT EXISTS (
                SELECT 1 FROM capture WHERE capture.digest = each.digest {placed}))"""
        return self._images(f"AND image.{without} ORDER BY image.id")

    def decisions(self) -> list[tuple[bytes, bytes, bool]]:
        """Pairs of contents, by digest, and whether somebody said that they belong together.

        The first digest is the smaller one. Their photos need not be there (any more).
        """
        sql = "SELECT first, second, alike FROM decision ORDER BY first, second"
        return [(first, second, bool(alike)) for first, second, alike in self._all(sql)]

"""Loose photos: known ones that a file just read may turn out to be."""

from __future__ import annotations

import os

from annclust.arrays import ImageId
from annclust.images.scan_plan import FileState, KnownPhoto, Sighting
from annclust.pipeline.survey import Survey
from annclust.storage.catalog import Catalog
from annclust.storage.records import Root


class LoosePhotos:
    """The photos that the survey found loose, and those that moved here from roots not scanned.

    Parameters
    ----------
    catalog : Catalog
    surveyed : Survey
    """

    def __init__(self, catalog: Catalog, surveyed: Survey) -> None:
        self._catalog = catalog
        self._digests = {photo.digest for photo in surveyed.plan.loose}
        self._places = {photo.file.place for photo in surveyed.plan.loose}
        self._scanned = {check.root.id for check in surveyed.checks}
        self._believed: dict[int, bool] = {}
        self.elsewhere: dict[ImageId, KnownPhoto] = {}
        """Photos of other roots whose files are gone, while their content was just seen."""

    def may_be(self, sighting: Sighting) -> bool:
        """Whether a file just read may be a known photo in another place, or changed."""
        found = self._gone_elsewhere(sighting.digest)
        self.elsewhere.update({photo.id: photo for photo in found})
        is_loose = sighting.digest in self._digests or sighting.file.place in self._places
        return is_loose or bool(found)

    def _gone_elsewhere(self, digest: bytes) -> list[KnownPhoto]:
        return [
            KnownPhoto(
                record.id,
                FileState(record.root.id, record.path, record.size, record.modified_ns),
                record.digest,
            )
            for record in self._catalog.images_of_digest(digest)
            if record.root.id not in self._scanned
            and self._can_be_believed(record.root)
            and record.full_path.parent.is_dir()
            and not record.full_path.exists()
        ]

    def _can_be_believed(self, root: Root) -> bool:
        """Whether what is missing from a root is gone, rather than on a disk that is unplugged."""
        if root.id not in self._believed:
            self._believed[root.id] = root.offline is None and _holds_something(root.path)
        return self._believed[root.id]


def _holds_something(folder: bytes) -> bool:
    """Whether a folder is there, and more than an empty mount point."""
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in entries)
    except OSError:
        return False

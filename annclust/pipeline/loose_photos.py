"""Loose photos: known ones that a file just read may turn out to be."""

from __future__ import annotations

from annclust.arrays import ImageId
from annclust.images.scan_plan import FileState, KnownPhoto, Sighting
from annclust.pipeline.survey import Survey
from annclust.storage.catalog import Catalog


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
        self.elsewhere: dict[ImageId, KnownPhoto] = {}
        """Photos of other roots whose files are gone, while their content was just seen."""

    def may_be(self, sighting: Sighting) -> bool:
        """Whether a file just read may be a known photo in another place, or changed."""
        if sighting.digest in self._digests or sighting.file.place in self._places:
            return True
        found = self._gone_elsewhere(sighting.digest)
        self.elsewhere.update({photo.id: photo for photo in found})
        return bool(found)

    def _gone_elsewhere(self, digest: bytes) -> list[KnownPhoto]:
        return [
            KnownPhoto(
                record.id,
                FileState(record.root.id, record.path, record.size, record.modified_ns),
                record.digest,
            )
            for record in self._catalog.images_of_digest(digest)
            if record.root.id not in self._scanned
            and record.root.offline is None
            and record.full_path.parent.is_dir()
            and not record.full_path.exists()
        ]

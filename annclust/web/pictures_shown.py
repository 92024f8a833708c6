"""Pictures shown: the bytes of thumbnails and pictures, and what tells their contents apart."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from annclust.storage.records import ImageRecord
from annclust.web.photo_documents import version_of
from annclust.web.session import Session, UnknownIdError


@dataclass(frozen=True, slots=True)
class Shown:
    """An encoded picture."""

    body: bytes
    media_type: str
    version: str


class ShownPictures:
    """Makes pictures of photos. (For now in this process.)"""

    def __init__(self, session: Session) -> None:
        self._session = session

    def thumbnail(self, photo: int) -> Shown:
        """Longest side 320."""
        return self._made(photo, 320, "WEBP")

    def screen(self, photo: int) -> Shown:
        """Longest side 2048."""
        return self._made(photo, 2048, "WEBP")

    def whole(self, photo: int) -> Shown:
        """As it is, up to 6000."""
        return self._made(photo, 6000, "JPEG")

    def _made(self, photo: int, side: int, form: str) -> Shown:
        record = self._record(photo)
        with Image.open(record.full_path) as opened:
            opened.draft("RGB", (side, side))
            image = ImageOps.exif_transpose(opened).convert("RGB")
        image.thumbnail((side, side))
        written = io.BytesIO()
        image.save(written, form, quality=80)
        return Shown(written.getvalue(), f"image/{form.lower()}", version_of(record.digest))

    def _record(self, photo: int) -> ImageRecord:
        with self._session.readers.store() as store:
            found = store.catalog.images_by_id([photo])
        if not found:
            raise UnknownIdError("photo")
        return found[0]

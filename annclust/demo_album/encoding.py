"""Encoding: from a photo to the bytes of a file, EXIF included."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath

from PIL import ExifTags, Image

from annclust.demo_album.album_plan import PlannedPhoto, Treatment

_QUALITY: dict[Treatment, int] = {"messenger": 62, "low quality": 24}
_QUALITY_OF_A_CAMERA = 88
_FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
TURN_CLOCKWISE = 6
"""EXIF orientation of pixels that must be turned a quarter clockwise to be upright."""


def encoded(photo: Image.Image, planned: PlannedPhoto) -> bytes:
    """The bytes of a planned file whose pixels are `photo`."""
    suffix = PurePosixPath(planned.path).suffix.lower()
    quality = _QUALITY.get(planned.treatment, _QUALITY_OF_A_CAMERA)
    exif = _exif(planned.taken, planned.treatment)
    buffer = BytesIO()
    if suffix == ".heic":
        _save_heic(photo, buffer, exif)
    else:
        photo.save(buffer, _FORMATS[suffix], quality=quality, exif=exif)
    return buffer.getvalue()


def _save_heic(photo: Image.Image, buffer: BytesIO, exif: bytes) -> None:
    from pillow_heif import from_pillow  # only here: takes time to load

    # "ultrafast" takes a seventh of the time of the default, for files 3 % larger
    from_pillow(photo).save(buffer, quality=70, exif=exif, enc_params={"preset": "ultrafast"})


def _exif(taken: datetime, treatment: Treatment) -> bytes:
    exif = Image.Exif()
    if treatment in ("messenger", "low quality"):  # these take the EXIF away
        return b""
    moment = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.Make] = "annclust"
    exif[ExifTags.Base.Model] = "Paintbox 1"
    exif[ExifTags.Base.DateTime] = moment
    exif[ExifTags.Base.Orientation] = TURN_CLOCKWISE if treatment == "turned" else 1
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    return exif.tobytes()

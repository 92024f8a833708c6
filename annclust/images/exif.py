"""EXIF: what a file says of its photo beside the pixels, read without decoding any.

Runs in the decoding workers, like all that looks into files from anywhere; :mod:`capture` makes
sense of what it finds.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import ExifTags
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from annclust.images.capture import PHOTO_TAGS, POSITION_TAGS, Capture, Tags, capture_of

if TYPE_CHECKING:
    from PIL import ImageFile


def tiff_within(data: bytes) -> bytes:
    """What EXIF is in a file that Pillow need not open for it: a PNG, or a TIFF, which is EXIF.

    Pillow would decode a PNG to see what comes after its pixels.
    """
    if data.startswith(_PNG):
        return _chunk_of_png(data)
    return data if data.startswith(_TIFFS) else b""


_PNG = b"\x89PNG\r\n\x1a\n"
_BIG_TIFF = b"II+\0"
_TIFFS = b"II*\0", b"MM\0*", _BIG_TIFF
"""How TIFFs begin, most raw photos among them. (BigTIFFs with the other end first, which nobody
writes, Pillow does not know.)"""


def _chunk_of_png(data: bytes) -> bytes:
    place = len(_PNG)
    for _ in range(_MOST_CHUNKS):
        if place + _AROUND > len(data):
            break
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"eXIf":
            return data[place + 8 : place + 8 + length]
        place += _AROUND + length
    return b""


_AROUND = 12  # bytes around what a chunk holds: its length, its name, a checksum
_MOST_CHUNKS = 1 << 17
"""A gigabyte in chunks as they are usual, of 8 KiB. Gone through in 0.1 s; files of empty chunks
have as many as anybody likes."""


def exif_of(picture: ImageFile.ImageFile) -> bytes:
    """What EXIF is in an opened picture, which is not loaded for it."""
    found = picture.info.get("exif")
    return found if isinstance(found, bytes) else b""


def capture_from(exif: bytes) -> Capture:
    """How a photo was taken, as EXIF says; nothing is raised, whatever the bytes are.

    Of damaged EXIF, what comes before the damage counts.
    """
    file = io.BytesIO(exif.removeprefix(_NAME).removeprefix(_NAME))  # some programs write it twice
    try:
        main = _Directory(_head(file))
    except Exception:  # no TIFF, no EXIF
        return Capture()
    _load(main, file, main.next)
    return capture_of(
        _tags_below(main, file, ExifTags.IFD.Exif, PHOTO_TAGS),
        _tags_below(main, file, ExifTags.IFD.GPSInfo, POSITION_TAGS),
    )


_LONG8, _IFD8 = 16, 18
_NAME = b"Exif\0\0"
_HEAD = 8  # bytes at the beginning of a TIFF, and so of EXIF; a BigTIFF has as many again


def _head(file: io.BytesIO) -> bytes:
    """What tells what kind of a TIFF it is."""
    file.seek(0)
    head = file.read(_HEAD)
    return head + file.read(_HEAD) if head.startswith(_BIG_TIFF) else head


class _Directory(ImageFileDirectory_v2):
    """A directory of a TIFF or a BigTIFF, with the type that those have for where others begin."""

    _load_dispatch = {  # noqa: RUF012 - declared by Pillow
        **ImageFileDirectory_v2._load_dispatch,
        _IFD8: ImageFileDirectory_v2._load_dispatch[_LONG8],
    }


def _has_too_many(file: io.BytesIO, place: int) -> bool:
    """Whether a directory has more tags than a TIFF can have; a BigTIFF can have any number."""
    data = file.getvalue()  # not a copy, as long as nobody writes
    tags = int.from_bytes(data[place : place + _HEAD], "little")
    return data.startswith(_BIG_TIFF) and tags > _MOST_TAGS


_MOST_TAGS = (1 << 16) - 1


def _load(directory: _Directory, file: io.BytesIO, place: object) -> None:
    """Read a directory, or what can be read of it."""
    if isinstance(place, int) and not _has_too_many(file, place):
        with suppress(Exception):  # whatever damaged tags raise
            file.seek(place)
            directory.load(file)


def _tags_below(main: _Directory, file: io.BytesIO, which: int, wanted: Collection[int]) -> Tags:
    """Those tags of another directory that are wanted, as far as they are there.

    `Image.Exif` would make values of all tags, of which there are many more: .5 ms instead of .3
    for a photo, and any time for one from anywhere.
    """
    directory = _Directory(_head(file), group=which)
    _load(directory, file, _value(main, which))
    return {tag: _value(directory, tag) for tag in wanted}


def _value(directory: _Directory, tag: int) -> object:
    """The value of a tag; None if there is no such tag, or no such value."""
    try:
        return directory[tag]
    except Exception:
        return None

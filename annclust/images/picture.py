"""Picture: what a person is shown of a photo, as a small file of its own.

Made anew in a decoding worker (:mod:`picture_look`), so that no byte of the photo reaches a
browser. Without Pillow: who asks for pictures decodes nothing, and looks at their first bytes only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal, get_args

from annclust.input_geometry import Size

PictureForm = Literal["WebP", "JPEG"]
"""WebP takes fewer bytes at the same quality, JPEG a tenth of the time."""

LONGEST_SIDE: Final = 6000
"""Pixels of the longest side of any picture."""

_BYTES_A_PIXEL = 3
"""What no encoder exceeds: as much as the pixels themselves. Noise takes 2, in JPEG."""

_OF_ANY_FILE = 4096
"""Bytes that a file of any size may take beside."""


@dataclass(frozen=True, slots=True)
class PictureWish:
    """A picture to be made of a photo; smaller photos are not enlarged.

    Parameters
    ----------
    side : int
        Pixels of the longest side at most, up to `LONGEST_SIDE`.
    form : {"WebP", "JPEG"}
    quality : int
        From 1 to 100, as the encoders count.

    Raises
    ------
    ValueError
        If there can be no such picture.
    """

    side: int
    form: PictureForm = "WebP"
    quality: int = 80

    def __post_init__(self) -> None:
        if not 1 <= self.side <= LONGEST_SIDE or not 1 <= self.quality <= 100:
            raise ValueError(f"no picture has {self.side} pixels and quality {self.quality}")
        if self.form not in get_args(PictureForm):
            raise ValueError(f"no such form: {self.form!r}")

    @property
    def most_bytes(self) -> int:
        """How long the file of any picture is at most."""
        return _most_bytes((self.side, self.side))

    def size_of(self, whole: Size) -> Size:
        """Width and height of the picture of a photo of that size."""
        scale = min(1.0, self.side / max(whole))
        return max(1, round(whole[0] * scale)), max(1, round(whole[1] * scale))

    def fits(self, encoded: bytes | bytearray, size: Size) -> bool:
        """Whether a file may be such a picture, of that size, by its form and its length."""
        small = min(size) >= 1 and max(size) <= self.side and len(encoded) <= _most_bytes(size)
        return small and is_whole(encoded, self.form)


THUMBNAIL: Final = PictureWish(320)
LARGE: Final = PictureWish(2048)
FULL: Final = PictureWish(LONGEST_SIDE, "JPEG", 92)
"""What a web page shows: among others, alone, and when somebody zooms in."""

MINIATURE: Final = PictureWish(192, quality=55)
"""What a page shows that is sent with all its pictures: photos take 4 kB each."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, as the bytes of a file.

    Parameters
    ----------
    encoded : bytes or bytearray
    columns, rows : int
        Its own width and height in pixels.
    width, height : int
        Of the whole original picture, upright, in pixels.
    format : str
        Name of the original's file format.
    """

    encoded: bytes | bytearray
    columns: int
    rows: int
    width: int
    height: int
    format: str


def _most_bytes(size: Size) -> int:
    return _OF_ANY_FILE + _BYTES_A_PIXEL * size[0] * size[1]


_WEBP = struct.Struct("<4sI8s")
"""Head of a WebP file: "RIFF", the length of what follows, what it is and its first part's name."""

_BEFORE_LENGTH_COUNTS = 8


def is_whole(encoded: bytes | bytearray, form: PictureForm) -> bool:
    """Whether bytes begin, and end, as a file of that form does that was written here."""
    if form == "JPEG":
        return encoded.startswith(b"\xff\xd8\xff") and encoded.endswith(b"\xff\xd9")
    if len(encoded) <= _WEBP.size:
        return False
    riff, length, kind = _WEBP.unpack_from(encoded)
    is_webp = (riff, kind) == (b"RIFF", b"WEBPVP8 ")
    return is_webp and length == len(encoded) - _BEFORE_LENGTH_COUNTS

"""Memory need: how much memory decoding a picture will take, told from its header.

Asked before decoding, as a decoder that runs out of memory midway seldom says so: most call such a
file damaged, which it is not.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from PIL import Image

_BYTES: Final = MappingProxyType(
    {
        "JPEG": 2.0,  # coefficients of a progressive one
        "TIFF": 2.0,  # a strip may be all of the picture
        "WebP": 5.4,  # two canvases
        "JPEG 2000": 6.5,  # coefficients
        "AVIF": 3.2,
        "HEIF": 1.7,
    }
)
"""What decoding one band of a pixel takes at its peak (docs/benchmarks.md); twice as much with rare
ones (HEIF without chroma subsampling)."""

_BYTES_ELSEWHERE = 1.4  # four bytes for three bands: Pillow's own copy
_DEEP = 1.7  # times as much, for more than 8 bits
_FULL = 4.5  # for 32 bits


def memory_needed(picture: Image.Image, name: str, size: tuple[int, int], data: bytes) -> int:
    """Estimate what decoding takes at its peak.

    Parameters
    ----------
    picture : Image.Image
        Opened, not loaded; a JPEG was told by `draft` how small it may become.
    name : str
        Of the format, as `formats.sniff` gives it.
    size : tuple of int
        Width and height of the picture as it is stored.
    data : bytes
        The file.

    Returns
    -------
    int
        Bytes, beside those of the file itself.
    """
    width, height = size
    if name == "JPEG" and _is_decoded_line_by_line(picture, data):
        width, height = picture.size  # shrunk while it is read
    bands = len(picture.getbands())
    bytes_each = _BYTES.get(name, _BYTES_ELSEWHERE) * _depth(picture)
    return int(width * height * bands * bytes_each)


def _depth(picture: Image.Image) -> float:
    """How many times as much as with 8 bits a band takes."""
    if picture.mode in ("I", "F"):
        return _FULL
    is_deep = picture.mode.startswith("I;16") or picture.info.get("bit_depth", 8) > 8
    return _DEEP if is_deep else 1


def _is_decoded_line_by_line(picture: Image.Image, data: bytes) -> bool:
    """Whether a JPEG's first scan holds all of it; of others, all coefficients are kept in memory.

    Until then the file is a chain of segments: two bytes of marker, then, two bytes each, their
    length (ITU-T T.81, B.1.1.4); that of a scan goes on with the number of its components.
    """
    if picture.info.get("progressive"):
        return False
    place = 2
    while data[place : place + 1] == b"\xff":
        marker = data[place + 1 : place + 2]
        if marker == b"\xff":  # may come any number of times
            place += 1
        elif marker == _START_OF_SCAN:
            return data[place + 4] >= len(picture.getbands())
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False


_START_OF_SCAN = b"\xda"

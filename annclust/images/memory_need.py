"""Memory need: how much memory decoding a picture will take, told from its header.

Asked before decoding, as a decoder that runs out of memory midway seldom says so: most call such a
file damaged, which it is not.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from PIL import ImageFile

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


def memory_needed(picture: ImageFile.ImageFile, name: str, size: tuple[int, int]) -> int:
    """Estimate what decoding takes at its peak.

    Parameters
    ----------
    picture : ImageFile
        Opened, not loaded; a JPEG was told by `draft` how small it may become.
    name : str
        Of the format, as `formats.sniff` gives it.
    size : tuple of int
        Width and height of the picture as it is stored.

    Returns
    -------
    int
        Bytes, beside those of the file itself.
    """
    width, height = size
    if name == "JPEG" and not picture.info.get("progressive"):
        width, height = picture.size  # shrunk while it is read
    bands = len(picture.getbands())
    bytes_each = _BYTES.get(name, _BYTES_ELSEWHERE) * (_DEEP if _is_deep(picture) else 1)
    return int(width * height * bands * bytes_each)


def _is_deep(picture: ImageFile.ImageFile) -> bool:
    return picture.mode.startswith(("I", "F")) or picture.info.get("bit_depth", 8) > 8

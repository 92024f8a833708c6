"""Raw photos: what a camera's sensor saw, and the one module that knows rawpy (LibRaw).

A camera puts into the file what it would have made of the photo itself, as a JPEG of full size or
nearly so. That is what is seen here, as in any photo manager; it takes no longer than another JPEG.
Only where the file has none, or a tiny one, its sensor's pixels are developed, at half their size.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from annclust.images.decoded_image import UndecodableError
from annclust.images.formats import RAW, RAW_NEEDS_AN_EXTRA
from annclust.images.orientation import BY_EXIF_VALUE, UPRIGHT, Orientation

if TYPE_CHECKING:
    from types import ModuleType

    from rawpy import RawPy, Thumbnail

Claim: TypeAlias = Callable[[int], bool]
"""Asks for so many bytes of memory; False if that is more than may be had."""


@dataclass(frozen=True, slots=True, eq=False)
class RawPhoto:
    """A raw photo, and what is seen of it.

    Parameters
    ----------
    width, height : int
        Of the photo itself, upright, in pixels.
    orientation : Orientation
        How it is stored. What the picture tells of itself counts more.
    picture : Image.Image
        What is seen, as it is stored; a JPEG is not loaded yet.
    jpeg : bytes
        The file of that JPEG; empty if the picture is none.
    is_developed : bool
        Whether the memory for the picture was claimed already.
    """

    width: int
    height: int
    orientation: Orientation
    picture: Image.Image
    jpeg: bytes = b""
    is_developed: bool = False


def is_raw(data: bytes) -> bool:
    """Whether a TIFF is a raw photo; its first page is but a small preview, or no picture at all.

    Most cameras' raw formats are TIFFs, and say so by one of three things: a version of DNG, colors
    that lie one a pixel, or a first page that is a reduced version of what comes below it.
    """
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    try:
        tags = ImageFileDirectory_v2(data[: 16 if data[2] == _LARGE else 8])
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        is_reduced = _SUB_IFDS in tags and bool(int(tags.get(_NEW_SUBFILE_TYPE, 0)) & 1)
        return _DNG_VERSION in tags or is_reduced or tags.get(_PHOTOMETRIC) == _COLOR_FILTERS
    except Exception:  # damaged tags raise anything; their decoder will have words for them
        return False


_LARGE = 43  # the version of TIFFs that may be larger than 4 GB
_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 254, 262, 330, 50706  # TIFF tags
_COLOR_FILTERS = 32803


def open_raw(data: bytes, least_side: int, claim: Claim) -> RawPhoto:
    """Find what is to be seen of a raw photo.

    Parameters
    ----------
    data : bytes
        The whole file.
    least_side : int
        A preview whose short side has fewer pixels does not do, if there can be another.
    claim : callable
        Called before a photo is developed.

    Raises
    ------
    UndecodableError
        If rawpy is not installed, or developing takes more memory than may be had.
    MemoryError
    Exception
        Whatever rawpy likes, if the file is damaged or of a camera that LibRaw does not know.
    """
    rawpy = _rawpy()
    try:
        return _open(rawpy, data, least_side, claim)
    except rawpy.LibRawUnsufficientMemoryError as error:
        raise MemoryError from error


def _open(rawpy: ModuleType, data: bytes, least_side: int, claim: Claim) -> RawPhoto:
    with rawpy.imread(io.BytesIO(data)) as raw:
        sizes = raw.sizes  # developing changes them
        orientation = BY_EXIF_VALUE.get(_EXIF_VALUES[sizes.flip & 7], UPRIGHT)
        width, height = orientation.upright_size((sizes.width, sizes.height))
        preview = _preview(rawpy, raw)
        if preview is None or min(preview[0].size) < least_side:
            try:
                picture = _develop(raw, claim)
            except (rawpy.LibRawError, UndecodableError):
                if preview is None:
                    raise
            else:
                return RawPhoto(width, height, orientation, picture, is_developed=True)
        return RawPhoto(width, height, orientation, *preview)


def _rawpy() -> ModuleType:
    try:
        import rawpy
    except ImportError:
        raise UndecodableError(RAW_NEEDS_AN_EXTRA) from None
    return rawpy


def _preview(rawpy: ModuleType, raw: RawPy) -> tuple[Image.Image, bytes] | None:
    """The largest preview in the file; None if there is none of a kind that can be read."""
    try:
        found: Thumbnail = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    if isinstance(found.data, bytes):
        return JpegImageFile(io.BytesIO(found.data)), found.data
    return Image.fromarray(found.data), b""


def _develop(raw: RawPy, claim: Claim) -> Image.Image:
    """The photo with the colors that its camera would have given it, two pixels as one."""
    if not claim(raw.sizes.raw_width * raw.sizes.raw_height * _BYTES_A_PIXEL):
        raise UndecodableError(f"developing this {RAW} takes more memory than is allowed")
    return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True, user_flip=0))


_BYTES_A_PIXEL = 6
"""What developing takes for each pixel of the sensor, as those of nearly all cameras are: one color
a pixel, of which four become one. A DNG that holds all three takes four times that, which only
unpacking it would tell; the limit of its worker holds for it, too."""

_EXIF_VALUES = (1, 2, 4, 3, 5, 8, 6, 7)
"""By LibRaw's flip, whose bits mirror the columns (1), the rows (2) and then swap both (4)."""

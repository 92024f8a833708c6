"""Raw photos: what a camera's sensor saw, and the one module that uses rawpy (LibRaw).

A camera puts into the file what it would have made of the photo itself, as a JPEG of full size or
nearly so. Its sensor's pixels can be developed, too, which takes longer and looks different.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from annclust.closing import Closing
from annclust.images.decoded_image import UndecodableError
from annclust.images.formats import RAW_NEEDS_AN_EXTRA
from annclust.images.orientation import BY_EXIF_VALUE, UPRIGHT

if TYPE_CHECKING:
    from rawpy import Thumbnail


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
    except MemoryError:
        raise
    except Exception:  # damaged tags raise anything; their decoder will have words for them
        return False


_LARGE = 43  # the version of TIFFs that may be larger than 4 GB
_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 254, 262, 330, 50706  # TIFF tags
_COLOR_FILTERS = 32803


class RawPhoto(Closing):
    """A raw photo, opened; a context manager.

    Parameters
    ----------
    data : bytes
        The whole file.

    Attributes
    ----------
    orientation : Orientation
        How it is stored.
    width, height : int
        Upright, in pixels.
    sensor_pixels : int
        How many its sensor has, or claims to have.

    Raises
    ------
    UndecodableError
        If rawpy is not installed.
    MemoryError
    Exception
        Whatever rawpy likes, if the file is damaged or of a camera that LibRaw does not know.
    """

    def __init__(self, data: bytes) -> None:
        self._rawpy = _rawpy()
        with self._memory_errors():
            self._raw = self._rawpy.imread(io.BytesIO(data))
        sizes = self._raw.sizes  # developing changes them
        self.orientation = BY_EXIF_VALUE.get(_EXIF_VALUES[sizes.flip & 7], UPRIGHT)
        self.width, self.height = self.orientation.upright_size((sizes.width, sizes.height))
        self.sensor_pixels = max(sizes.raw_width, sizes.width + sizes.left_margin) * max(
            sizes.raw_height, sizes.height + sizes.top_margin
        )

    def close(self) -> None:
        """Let go of it."""
        self._raw.close()

    @contextmanager
    def _memory_errors(self) -> Iterator[None]:
        try:
            yield
        except self._rawpy.LibRawUnsufficientMemoryError as error:
            raise MemoryError from error

    def preview(self) -> Preview | None:
        """The largest JPEG in the file; None if there is none that can be opened.

        Plain pixels are not taken: LibRaw believes whatever size the file says they have.
        """
        try:
            with self._memory_errors():
                found: Thumbnail = self._raw.extract_thumb()
        except self._rawpy.LibRawNonFatalError:
            return None
        if found.format != self._rawpy.ThumbFormat.JPEG or not isinstance(found.data, bytes):
            return None
        jpeg = _as_in_the_file(found.data)
        try:
            return Preview(JpegImageFile(io.BytesIO(jpeg)), jpeg)
        except MemoryError:
            raise
        except Exception:  # what a broken JPEG raises, see `decoding`
            return None

    def develop(self) -> Preview | None:
        """The photo with the colors that its camera would have given it, two pixels as one.

        Takes `BYTES_A_PIXEL` for each of the sensor's. None if the sensor's data are damaged, or of
        an unsupported kind.
        """
        try:
            with self._memory_errors():
                pixels = self._raw.postprocess(half_size=True, use_camera_wb=True, user_flip=0)
        except self._rawpy.LibRawError:
            return None
        # Gray ones have an axis of one color.
        return Preview(Image.fromarray(pixels.squeeze()))


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What is made of a photo: by the camera, as a JPEG that is not loaded yet, or here."""

    picture: Image.Image
    jpeg: bytes = b""


BYTES_A_PIXEL = 6
"""What developing takes for each pixel of the sensor, as those of nearly all cameras are: one color
a pixel, of which four become one. A DNG that holds all three takes four times that, which only
unpacking it would tell; the limit of its worker holds for it, too."""

_EXIF_VALUES = (1, 2, 4, 3, 5, 8, 6, 7)
"""By LibRaw's flip, whose bits mirror the columns (1), the rows (2) and then swap both (4)."""


def is_rawpy_there() -> bool:
    """Whether rawpy is installed, and can be loaded."""
    try:
        _rawpy()
    except UndecodableError:
        return False
    return True


def _rawpy() -> ModuleType:
    try:
        import rawpy
    except ImportError:
        raise UndecodableError(RAW_NEEDS_AN_EXTRA) from None
    return rawpy


def _as_in_the_file(jpeg: bytes) -> bytes:
    """Take out what LibRaw puts before all else if a JPEG does not begin with EXIF: its own."""
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    is_by_libraw = jpeg[2:4] == b"\xff\xe1" and _LIBRAW in jpeg[:end]
    return jpeg[:2] + jpeg[end:] if is_by_libraw else jpeg


_LIBRAW = b"dcraw v9"  # calls itself by the name of the program that it comes from

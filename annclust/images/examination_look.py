"""Examination look: measures a loaded picture with all the pixels that its file has.

Of a raw photo the preview is measured, if it is at least as large as what developing would give
(half of each side), and else what that gives: the camera's own picture is what a person compares.
Its size is that of the sensor, so that no raw photo counts as smaller than the JPEG beside it; of
JPEG's quality it says nothing, as the sensor's pixels went through none. Its sharpness is that of
the picture that was measured, and so compares with that of raw photos of the same camera.

Loads numpy, which no other decoding worker needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from annclust.arrays import Pixels
from annclust.images.color import flatten
from annclust.images.deep_gray import is_deep_gray
from annclust.images.examination import Examination
from annclust.images.examining import examine
from annclust.images.formats import RAW
from annclust.images.look import LoadedPicture
from annclust.images.orientation import Orientation
from annclust.input_geometry import Size
from annclust.memory_plan import MEBIBYTE

_BYTES_A_PIXEL = 4
"""Three of RGB; of deep gray, one more before."""

_IN_ANY_CASE = 48 * MEBIBYTE
"""A strip in several forms, and what measuring takes, however many pixels there are."""

_STRIP_PIXELS = 1 << 20


class ExaminationLook:
    """Measures pictures."""

    def fewest_pixels(self, _stored: Size) -> Size | None:
        """See `Look`: all count."""
        return None

    def does_with(self, preview: Size, whole: Size) -> bool:
        """See `Look`: as large as what developing would give."""
        return max(preview) >= max(whole) // 2

    def memory_beside(self, loaded: Size) -> int:
        """See `Look`."""
        return _BYTES_A_PIXEL * loaded[0] * loaded[1] + _IN_ANY_CASE

    def see(self, loaded: LoadedPicture) -> Examination:
        """See `Look`."""
        pixels = _upright(_pixels_of(loaded.pixels), loaded.orientation)
        made = examine(pixels, jpeg_table=_brightness_table(loaded.pixels))
        if loaded.format != RAW:
            return made
        width, height = loaded.whole
        return replace(made, width=width, height=height, jpeg_quality=None, worn_quality=None)


def _brightness_table(picture: Image.Image) -> Sequence[int] | None:
    """Steps of a JPEG for brightness."""
    tables: Mapping[int, Sequence[int]] = getattr(picture, "quantization", None) or {}
    return tables.get(0)


def _pixels_of(picture: Image.Image) -> Pixels:
    """RGB of a picture as it is stored, made strip by strip: Pillow's own way takes twice as much.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
    """
    if is_deep_gray(picture):  # whose white is only known when all of it was seen
        picture = flatten(picture)
    width, height = picture.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = flatten(picture.crop((0, top, width, min(top + rows, height))))
        pixels[top : top + rows] = np.asarray(strip.convert("RGB"))
    return pixels


def _upright(stored: Pixels, orientation: Orientation) -> Pixels:
    """The same pixels, seen upright; none is copied."""
    if orientation.mirrors_y:
        stored = stored[::-1]
    if orientation.mirrors_x:
        stored = stored[:, ::-1]
    return stored.transpose(1, 0, 2) if orientation.swaps_axes else stored

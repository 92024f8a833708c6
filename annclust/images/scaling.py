"""Scaling: cuts a picture and shrinks it, made plain 8 bits on the way, with no large copy.

Serves :mod:`decoding`. A picture that has colors of a palette, ink or transparent parts must be
converted before pixels can be averaged. All at once, that would take up to eight bytes a pixel
beside those that it has: a worker needed 1,450 MB for a fax page of 300 million pixels, and refused
such a picture with transparent parts. In strips, it takes what the picture takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PIL import Image

from annclust.images.color import flatten, is_flat
from annclust.images.deep_gray import is_deep_gray
from annclust.images.late_pixels import Box, LatePixels
from annclust.input_geometry import Resample, Size

_REDUCING_GAP = 3.0
"""Pictures larger than so many times the size that is needed are first shrunk by averaging: a third
of the time of the full filter at 12 MP, and no channel of any pixel differs by more than 2 of 255.
"""

_STRIP_PIXELS = 1 << 20

_FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
}

_SUPPORT = {"bicubic": 2.0, "bilinear": 1.0, "lanczos": 3.0}
"""Pixels to each side that a filter looks at."""

_TIE = 2.0**-20
"""Added to places of pixels, whose rounding would else decide between two that are equally near."""


def cut_and_scale(
    picture: Image.Image, box: Box, size: Size, resample: Resample = "bicubic"
) -> Image.Image:
    """Cut a box, and scale it; what lies outside is never computed.

    Parameters
    ----------
    picture : Image
        Loaded, of any mode.
    box : tuple of float
    size : tuple of int
        Width and height to scale it to; one number twice if `resample` is "nearest".
    resample : {"bicubic", "bilinear", "lanczos", "nearest"}
        The filter.

    Returns
    -------
    Image
        Of mode "RGB" or "L".

    Raises
    ------
    ValueError
        If Pillow cannot convert this mode.
    """
    if is_deep_gray(picture):  # whose white is only known when all of it was seen
        picture = flatten(picture)
    if resample == "nearest":
        return flatten(_sampled(picture, box, size[0]))
    left, top, right, bottom = box
    factors = reducing_factor(right - left, size[0]), reducing_factor(bottom - top, size[1])
    if _comes_in_strips(picture) or (factors != (1, 1) and not is_flat(picture)):
        picture, box = _reduced(picture, box, factors, size, _SUPPORT[resample])
    return flatten(picture).resize(size, _FILTERS[resample], box, reducing_gap=_REDUCING_GAP)


def _sampled(picture: Image.Image, box: Box, side: int) -> Image.Image:
    """For each pixel of a square the nearest one in a box, if corners lie on corners."""
    left, top, right, bottom = box
    across, down = ((length - 1) / max(side - 1, 1) for length in (right - left, bottom - top))
    x, y = left + 0.5 + _TIE, top + 0.5 + _TIE
    if not _comes_in_strips(picture):
        places = (across, 0, x - across / 2, 0, down, y - down / 2)
        return picture.transform((side, side), Image.Transform.AFFINE, places)
    square = Image.new(picture.mode, (side, side))
    for row in range(side):
        at = int(y + row * down)
        line = picture.crop((0, at, picture.width, at + 1))
        places = (across, 0, x - across / 2, 0, 0, 0)
        square.paste(line.transform((side, 1), Image.Transform.AFFINE, places), (0, row))
    return square


def _comes_in_strips(picture: Image.Image) -> bool:
    return isinstance(picture, LatePixels) and picture.is_late


def _reduced(
    picture: Image.Image, box: Box, factors: tuple[int, int], size: Size, support: float
) -> tuple[Image.Image, Box]:
    """Flatten what is needed of a picture in strips, and average each at once.

    Averages what `Image.resize` averages when it is given a `reducing_gap`, and so leads to the
    very same pixels.
    """
    across, down = factors
    beside_reducing = factors != (1, 1)

    def reach(scale: float) -> float:
        """How far beyond its box the filter looks, for so many pixels that become one."""
        # As far as Pillow lets it look if it reduced the picture, also where it enlarges.
        return (support - 0.5) * scale if beside_reducing else support * max(1, scale) - scale / 2

    left, top, right, bottom = _with_margin(picture.size, box, size, reach)
    rows = max(1, _STRIP_PIXELS // (right - left) // down) * down
    reduced = None
    for start in range(top, bottom, rows):
        strip = picture.crop((left, start, right, min(start + rows, bottom)))
        part = flatten(strip).reduce(factors)
        if reduced is None:
            reduced = Image.new(part.mode, (part.width, math.ceil((bottom - top) / down)))
        reduced.paste(part, (0, (start - top) // down))
    assert reduced is not None  # a box has rows
    x, y, far_x, far_y = box
    return reduced, (
        (x - left) / across,
        (y - top) / down,
        (far_x - left) / across,
        (far_y - top) / down,
    )


def reducing_factor(length: float, side: int) -> int:
    """How many pixels become one before the filter."""
    return max(1, int(length / side / _REDUCING_GAP))


def _with_margin(
    whole: Size, box: Box, size: Size, reach: Callable[[float], float]
) -> tuple[int, int, int, int]:
    """The box in whole pixels, with those around it that the filter looks at."""
    left, top, right, bottom = box
    x, y = reach((right - left) / size[0]), reach((bottom - top) / size[1])
    return (
        max(0, int(left - x)),
        max(0, int(top - y)),
        min(whole[0], math.ceil(right + x)),
        min(whole[1], math.ceil(bottom + y)),
    )

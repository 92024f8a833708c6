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

_REDUCING_GAP = 3.0
"""Pictures larger than so many times the size that is needed are first shrunk by averaging: a third
of the time of the full filter at 12 MP, and no channel of any pixel differs by more than 2 of 255.
"""

_STRIP_PIXELS = 1 << 20
_BICUBIC_SUPPORT = 2.0  # pixels to each side that the filter looks at


def cut_and_scale(picture: Image.Image, box: Box, side: int) -> Image.Image:
    """Cut a box, and scale it to a square; what lies outside is never computed.

    Parameters
    ----------
    picture : Image
        Loaded, of any mode.
    box : tuple of float
    side : int
        Of the square, in pixels.

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
    left, top, right, bottom = box
    factors = _factor(right - left, side), _factor(bottom - top, side)
    if _comes_in_strips(picture) or (factors != (1, 1) and not is_flat(picture)):
        picture, box = _reduced(picture, box, factors, side)
    return flatten(picture).resize(
        (side, side), Image.Resampling.BICUBIC, box, reducing_gap=_REDUCING_GAP
    )


def _comes_in_strips(picture: Image.Image) -> bool:
    return isinstance(picture, LatePixels) and picture.is_late


def _reduced(
    picture: Image.Image, box: Box, factors: tuple[int, int], side: int
) -> tuple[Image.Image, Box]:
    """Flatten what is needed of a picture in strips, and average each at once.

    Averages what `Image.resize` averages when it is given a `reducing_gap`, and so leads to the
    very same pixels.
    """
    across, down = factors
    reach = _reach_beside_reducing if factors != (1, 1) else _reach
    left, top, right, bottom = _with_margin(picture.size, box, side, reach)
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


def _factor(length: float, side: int) -> int:
    """How many pixels become one before the filter."""
    return max(1, int(length / side / _REDUCING_GAP))


def _reach(scale: float) -> float:
    """How far beyond its box the filter looks, for so many pixels that become one."""
    return _BICUBIC_SUPPORT * max(1.0, scale) - scale / 2


def _reach_beside_reducing(scale: float) -> float:
    """As far as Pillow lets the filter look if it reduced the picture, also where it enlarges."""
    return (_BICUBIC_SUPPORT - 0.5) * scale


def _with_margin(
    size: tuple[int, int], box: Box, side: int, reach: Callable[[float], float]
) -> tuple[int, int, int, int]:
    """The box in whole pixels, with those around it that the filter looks at."""
    left, top, right, bottom = box
    x, y = (reach(length / side) for length in (right - left, bottom - top))
    return (
        max(0, int(left - x)),
        max(0, int(top - y)),
        min(size[0], math.ceil(right + x)),
        min(size[1], math.ceil(bottom + y)),
    )

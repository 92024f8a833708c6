"""Deep gray: gray of more than 8 bits a pixel becomes gray of 8.

Serves :mod:`color`. Scanners give 16 bits; floating-point numbers and whole ones of 32 bits come
from science and from programs for photos, and no file says what stands for white in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from PIL import Image

_EIGHT_BITS = 255.0
_SIXTEEN_BITS = 65535.0

_Range: TypeAlias = tuple[float, float]

_WHITES: dict[str, tuple[tuple[float, float], ...]] = {
    "F": ((16, 1), (4096, _EIGHT_BITS), (_SIXTEEN_BITS, _SIXTEEN_BITS)),
    "I": ((_EIGHT_BITS, _EIGHT_BITS), (_SIXTEEN_BITS, _SIXTEEN_BITS)),
}
"""For each mode: up to which highest value something stands for white, and what. Whole numbers of
32 bits often hold just 8 or 16. Floating-point ones exceed white where a lamp shines or an edge was
sharpened."""

_OVERSHOOT = 0.05
"""How far below zero, as a share of white, numbers may lie that still are meant as black."""

_HUGE = 3e38
"""As good as infinite: the largest floating-point numbers of 32 bits are hardly larger."""

_STRIP_PIXELS = 1 << 20
"""Pixels that are worked on at a time, as the copies take four times the memory of 8 bits: a worker
needs 330 MB for a scan of 60 million pixels of 16 bits, and needed 800 without strips."""


def is_deep_gray(picture: Image.Image) -> bool:
    """Whether a picture is gray of more than 8 bits."""
    return picture.mode in ("I", "F") or picture.mode.startswith("I;")


def to_eight_bits(picture: Image.Image) -> Image.Image:
    """Scale deep gray to mode "L".

    Black is 0. White is 65535 for 16 bits; the smaller of 255 and 65535 that no pixel exceeds for
    whole numbers of 32 bits; and for floating-point numbers 1 if none exceeds 16, else 255 if none
    exceeds 4096, else 65535. Numbers that exceed all that, or lie clearly below zero, are scaled by
    their own extremes. What is no number (NaN) is black.
    """
    black, white = _range(picture) if picture.mode in _WHITES else (0, _SIXTEEN_BITS)
    gray = Image.new("L", picture.size)
    for box in _strips(picture.size):
        gray.paste(_scaled(picture.crop(box), black, white), box)
    return gray


def _strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    width, height = size
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _scaled(strip: Image.Image, black: float, white: float) -> Image.Image:
    factor = _EIGHT_BITS / (white - black)
    offset = 0.5 - black * factor  # Pillow cuts off what follows the point
    wide = strip if strip.mode == "F" else strip.convert("I")
    scaled = wide.point(lambda value: value * factor + offset)
    return (_clipped(scaled, 0, _EIGHT_BITS) if scaled.mode == "F" else scaled).convert("L")


def _range(picture: Image.Image) -> _Range:
    """What stands for black and for white."""
    lowest, highest = _extremes(picture)
    white = next((white for most, white in _WHITES[picture.mode] if highest <= most), None)
    if white is not None and lowest > -_OVERSHOOT * white:
        return 0, white
    return lowest, highest if highest > lowest else lowest + 1


def _extremes(picture: Image.Image) -> _Range:
    """The lowest and the highest value; what is not finite counts as zero."""
    ranges = [_range_of_strip(picture.crop(box)) for box in _strips(picture.size)]
    return min(lowest for lowest, _ in ranges), max(highest for _, highest in ranges)


def _range_of_strip(strip: Image.Image) -> _Range:
    lowest, highest = (_finite(strip) if strip.mode == "F" else strip).getextrema()
    assert isinstance(lowest, (int, float))  # as there is one channel
    assert isinstance(highest, (int, float))
    return lowest, highest


def _finite(picture: Image.Image) -> Image.Image:
    """Put zero in the place of what is not finite."""
    from PIL import ImageMath  # which next to nobody needs

    bounded = _clipped(picture, -_HUGE, _HUGE)  # as zero times infinity is no number
    finite: Image.Image = ImageMath.lambda_eval(
        lambda given: given["bounded"] * (abs(given["bounded"]) < _HUGE), bounded=bounded
    )
    return finite


def _clipped(picture: Image.Image, least: float, most: float) -> Image.Image:
    """Bring numbers into a range; what is no number becomes `least`."""
    from PIL import ImageMath  # which next to nobody needs

    clipped: Image.Image = ImageMath.lambda_eval(
        # In this order: comparing what is no number fails, which gives the second operand.
        lambda given: given["min"](given["max"](given["picture"], least), most),
        picture=picture,
    )
    return clipped

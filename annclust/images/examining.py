"""Examining: what the pixels of one photo tell about how good a copy, or a shot, it is. Pure.

Stands beside decoding, and runs in its workers: `purge` weighs what is found here
(:mod:`examination`) against the rest of a group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels
from annclust.images.bars import bars_of
from annclust.images.examination import SAMPLES, THUMBNAIL_SIDE, Bars, Examination
from annclust.images.jpeg_traces import quality_of, worn_quality
from annclust.images.tiles import (
    GRID,
    LUMA,
    clipped_shares,
    detail_shares,
    focus_map,
    sharpness,
    tiles_of,
)
from annclust.images.wedges import wedge_share

REVISION: Final = 1
"""Of how photos are examined: what was measured in another way is measured anew."""


def examine(pixels: Pixels, *, jpeg_table: Sequence[int] | None = None) -> Examination:
    """Measure a photo: on pieces spread over it, so that 12 megapixels take tens of milliseconds.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The whole picture, upright, as many pixels as the file holds.
    jpeg_table : sequence of 64 int, or None
        The file's steps for brightness, in rows, if it is a JPEG.

    Raises
    ------
    ValueError
        If there are no pixels.
    """
    height, width = pixels.shape[:2]
    if not (height and width):
        raise ValueError(f"a picture of {width} by {height} pixels cannot be examined")
    bars = bars_of(pixels)
    whole = tiles_of(pixels)
    dark, light = clipped_shares(whole)
    samples = _samples(pixels)
    # Hard edges of bars, and nothing between them, would tell of detail that the picture lacks.
    tiles = tiles_of(_between(pixels, bars)) if bars.share else whole
    across, down = detail_shares(tiles)
    return Examination(
        width=width,
        height=height,
        wedge=wedge_share(pixels),
        bars=bars,
        detail=across * down,
        sharpness=sharpness(tiles),
        dark=dark,
        light=light,
        middle=float(np.median(whole)) / 255,
        jpeg_quality=None if jpeg_table is None else quality_of(jpeg_table),
        worn_quality=worn_quality(tiles, (width, height)),
        color=_color(samples),
        colors=_colors(samples),
        thumbnail=_thumbnail(samples),
        focus=focus_map(whole),
    )


def _between(pixels: Pixels, bars: Bars) -> Pixels:
    """What lies between bars, from where a block of JPEG begins."""
    height, width = pixels.shape[:2]
    top, left = (-(-math.ceil(at) // GRID) * GRID for at in (bars.top * height, bars.left * width))
    bottom, right = height - math.ceil(bars.bottom * height), width - math.ceil(bars.right * width)
    inner = pixels[top:bottom, left:right]
    return inner if inner.size else pixels


def _samples(pixels: Pixels) -> Pixels:
    """Pixels from all over the picture, in a square."""
    rows, columns = (
        ((np.arange(THUMBNAIL_SIDE * SAMPLES) + 0.5) * length / (THUMBNAIL_SIDE * SAMPLES))
        for length in pixels.shape[:2]
    )
    return np.asarray(pixels[rows.astype(np.intp)[:, np.newaxis], columns.astype(np.intp)])


def _color(samples: Pixels) -> float:
    red, green, blue = samples.transpose(2, 0, 1)
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    return float((most - least).mean())


def _colors(samples: Pixels) -> int:
    red, green, blue = samples.astype(np.uint32).transpose(2, 0, 1)
    # Sorted, as np.unique takes ten times as long to say which ones they are.
    ordered = np.sort((red << 16 | green << 8 | blue).ravel())
    return 1 + int(np.count_nonzero(np.diff(ordered)))


def _thumbnail(samples: Pixels) -> bytes:
    shape = (THUMBNAIL_SIDE, SAMPLES, THUMBNAIL_SIDE, SAMPLES)
    means: NDArray[np.float32] = (samples @ LUMA).reshape(shape).mean(axis=(1, 3))
    return np.rint(means).astype(np.uint8).tobytes()

"""Bars: even stripes along the sides of a picture, as copies from a screen have. Pure.

Serves :mod:`examining`. They add pixels, and nothing to see. A clear sky and the background of a
studio are even too: bars are of one color, lie on two opposite sides, and end all at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels
from annclust.images.examination import Bars
from annclust.images.lines import some_lines

_EVEN = 12
"""Of 255, in any channel: what JPEG leaves of an even stripe; noise of a dark sky is more."""

_OF_ONE_COLOR = 0.85
"""Share of a line that must be of the bar's color: a clock and a battery are written across some
bars of screens, and take less."""

_HARD = 24
"""Of 255, in any channel, by which the picture differs from a bar beside it."""

_EDGE = 3
"""Lines within which a bar has ended, whatever smoothing mixed there."""

_SEEN = 0.35
"""Share of a line behind the edge that must differ. Of a thing before a background, less does; of
a picture with a dark part behind a black bar, this much may be all."""


def bars_of(pixels: Pixels) -> Bars:
    """Bars of a picture; none if it is all one color.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    """
    # Channels first: NumPy is ten times slower over a last axis of three.
    channels = np.ascontiguousarray(some_lines(pixels).transpose(2, 0, 1))
    top, bottom = _along(channels)
    left, right = _along(channels.transpose(0, 2, 1))
    return Bars(left=left, right=right, top=top, bottom=bottom)


def _along(channels: NDArray[np.uint8]) -> tuple[float, float]:
    """Shares of the rows that are bars at both ends; nothing if there is none at one of them."""
    ends = np.median(channels[:, [0, -1]], axis=2)
    if np.ptp(ends, axis=1).max() > _EVEN:
        return 0.0, 0.0
    apart = np.abs(channels - ends.mean(axis=1)[:, np.newaxis, np.newaxis]).max(axis=0)
    shown = np.flatnonzero((apart <= _EVEN).mean(axis=1) < _OF_ONE_COLOR)
    if not len(shown):
        return 0.0, 0.0
    rows, first, behind = len(apart), int(shown[0]), int(shown[-1]) + 1
    if not (first and behind < rows and _end_at_once(apart[first:behind])):
        return 0.0, 0.0
    return first / rows, 1 - behind / rows


def _end_at_once(apart: NDArray[np.float64]) -> bool:
    """Whether what lies between bars, by how far it is from their color, has two hard edges."""
    seen = (apart > _HARD).mean(axis=1)
    return bool(min(seen[:_EDGE].max(), seen[-_EDGE:].max()) >= _SEEN)

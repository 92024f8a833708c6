"""Bars: even stripes along the sides of a picture, as copies from a screen have. Pure.

Serves :mod:`examination`. They add pixels, and nothing to see.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels

_LONG_SIDE = 512
"""Pixels that are looked at, of however many."""

_EVEN = 12
"""Of 255, in any channel: what JPEG leaves of an even stripe; noise of a dark sky is more."""


def bar_share(pixels: Pixels) -> float:
    """Share of the frame in even stripes along its sides; 0 if it is all one color.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    """
    step = max(1, -(-max(pixels.shape[:2]) // _LONG_SIDE))
    # Channels first: NumPy is ten times slower over a last axis of three.
    small = np.ascontiguousarray(pixels[::step, ::step].transpose(2, 0, 1))
    rows = _between(np.ptp(small, axis=2).max(axis=0))
    columns = _between(np.ptp(small, axis=1).max(axis=0))
    return 1 - rows * columns if rows and columns else 0.0


def _between(spread: NDArray[np.uint8]) -> float:
    """Share of lines from the first to the last that is not even."""
    uneven = np.flatnonzero(spread > _EVEN)
    return float(uneven[-1] - uneven[0] + 1) / len(spread) if len(uneven) else 0.0

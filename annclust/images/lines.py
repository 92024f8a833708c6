"""Lines: rows and columns from all over a picture, as many as are needed to see its edges. Pure.

Serves :mod:`wedges` and :mod:`bars`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels

LONG_SIDE = 512
"""Lines. Through more of them an edge lies no better, and 12 MP would cost as much as decoding."""


def some_lines(pixels: Pixels) -> Pixels:
    """A picture of 512 evenly spaced lines along its long side, and as many a pixel across it.

    Any fixed step would leave between 257 and 512 of them, by how large the picture is.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    """
    scale = min(1.0, LONG_SIDE / max(pixels.shape[:2]))
    rows, columns = (_spread(length, scale) for length in pixels.shape[:2])
    return np.asarray(pixels[rows[:, np.newaxis], columns])


def _spread(length: int, scale: float) -> NDArray[np.intp]:
    number = max(1, round(length * scale))
    return ((np.arange(number) + 0.5) * length / number).astype(np.intp)

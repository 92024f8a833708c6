"""Bars: even stripes along the sides of a picture, as copies from a screen have. Pure.

Serves :mod:`examination`. They add pixels, and nothing to see. A clear sky and the background of a
studio are even too: bars are of one color, lie on two opposite sides, and end all at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels

_LONG_SIDE = 512
"""Pixels that are looked at, of however many."""

_EVEN = 12
"""Of 255, in any channel: what JPEG leaves of an even stripe; noise of a dark sky is more."""

_HARD = 24
"""Of 255, in any channel, by which the picture differs from a bar beside it."""

_EDGE = 3
"""Lines within which a bar has ended, whatever smoothing mixed there."""

_SEEN = 0.5
"""Share of a line behind the edge that must differ: of a thing before a background, less does."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares of width and height that bars take along each side.

    Parameters
    ----------
    left, right, top, bottom : float
    """

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0

    @property
    def across(self) -> float:
        """Share of the width between bars."""
        return 1 - self.left - self.right

    @property
    def down(self) -> float:
        """Share of the height between bars."""
        return 1 - self.top - self.bottom

    @property
    def share(self) -> float:
        """Share of the frame."""
        return 1 - self.across * self.down


def bars_of(pixels: Pixels) -> Bars:
    """Bars of a picture; none if it is all one color.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    """
    step = max(1, -(-max(pixels.shape[:2]) // _LONG_SIDE))
    # Channels first: NumPy is ten times slower over a last axis of three.
    small = np.ascontiguousarray(pixels[::step, ::step].transpose(2, 0, 1))
    top, bottom = _along(small)
    left, right = _along(small.transpose(0, 2, 1))
    return Bars(left=left, right=right, top=top, bottom=bottom)


def _along(channels: NDArray[np.uint8]) -> tuple[float, float]:
    """Shares of the rows that are bars at both ends; nothing if there is none at one of them."""
    uneven = np.flatnonzero(np.ptp(channels, axis=2).max(axis=0) > _EVEN)
    rows = channels.shape[1]
    if not len(uneven):
        return 0.0, 0.0
    first, last = int(uneven[0]), rows - 1 - int(uneven[-1])
    if not (first and last and _end_at_once(channels, first, last)):
        return 0.0, 0.0
    return first / rows, last / rows


def _end_at_once(channels: NDArray[np.uint8], first: int, last: int) -> bool:
    """Whether so many even rows at both ends are of one color, which ends in a hard edge."""
    above, below = channels[:, :first], channels[:, -last:]
    lines = np.concatenate([above, below], axis=1).mean(axis=2)
    if np.ptp(lines, axis=1).max() > _EVEN:
        return False
    color = np.median(lines, axis=1)[:, np.newaxis, np.newaxis]
    behind = channels[:, first : first + _EDGE], channels[:, :-last][:, -_EDGE:]
    return all(
        (np.abs(lines - color).max(axis=0) > _HARD).mean(axis=1).max() >= _SEEN for lines in behind
    )

"""Wedges: the triangles that stay empty when a picture is turned by a few degrees and not cut.

Serves :mod:`examining`. A rectangle turned by an angle can leave empty corners in only two ways:
the frame grew to hold all of it, or it stayed as it was. Either way the angle fixes all four
triangles, so that a dark sky, a vignette, bars above and below, or a black table, which have dark
corners too, would have to draw four such edges by chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels
from annclust.images.lines import some_lines

_SHORT_SIDE = 32
"""Pixels. In smaller pictures edges of a pixel's width are as wide as the wedges themselves."""

_TOLD_ANGLE = np.deg2rad(5)
"""Where the legs that a turn by so much leaves are too short to be seen, no wedge proves nothing:
people straighten horizons by less, and see what that leaves."""

_SAME_COLOR = 24
"""Of 255, in any channel: JPEG leaves so much ringing beside a hard edge at low quality."""

_ANGLES = np.deg2rad(np.arange(0.75, 44.5, 0.25))
"""Below, wedges are a few pixels thin and disturb nobody; at 45° the frame's size fixes nothing.
A step of a quarter moves the end of an edge by no more than `_BESIDE`, as the edge is 512 long."""

_BESIDE = 2.5
"""Pixels from the edge at which its two sides are looked at: past what smoothing mixes there."""

_SHORTEST_LEG = 4 * _BESIDE
"""Pixels. A smaller wedge cannot be told from an even frame around a picture: most of it lies
within a frame, most of what is behind its edge does not."""

_POINTS = np.linspace(0.08, 0.92, 24)
"""Places along an edge, as shares; its ends lie in other wedges or in corners of the picture."""

_EMPTY = 0.97
"""Share of a wedge that must be of one color: all of it, but for a stray point of JPEG ringing."""

_SEEN = 0.5
"""Share of the edges behind which there must be something else. In dark pictures parts of an edge
lie between black and black; of edges that are none hardly anything is seen."""

_SEEN_AT_EACH = 0.2
"""As `_SEEN`, for every edge: bars and horizons show one or two edges, wedges all four."""

_SEEN_AT_ENDS = 0.35
"""As `_SEEN`, for either half of the edges: past the flat ends of wedges that would fit into an
even frame around a picture there is still frame."""

_Legs = NDArray[np.float64]
"""Legs of the triangles, along width and height: shape (turns, 4 corners, 2)."""


def wedge_share(pixels: Pixels) -> float | None:
    """Share of the frame that turning without cutting left empty; 0 if there was no such turn.

    None for a picture that is too small, or too narrow, to tell.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    """
    small = some_lines(pixels).astype(np.int16)
    if min(small.shape[:2]) < _SHORT_SIDE:
        return None
    corners = small[[1, 1, -2, -2], [1, -2, -2, 1]]
    if np.ptp(corners, axis=0).max() > _SAME_COLOR:
        return 0.0
    empty = np.abs(small - np.median(corners, axis=0)).max(axis=2) <= _SAME_COLOR
    found = 0.0 if empty.all() else _largest_fit(empty)
    told = min(small.shape[:2]) * np.sin(_TOLD_ANGLE) >= _SHORTEST_LEG
    return found if found or told else None


def _largest_fit(empty: NDArray[np.bool_]) -> float:
    height, width = empty.shape
    legs = _legs(width, height)
    if not len(legs):
        return 0.0
    filled, seen = _sides_of_edges(empty, legs)
    fits = (filled >= _EMPTY).all(axis=1)
    fits &= (seen.mean(axis=2) >= _SEEN_AT_EACH).all(axis=1)
    fits &= (seen.mean(axis=1) >= _SEEN_AT_ENDS).all(axis=1)
    score = np.where(fits, seen.mean(axis=(1, 2)), 0)
    best = int(score.argmax())
    if score[best] < _SEEN:
        return 0.0
    return float(legs[best].prod(axis=1).sum() / 2 / (width * height))


def _legs(width: int, height: int) -> _Legs:
    """Wedges of all turns; corners go round from the upper left one."""
    sine, cosine = np.sin(_ANGLES), np.cos(_ANGLES)
    # Solved for the turned picture from W = w cos + h sin, H = w sin + h cos.
    across = (width * cosine - height * sine) / (cosine**2 - sine**2)
    down = (height * cosine - width * sine) / (cosine**2 - sine**2)
    grown = (down * sine, down * cosine), (across * cosine, across * sine)
    half = np.tan(_ANGLES / 2)
    tall, long = (height - width * half) / 2, (width - height * half) / 2
    kept = (tall * np.tan(_ANGLES), tall), (long, long * np.tan(_ANGLES))
    found = []
    for one, other in (grown, kept):
        pair = np.stack([np.stack(one, axis=-1), np.stack(other, axis=-1)], axis=1)
        found += [pair[:, [0, 1, 0, 1]], pair[:, [1, 0, 1, 0]]]
    legs = np.concatenate(found)
    return np.asarray(legs[(legs > _SHORTEST_LEG).all(axis=(1, 2))])


def _sides_of_edges(
    empty: NDArray[np.bool_], legs: _Legs
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each turn and corner: how much of the wedge is empty, of its edge's halves seen."""
    along, up = legs[..., 0, np.newaxis], legs[..., 1, np.newaxis]
    length = np.hypot(along, up)
    x, y = along * _POINTS, up * (1 - _POINTS)
    aside, below = _BESIDE * up / length, _BESIDE * along / length
    beside = _look(empty, x - aside, y - below)
    within = _look(empty, x / 2, y / 2)
    behind = _look(empty, x + aside, y + below)
    filled = np.minimum(beside.mean(axis=-1), within.mean(axis=-1))
    halves = behind.reshape(*behind.shape[:2], 2, -1).mean(axis=-1)
    return filled, 1 - halves


def _look(
    empty: NDArray[np.bool_], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """What lies so far from each corner, shape (turns, 4, points)."""
    height, width = empty.shape
    column = np.clip(np.rint(x), 0, width - 1).astype(np.intp)
    row = np.clip(np.rint(y), 0, height - 1).astype(np.intp)
    column[:, [1, 2]] = width - 1 - column[:, [1, 2]]
    row[:, [2, 3]] = height - 1 - row[:, [2, 3]]
    return np.asarray(empty[row, column])

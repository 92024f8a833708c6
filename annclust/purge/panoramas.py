"""Panoramas: finished ones, of which ordinary frames beside them show a part. Pure.

Serves :mod:`series`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.images.examination import THUMBNAIL_SIDE
from annclust.purge.candidate import Candidate
from annclust.purge.views import averages, correlations, view_of

_WIDE: Final = 2.4
"""Long side over short. Cameras take 1.33, 1.5 and 1.78, telephones 2.17 to 2.33; what is wider was
put together, or cut to be wide."""

_AS_HIGH: Final = 0.7
"""Short side against that of an ordinary frame: putting frames together cuts their edges off, and a
strip that was cut out is lower."""

_KEPT: Final = (1.0, 0.85, 0.7)
"""Shares of a frame's height that a panorama may show."""

_ALIKE: Final = 0.7
"""Correlation of a part of a panorama with a frame. It was bent to fit; strangers reach .5."""


def finished_panoramas(photos: Sequence[Candidate]) -> Iterator[tuple[int, str]]:
    """Photos, without bars that nobody proves, that are wide, about as high, and show more.

    Yields
    ------
    tuple of int and str
        Where one stands in what was given, and its shape in words.
    """
    shapes = [_held_sides(photo) for photo in photos]
    ordinary = [at for at, sides in enumerate(shapes) if max(sides) < _WIDE * min(sides)]
    longest = max((max(shapes[at]) for at in ordinary), default=0.0)
    for place, sides in enumerate(shapes):
        if max(sides) < _WIDE * min(sides) or max(sides) <= longest:
            continue
        as_high = (at for at in ordinary if min(sides) >= _AS_HIGH * min(shapes[at]))
        if any(_shows_a_part(photos[at], photos[place]) for at in as_high):
            across, down = sides
            words = "as wide as high" if across > down else "as high as wide"
            yield place, f"{max(sides) / min(sides):.1f} times {words}"


def _held_sides(photo: Candidate) -> tuple[float, float]:
    """Width and height without bars, which make screenshots of photos long."""
    seen = photo.examination
    return seen.width * seen.bars.across, seen.height * seen.bars.down


def _shows_a_part(frame: Candidate, panorama: Candidate) -> bool:
    """Whether a frame is found anywhere along a panorama, which may have lost its edges."""
    across, down = _held_sides(panorama)
    view, whole = (view_of(each.examination.thumbnail) for each in (frame, panorama))
    if down > across:
        view, whole = view.T, whole.T
    shape = _length(frame, lying=across > down) / _length(panorama, lying=across > down)
    return any(
        _is_found(_rows(view, kept, at), whole, round(THUMBNAIL_SIDE * shape / kept))
        for kept, at in product(_KEPT, (0.0, 0.5, 1.0))
    )


def _length(photo: Candidate, *, lying: bool) -> float:
    """Side along a panorama over the other one."""
    seen = photo.examination
    return seen.width / seen.height if lying else seen.height / seen.width


def _rows(view: NDArray[np.float64], kept: float, at: float) -> NDArray[np.float64]:
    """As large a part of a view's rows, stretched to all; from the top at 0, the bottom at 1."""
    return averages((1 - kept) * at, kept, THUMBNAIL_SIDE) @ view


def _is_found(part: NDArray[np.float64], whole: NDArray[np.float64], columns: int) -> bool:
    """Whether a view, made as narrow, is like any part of another one."""
    if not 1 < columns < THUMBNAIL_SIDE:
        return False
    narrow = part @ averages(0.0, 1.0, columns).T
    lefts = range(THUMBNAIL_SIDE - columns + 1)
    parts = np.stack([whole[:, left : left + columns] for left in lefts])
    return bool(correlations(narrow[np.newaxis], parts).max() >= _ALIKE)

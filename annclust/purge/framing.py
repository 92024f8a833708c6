"""Framing: which bars of photos are known to be bars, as another photo shows the rest. Pure.

A dark stage and a white wall have even edges as well; only a photo without them tells that
somebody added them. Bars that none proves are taken for a part of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.images.bars import Bars
from annclust.images.examination import THUMBNAIL_SIDE
from annclust.purge.candidate import Candidate
from annclust.purge.views import likeness, view_of

_ALIKE: Final = 0.9
"""Correlation of a thumbnail that was cut out with that of the picture itself: cutting it from a
few pixels smooths it."""


def with_proven_bars(photos: Sequence[Candidate]) -> list[Candidate]:
    """Photos without the bars that no other one proves."""
    return [_with_proven_bars(photo, photos) for photo in photos]


def _with_proven_bars(photo: Candidate, photos: Sequence[Candidate]) -> Candidate:
    seen = photo.examination
    if not seen.bars.share:
        return photo
    within = _between_bars(view_of(seen.thumbnail), seen.bars)
    if any(likeness(within, view_of(other.examination.thumbnail)) >= _ALIKE for other in photos):
        return photo
    return replace(photo, examination=replace(seen, bars=Bars()))


def _between_bars(view: NDArray[np.float64], bars: Bars) -> NDArray[np.float64]:
    """What a thumbnail shows between its bars, as a thumbnail."""
    columns = _cut(view, bars.left, bars.across)
    return _cut(columns.T, bars.top, bars.down).T


def _cut(view: NDArray[np.float64], start: float, share: float) -> NDArray[np.float64]:
    """Part of each row, stretched to all of it."""
    pixel = np.arange(THUMBNAIL_SIDE)
    at = start * THUMBNAIL_SIDE + (pixel + 0.5) * share - 0.5
    return np.stack([np.interp(at, pixel, row) for row in view])

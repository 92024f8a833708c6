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
from annclust.purge.views import correlations, view_of

_ALIKE: Final = 0.9
"""Correlation of a thumbnail that was cut out with that of the picture itself: cutting it from a
few pixels smooths it."""


def with_proven_bars(photos: Sequence[Candidate]) -> list[Candidate]:
    """Photos without the bars that no other one proves."""
    views = np.stack([view_of(photo.examination.thumbnail) for photo in photos])
    return [photo if _is_proven(photo, views) else _without_bars(photo) for photo in photos]


def _is_proven(photo: Candidate, views: NDArray[np.float64]) -> bool:
    """Whether any of some views is what a photo shows between its bars, if it has any."""
    seen = photo.examination
    if not seen.bars.share:
        return True
    within = _between_bars(view_of(seen.thumbnail), seen.bars)
    return bool(correlations(within[np.newaxis], views).max() >= _ALIKE)


def _without_bars(photo: Candidate) -> Candidate:
    return replace(photo, examination=replace(photo.examination, bars=Bars()))


def _between_bars(view: NDArray[np.float64], bars: Bars) -> NDArray[np.float64]:
    """What a thumbnail shows between its bars, as a thumbnail."""
    columns = _cut(view, bars.left, bars.across)
    return _cut(columns.T, bars.top, bars.down).T


def _cut(view: NDArray[np.float64], start: float, share: float) -> NDArray[np.float64]:
    """Part of each row, stretched to all of it."""
    pixel = np.arange(THUMBNAIL_SIDE)
    at = start * THUMBNAIL_SIDE + (pixel + 0.5) * share - 0.5
    return np.stack([np.interp(at, pixel, row) for row in view])

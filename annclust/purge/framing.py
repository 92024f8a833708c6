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

from annclust.images.examination import THUMBNAIL_SIDE, Bars
from annclust.purge.candidate import Candidate
from annclust.purge.views import averages, correlations, view_of

_ALIKE: Final = 0.9
"""Correlation of what lies between bars with another picture, made as small: edges of pixels fall
elsewhere, and what was compressed or brightened differs by less."""

_BETTER: Final = 0.5
"""Of what is left to a perfect correlation with all of the photo: bars are most of the difference
from a picture without them, where there are any."""

_FEWEST: Final = 3
"""Rows and columns of a thumbnail between bars that prove anything."""


def with_proven_bars(photos: Sequence[Candidate]) -> list[Candidate]:
    """Photos without the bars that no other one proves."""
    if not photos:
        return []
    views = np.stack([view_of(photo.examination.thumbnail) for photo in photos])
    shapes = np.array([photo.examination.width / photo.examination.height for photo in photos])
    return [photo if _is_proven(photo, views, shapes) else _without_bars(photo) for photo in photos]


def _is_proven(photo: Candidate, views: NDArray[np.float64], shapes: NDArray[np.float64]) -> bool:
    """Whether any of some views is what a photo shows between its bars, if it has any.

    And rather that than all of it, by its shape and by what it shows: copies with the same bars, or
    of a picture whose edges are even, prove nothing.
    """
    bars = photo.examination.bars
    if not bars.share:
        return True
    down, across = _weights(bars.top, bars.down), _weights(bars.left, bars.across)
    rows, columns = (np.flatnonzero(each.any(axis=1)) for each in (down, across))
    if min(len(rows), len(columns)) < _FEWEST:
        return False
    view = view_of(photo.examination.thumbnail)
    between, as_small = view[np.ix_(rows, columns)], down[rows] @ views @ across[columns].T
    alike = correlations(between[np.newaxis], as_small)[0]
    better = 1 - alike <= _BETTER * (1 - correlations(view[np.newaxis], views)[0])
    return bool(((alike >= _ALIKE) & better & _is_of_the_shape(photo, shapes)).any())


def _is_of_the_shape(photo: Candidate, shapes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which widths over heights are nearer to those between bars than to the whole photo's."""
    seen = photo.examination
    whole = seen.width / seen.height
    between = whole * seen.bars.across / seen.bars.down
    return np.asarray(np.abs(np.log(shapes / between)) < np.abs(np.log(shapes / whole)))


def _without_bars(photo: Candidate) -> Candidate:
    return replace(photo, examination=replace(photo.examination, bars=Bars()))


def _weights(start: float, share: float) -> NDArray[np.float64]:
    """What each line between bars shows of a picture's own lines; nothing of one that bars touch.

    Parameters
    ----------
    start, share : float
        Where what is between bars begins, and how much of the thumbnail's side it takes.

    Returns
    -------
    ndarray of shape (32, 32)
        Rows of sum 1, or 0.
    """
    lines = averages(-start / share, 1 / share, THUMBNAIL_SIDE)
    return np.asarray(lines * (lines.sum(axis=1, keepdims=True) > 1 - _ROUNDING))


_ROUNDING: Final = 1e-6
"""By which computing may miss a sum of 1."""

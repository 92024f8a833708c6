"""Turns: which photos of a group lie on their side, or upside down, against the others. Pure.

A photo that somebody turned looks like the others once it is turned back. Where crops differ too
much to tell by looking, the shape tells: wide against tall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.images.examination import THUMBNAIL_SIDE, Examination

_ALIKE: Final = 0.8
"""Correlation of two thumbnails that show the same; strangers seldom reach half of that."""

_CLEARLY: Final = 0.1
"""By how much one turn must beat another; sky above ground looks alike in a mirror."""

_SQUARE: Final = 1.05
"""Sides that differ by less make a shape neither wide nor tall."""


def turned_from_most(photos: Sequence[Examination]) -> list[bool]:
    """Whether more than half of the other photos say that a photo is turned.

    Two photos that differ say so of each other: then nobody knows, and both are called turned.
    """
    votes = _turned(photos).sum(axis=1)
    return [bool(2 * vote > len(photos) - 1) for vote in votes]


def show_the_same(one: Examination, other: Examination) -> bool:
    """Whether two photos show the same, and all of it: not if one was cropped."""
    return bool(_correlations(_view(one)[np.newaxis], _view(other)[np.newaxis])[0, 0] >= _SAME)


_SAME: Final = 0.98
"""Correlation of thumbnails. A crop by a tenth shifts edges by more than a pixel of them; scaling
and compressing leave them where they are."""


def _turned(photos: Sequence[Examination]) -> NDArray[np.bool_]:
    """Whether each photo is turned against each other, shape (n, n)."""
    views = np.stack([_view(photo) for photo in photos])
    upright, *others = (_correlations(np.rot90(views, turn, (1, 2)), views) for turn in range(4))
    turned = np.maximum.reduce(others)
    shapes = np.array([_shape(photo) for photo in photos])
    by_shape = (shapes[:, np.newaxis] * shapes == -1) & (upright < _ALIKE)
    by_look = (turned >= _ALIKE) & (turned > upright + _CLEARLY)
    return np.asarray(by_look | by_shape)


def _view(photo: Examination) -> NDArray[np.float64]:
    view = np.frombuffer(photo.thumbnail, np.uint8).astype(np.float64)
    return view.reshape(THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _correlations(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    one, other = _standardized(some), _standardized(others)
    return np.asarray(one @ other.T)


def _standardized(views: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of mean 0 and length 1; even pictures are like nothing."""
    rows = views.reshape(len(views), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))


def _shape(photo: Examination) -> int:
    """1 for wide, -1 for tall, 0 for square."""
    if photo.width > photo.height * _SQUARE:
        return 1
    return -1 if photo.height > photo.width * _SQUARE else 0

"""Turns: which photos of a group lie on their side, or upside down, against the others. Pure.

A photo that somebody turned looks like the others once it is turned back. Shapes alone tell
nothing: whoever holds a camera the other way takes another picture, which stands as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.purge.candidate import Candidate, Known
from annclust.purge.views import SAME, correlations, view_of

_ALIKE: Final = 0.8
"""Correlation of two thumbnails that show the same; strangers seldom reach half of that."""

_CLEARLY: Final = 0.1
"""By how much one turn must beat another; sky above ground looks alike in a mirror."""

_LEANS: Final = 0.05
"""As `_CLEARLY`, of crops, which hardly look like the whole, and whose shape must agree."""

_SQUARE: Final = 1.05
"""Sides that differ by less make a shape neither wide nor tall."""


def turned_from_most(photos: Sequence[Candidate]) -> list[bool]:
    """Whether more than half of the votes say that a photo is turned.

    Copies of one picture have one vote among them. What the camera wrote tells which side is up, so
    that its photo, and a copy that stands like it, has a vote for itself. Two photos that differ
    say so of each other: then nobody knows, and both are called turned.
    """
    views = np.stack([view_of(photo.examination.thumbnail) for photo in photos])
    turns = np.stack([correlations(np.rot90(views, turn, (1, 2)), views) for turn in range(4)])
    upright = turns[0]
    against = _by_look(turns) | _by_shape(turns, [_shape(photo) for photo in photos])
    pictures = _pictures(upright >= SAME)
    sure = {
        picture
        for picture, photo in zip(pictures, photos, strict=True)
        if photo.has_camera is Known.YES
    }
    return [_is_outvoted(against[at], pictures, at, sure) for at in range(len(photos))]


def _by_look(turns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each photo, turned, looks like each other one, of shape (n, n)."""
    best = turns[1:].max(axis=0)
    return np.asarray((best >= _ALIKE) & (best > turns[0] + _CLEARLY))


def _by_shape(turns: NDArray[np.float64], shapes: Sequence[int]) -> NDArray[np.bool_]:
    """Whether each photo, turned as its likest says, is of the shape of others and like them."""
    looks = np.where(_by_look(turns), turns[1:].max(axis=0), 0)
    likest = looks.argmax(axis=1)
    photos = np.arange(len(shapes))
    turn = turns[1:, photos, likest].argmax(axis=0) + 1
    leans = (turns[turn, photos] > turns[0] + _LEANS) & (turns[0] < _ALIKE)
    across = np.multiply.outer(shapes, shapes) == -1
    return np.asarray(leans & across & (looks.max(axis=1) > 0)[:, np.newaxis])


def _shape(photo: Candidate) -> int:
    """1 for wide, -1 for tall, 0 for square."""
    wide = photo.examination.width / photo.examination.height
    return int(wide > _SQUARE) - int(wide < 1 / _SQUARE)


def _pictures(same: NDArray[np.bool_]) -> list[int]:
    """A number for each photo, equal for those that are the same by any chain of copies."""
    pictures = np.full(len(same), -1)
    for at in range(len(same)):
        chain = np.arange(len(same)) == at
        while pictures[at] < 0:
            longer = chain | same[chain].any(axis=0)
            if (longer == chain).all():
                pictures[chain] = at
            chain = longer
    return [int(each) for each in pictures]


def _is_outvoted(
    against: NDArray[np.bool_], pictures: Sequence[int], at: int, sure: set[int]
) -> bool:
    own = pictures[at]
    voters = set(pictures) - {own}
    accusers = {pictures[other] for other in np.flatnonzero(against).tolist()} - {own}
    return 2 * len(accusers) > len(voters) + (own in sure)

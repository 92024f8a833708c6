"""Flaws: criteria that a photo fails by what was done to the picture. Pure.

Serves :mod:`criteria`. Empty corners, a turn, lost colors and added pixels are told by another
photo of the group that is free of them; what nobody could measure puts no photo behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from annclust.purge.candidate import Candidate, Known
from annclust.purge.levels import Levels, Photos, steps_below
from annclust.purge.measures import (
    COLORED,
    EQUAL_PIXELS,
    GOOD,
    GRAY,
    SAME_PIXELS,
    SAME_QUALITY,
    effective_pixels,
    framed_pixels,
    held_pixels,
    quality,
)
from annclust.purge.turns import turned_from_most
from annclust.purge.views import show_the_same

_WORTH_A_FLAW: Final = 0.5
"""Share of the pixels of a photo with a flaw that one without it must have: corners can be cut off,
a photo can be turned back, and pixels that are gone stay so."""

_DETAIL_WORTH_A_FLAW: Final = 0.2
"""As `_WORTH_A_FLAW`, of what pixels hold: the edges of wedges have more detail than the picture
between them, by a factor of up to 3.6 in 120 photos, but one that was blown up has less."""

_SURE_DETAIL: Final = 0.5
"""Detail of a picture that is much enlarged, as on a screen, comes out too high by up to 1.7."""

_FULL: Final = 0.9
"""Detail of a photo that has as many pixels as it needs. Only such a one shows that a larger one
was blown up: a soft photo has as much detail as its smaller copies, and is still the original."""


def wedges(photos: Photos) -> Levels:
    """Has no empty corners."""
    flawed = [bool(photo.examination.wedge) for photo in photos]
    return _flaws(photos, flawed, sound=[photo.examination.wedge == 0 for photo in photos])


def bars(photos: Photos) -> Levels:
    """Has no bars, which copies from a screen have; another one shows what is between them."""
    sound = [photo for photo in photos if not photo.examination.bars.share]
    most = max((effective_pixels(photo) for photo in sound), default=0.0)
    return [bool(photo.examination.bars.share) and most >= _worth_bars(photo) for photo in photos]


def _worth_bars(photo: Candidate) -> float:
    """Effective pixels that a photo without bars must have to be kept instead of one with them."""
    share = SAME_PIXELS if photo.examination.detail >= _SURE_DETAIL else _WORTH_A_FLAW
    return share * effective_pixels(photo)


def turns(photos: Photos) -> Levels:
    """Stands as most of them do."""
    turned = turned_from_most(photos)
    return _flaws(photos, turned, sound=[not each for each in turned])


def colors(photos: Photos) -> Levels:
    """Has its colors: they can be taken out later, and never put back. Cameras may take none.

    Nor has a scan of an old print; a copy to which somebody gave colors is mostly a poorer one.
    """
    in_color = [photo for photo in photos if photo.examination.color > COLORED]
    return [
        photo.examination.color < GRAY
        and photo.has_camera is Known.NO
        and any(_had_its_colors(other, photo) for other in in_color)
        for photo in photos
    ]


def _had_its_colors(other: Candidate, gray: Candidate) -> bool:
    """Whether a photo in color is what a gray one was made from."""
    from_camera = other.has_camera > gray.has_camera and _is_enough(other, gray)
    as_many = framed_pixels(other) >= EQUAL_PIXELS * framed_pixels(gray)
    return from_camera or (as_many and _is_as_good(quality(other), quality(gray)))


def _is_as_good(one: float | None, other: float | None) -> bool:
    """Whether nobody sees that one quality is below another; of which one may be unknown."""
    return one is None or other is None or one >= min(GOOD, other) - SAME_QUALITY


def _flaws(photos: Photos, flawed: Sequence[bool], *, sound: Sequence[bool]) -> Levels:
    """Who has a flaw beside one without it that holds enough to be kept instead."""
    instead = [photo for photo, is_ in zip(photos, sound, strict=True) if is_]
    return [
        has and any(_is_enough(other, photo) for other in instead)
        for photo, has in zip(photos, flawed, strict=True)
    ]


def _is_enough(sound: Candidate, flawed: Candidate) -> bool:
    return framed_pixels(sound) >= _WORTH_A_FLAW * framed_pixels(flawed) and held_pixels(
        sound
    ) >= _DETAIL_WORTH_A_FLAW * held_pixels(flawed)


def enlargements(photos: Photos) -> Levels:
    """Was not blown up: no smaller photo has as much detail, and no camera wrote this one.

    A soft photo of a camera looks like one that was blown up, beside a smaller, sharpened copy. A
    blown-up copy that is kept loses nothing; a deleted original is gone.
    """
    return [any(_shows_up(other, photo) for other in photos) for photo in photos]


def _shows_up(other: Candidate, photo: Candidate) -> bool:
    smaller, larger = other.examination, photo.examination
    return (
        photo.has_camera is Known.NO
        and smaller.pixels < SAME_PIXELS * larger.pixels
        and smaller.detail >= _FULL
        and effective_pixels(other) >= SAME_PIXELS * effective_pixels(photo)
        and show_the_same(smaller, larger)
    )


def pixels(photos: Photos) -> Levels:
    """Has as many pixels that hold something."""
    return steps_below([held_pixels(photo) for photo in photos], 1 / SAME_PIXELS)

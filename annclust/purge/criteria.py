"""Criteria: the questions that are asked of the photos of a group, in turn. Pure.

Each one gives all photos that are still equal a level, 0 for the best; what it takes for a lower
level is stated against the best of them. docs/keep-best.md tells the order and its reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

from annclust.purge.candidate import Candidate
from annclust.purge.turns import show_the_same, turned_from_most

Rule: TypeAlias = Literal[
    "wedge",
    "turn",
    "color",
    "enlarged",
    "pixels",
    "camera",
    "compression",
    "saved again",
    "all pixels",
    "kept bytes",
    "sharpness",
    "exposure",
    "bytes",
]
Photos: TypeAlias = Sequence[Candidate]
Levels: TypeAlias = Sequence[float]

_SAME_PIXELS: Final = 0.8
"""Share of the most pixels that still counts as all of them: cropping a margin, or straightening
the horizon, is an improvement as often as a loss."""

_ALL_PIXELS: Final = 0.9
"""As `_SAME_PIXELS`, of photos that were kept equally well: more of them are then more picture.
Cutting to whole blocks of JPEG takes less, and so much is cut off more or less in frames of a
burst."""

_FULL: Final = 0.9
"""Detail of a photo that has as many pixels as it needs. Only such a one shows that a larger one
was blown up: a soft photo has as much detail as its smaller copies, and is still the original."""

_GRAY: Final = 2.0
_COLORED: Final = 8.0
"""Of 255, mean differences of a pixel's channels. JPEG turns gray into grays that differ by 1; what
lies between is fog or snow, whose copies may fall to either side."""

_GOOD: Final = 85
"""libjpeg's quality above which nobody sees a difference. More is no merit: cameras save at 85 to
97, and programs that save again at any number."""

_SAME_QUALITY: Final = 10
"""Steps of libjpeg's quality that are seen only side by side; cameras vary it as much."""

_SAVED_AGAIN: Final = 5
"""By how much the quality of a file is above that of its pixels if it was saved twice; reading it
from rounded steps errs by 3."""

_WEIGHT: Final = {"HEIF": 2.0, "AVIF": 2.0, "WebP": 1.3, "JPEG 2000": 1.3}
"""What a byte is worth against one of JPEG: these formats were made to take a half, and three
quarters, of JPEG's bytes for the same picture."""

_LOSSLESS: Final = frozenset({"PNG", "TIFF", "BMP", "DIB", "PSD"})
_LOSSLESS_WEIGHT: Final = 0.1
"""Lossless formats take five to ten times JPEG's bytes for a photo, whether it was a JPEG or
not."""

_DRAWN_WEIGHT: Final = 10.0
_DRAWN: Final = 0.8
"""Bytes a pixel. What a lossless format packs into less was drawn or taken from a screen, and never
was a JPEG, whose noise does not pack."""

_FEW_COLORS: Final = frozenset({"GIF", "ICO"})

_SAME_BYTES: Final = 1.5
"""Frames of a burst differ by a few percent; a copy of less than two thirds was made smaller."""

_SAME_SHARPNESS: Final = 1.1
"""Frames of one scene, moved by a few pixels, differ by less nine times in ten, by where edges
fall; a blur of two thirds of a pixel changes more, nineteen times in twenty."""

_SAME_CLIPPING: Final = 0.05
"""Share of the frame. A lamp or a window more or less is no fault of exposure."""

_BARELY_EXPOSED: Final = 0.42
"""How far from the middle half of the pixels of a photo may be, from 0 to .5: beyond, it is nearly
all black, or white."""


def wedges(photos: Photos) -> Levels:
    """Has no empty corners."""
    return [photo.examination.wedge > 0 for photo in photos]


def turns(photos: Photos) -> Levels:
    """Stands as most of them do."""
    return turned_from_most([photo.examination for photo in photos])


def colors(photos: Photos) -> Levels:
    """Has its colors: they can be taken out at any time, and never put back."""
    colors = [photo.examination.color for photo in photos]
    return [color < _GRAY and max(colors) > _COLORED for color in colors]


def enlargements(photos: Photos) -> Levels:
    """Was not blown up: no smaller photo has as much detail. A camera's own files never were."""
    return [has_no_camera(photo) and any(_shows_up(o, photo) for o in photos) for photo in photos]


def _shows_up(other: Candidate, photo: Candidate) -> bool:
    smaller, larger = other.examination, photo.examination
    return (
        smaller.detail >= _FULL
        and smaller.pixels < _SAME_PIXELS * larger.pixels
        and smaller.effective_pixels >= _SAME_PIXELS * larger.effective_pixels
        and show_the_same(smaller, larger)
    )


def pixels(photos: Photos) -> Levels:
    """Has as many pixels that hold something."""
    return _steps_below([held_pixels(photo) for photo in photos], 1 / _SAME_PIXELS)


def held_pixels(photo: Candidate) -> float:
    """Pixels that a photo was made with; of a camera's file all, even if it is not sharp."""
    seen = photo.examination
    if has_no_camera(photo):
        return seen.effective_pixels
    return seen.pixels * (1 - seen.bars)


def cameras(photos: Photos) -> Levels:
    """Still has what the camera wrote: sending and copying from a screen take it away."""
    return [has_no_camera(photo) for photo in photos]


def has_no_camera(photo: Candidate) -> bool:
    """Whether nobody wrote when a photo was taken."""
    return photo.capture.taken_ns is None


def compressions(photos: Photos) -> Levels:
    """Was compressed as little; where nobody can tell, as little as the best."""
    qualities = [quality(photo) for photo in photos]
    best = min(_GOOD, max((each for each in qualities if each is not None), default=0.0))
    return [0 if each is None else max(0, best - each) // _SAME_QUALITY for each in qualities]


def quality(photo: Candidate) -> float | None:
    """Lowest quality that a photo is known to have gone through; None if its format keeps quiet."""
    if photo.format in _FEW_COLORS:
        return 0.0
    seen = photo.examination
    known = [each for each in (seen.jpeg_quality, seen.worn_quality) if each is not None]
    if not known and photo.format in _LOSSLESS:
        return 100.0
    return min(known, default=None)


def savings(photos: Photos) -> Levels:
    """Was saved once: later times add bytes, never pixels."""
    return [_was_saved_again(photo) for photo in photos]


def _was_saved_again(photo: Candidate) -> bool:
    seen = photo.examination
    if seen.worn_quality is None:
        return False
    own = 100.0 if seen.jpeg_quality is None else seen.jpeg_quality
    return own > seen.worn_quality + _SAVED_AGAIN


def all_pixels(photos: Photos) -> Levels:
    """Shows as much: pixels that are neither empty nor cut off to black or white."""
    return _steps_below([seen_pixels(photo) for photo in photos], 1 / _ALL_PIXELS)


def seen_pixels(photo: Candidate) -> float:
    """Pixels that show something."""
    return photo.examination.pixels * (1 - max(photo.examination.bars, clipped(photo)))


def kept_bytes(photos: Photos) -> Levels:
    """Is a frame of the same burst as the one with most bytes, or has as many bytes."""
    heaviest: dict[tuple[str, int, int], float] = {}
    for photo in photos:
        heaviest[make(photo)] = max(heaviest.get(make(photo), 0), weight(photo))
    makes = sorted(heaviest, key=lambda each: (-heaviest[each], each))
    first = {each: 1000.0 * place for place, each in enumerate(makes)}
    return [
        first[make(photo)] + _step_below(weight(photo), heaviest[make(photo)], _SAME_BYTES)
        for photo in photos
    ]


def make(photo: Candidate) -> tuple[str, int, int]:
    """What frames of a burst have in common: format and size, however the camera was held."""
    short, long = sorted((photo.examination.width, photo.examination.height))
    return photo.format, short, long


def weight(photo: Candidate) -> float:
    """Bytes, in JPEG's."""
    picture = photo.examination.pixels * (1 - photo.examination.bars)
    if photo.format in _LOSSLESS:
        drawn = photo.size <= _DRAWN * picture
        return photo.size * (_DRAWN_WEIGHT if drawn else _LOSSLESS_WEIGHT)
    return photo.size * _WEIGHT.get(photo.format, 1.0)


def sharpnesses(photos: Photos) -> Levels:
    """Is as sharp."""
    return _steps_below([photo.examination.sharpness for photo in photos], _SAME_SHARPNESS)


def exposures(photos: Photos) -> Levels:
    """Has as little cut off, and something between black and white."""
    least = min(clipped(photo) for photo in photos)
    return [
        (clipped(photo) - least) // _SAME_CLIPPING
        + (abs(photo.examination.middle - 0.5) > _BARELY_EXPOSED)
        for photo in photos
    ]


def clipped(photo: Candidate) -> float:
    """Share of a photo that is cut off to black or white."""
    return photo.examination.dark + photo.examination.light


def most_bytes(photos: Photos) -> Levels:
    """Has the most bytes."""
    return [-weight(photo) for photo in photos]


def _steps_below(values: Sequence[float], step: float) -> list[float]:
    best = max(values)
    return [_step_below(value, best, step) for value in values]


def _step_below(value: float, best: float, step: float) -> float:
    """How many times a value must grow by a factor until it is less than that from the best."""
    if value >= best:
        return 0
    return math.inf if value <= 0 else math.floor(math.log(best / value, step) + 1e-9)


CRITERIA: Final[tuple[tuple[Rule, Callable[[Photos], Levels]], ...]] = (
    ("wedge", wedges),
    ("turn", turns),
    ("color", colors),
    ("enlarged", enlargements),
    ("pixels", pixels),
    ("camera", cameras),
    ("compression", compressions),
    ("saved again", savings),
    ("all pixels", all_pixels),
    ("kept bytes", kept_bytes),
    ("sharpness", sharpnesses),
    ("exposure", exposures),
    ("bytes", most_bytes),
)
"""In the order in which they are asked."""

"""Criteria: the questions that are asked of the photos of a group, in turn. Pure.

Each one gives all photos that are still equal a level, 0 for the best; what it takes for a lower
level is stated against the best of them. :mod:`flaws` and :mod:`losses` hold the first ones; here
are those of looks, and the order. docs/keep-best.md tells its reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from annclust.purge.flaws import bars, colors, enlargements, pixels, turns, wedges
from annclust.purge.levels import Levels, Photos, step_below
from annclust.purge.losses import (
    all_pixels,
    cameras,
    compressions,
    exports,
    kept_bytes,
    savings,
)
from annclust.purge.measures import clipped, is_barely_exposed, jpeg_bytes, size_of

Rule: TypeAlias = Literal[
    "wedge",
    "bars",
    "turn",
    "color",
    "compression",
    "enlarged",
    "pixels",
    "camera",
    "export",
    "saved again",
    "all pixels",
    "kept bytes",
    "sharpness",
    "exposure",
    "bytes",
]

_SAME_SHARPNESS: Final = 1.1
"""Frames of one scene, moved by a few pixels, differ by less nine times in ten, by where edges
fall; a blur of two thirds of a pixel changes more, nineteen times in twenty."""

_SAME_CLIPPING: Final = 0.05
"""Share of the frame. A lamp or a window more or less is no fault of exposure."""


def sharpnesses(photos: Photos) -> Levels:
    """Is as sharp as those of its size; others cannot be compared."""
    sizes = [size_of(photo) for photo in photos]
    best = {
        size: max(
            photo.examination.sharpness
            for photo, its in zip(photos, sizes, strict=True)
            if its == size
        )
        for size in set(sizes)
    }
    return [
        step_below(photo.examination.sharpness, best[size], _SAME_SHARPNESS)
        for photo, size in zip(photos, sizes, strict=True)
    ]


def exposures(photos: Photos) -> Levels:
    """Has as little cut off, and something between black and white."""
    least = min(clipped(photo) for photo in photos)
    return [
        (clipped(photo) - least) // _SAME_CLIPPING + is_barely_exposed(photo) for photo in photos
    ]


def most_bytes(photos: Photos) -> Levels:
    """Has the most bytes."""
    return [-jpeg_bytes(photo) for photo in photos]


CRITERIA: Final[tuple[tuple[Rule, Callable[[Photos], Levels]], ...]] = (
    ("wedge", wedges),
    ("bars", bars),
    ("turn", turns),
    ("color", colors),
    ("compression", compressions),
    ("enlarged", enlargements),
    ("pixels", pixels),
    ("camera", cameras),
    ("export", exports),
    ("saved again", savings),
    ("all pixels", all_pixels),
    ("kept bytes", kept_bytes),
    ("sharpness", sharpnesses),
    ("exposure", exposures),
    ("bytes", most_bytes),
)
"""In the order in which they are asked."""

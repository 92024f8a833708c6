"""Examination: what is known of how good a copy, or a shot, a photo is. Pure.

Made by :mod:`examining` in a decoding worker, kept in the catalog, weighed by `purge`. Without
numpy, as every worker knows it and few examine. Nothing here is a verdict; a number by itself says
little, as a foggy morning has few edges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

THUMBNAIL_SIDE: Final = 32
"""Pixels. Enough to see how a picture was turned, or shifted by a thirtieth of its side."""

SAMPLES: Final = 8
"""Pixels that are averaged for one of the thumbnail, across and down: a smooth one from a look at
65,000 pixels, however many there are."""

FOCUS_SIDE: Final = 12
"""Places across and down at which focus is told."""

Measures: TypeAlias = dict[str, int | float | None]
"""Numbers by name, as they travel and are kept."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares of width and height that bars take along each side.

    Parameters
    ----------
    left, right, top, bottom : float
    """

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0

    @property
    def across(self) -> float:
        """Share of the width between bars."""
        return 1 - self.left - self.right

    @property
    def down(self) -> float:
        """Share of the height between bars."""
        return 1 - self.top - self.bottom

    @property
    def share(self) -> float:
        """Share of the frame."""
        return 1 - self.across * self.down


@dataclass(frozen=True, slots=True)
class Examination:
    """What was measured on a photo's pixels.

    Parameters
    ----------
    width, height : int
        Pixels of the upright picture.
    wedge : float or None
        Share of the frame that turning by some degrees left empty; 0 for nearly all photos, None
        for those too small to tell.
    bars : Bars
        Even stripes of one color along opposite sides of the frame.
    detail : float
        Share of the pixels that hold detail of their own; less than 1 if the picture was enlarged,
        or is not sharp.
    sharpness : float
        From 0 to about 1; comparable among pictures of one size only.
    dark, light : float
        Shares of pixels that are cut off to black and to white.
    middle : float
        Brightness that half the pixels are darker than, from 0 to 1.
    jpeg_quality : float or None
        That of the file's own tables, from 1 to 100; None if it is no JPEG.
    worn_quality : float or None
        That of the coarsest JPEG that these pixels were seen to come from.
    color : float
        Of 255, the mean difference of a pixel's channels; about 1 for a gray JPEG.
    colors : int
        How many different ones were seen at 65,536 places.
    thumbnail : bytes
        Brightness, 32 by 32, whatever the picture's shape.
    focus : bytes
        How much detail there is at each of 12 by 12 places, row by row: sixteen times the binary
        logarithm of the energy of edges, plus 1. Nothing of pictures that are too small to tell.
    """

    width: int
    height: int
    wedge: float | None = 0.0
    bars: Bars = field(default_factory=Bars)
    detail: float = 1.0
    sharpness: float = 0.0
    dark: float = 0.0
    light: float = 0.0
    middle: float = 0.5
    jpeg_quality: float | None = None
    worn_quality: float | None = None
    color: float = 40.0
    colors: int = (THUMBNAIL_SIDE * SAMPLES) ** 2
    thumbnail: bytes = bytes(THUMBNAIL_SIDE**2)
    focus: bytes = b""

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def measures(self) -> Measures:
        """All but the maps."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {f"bar_{side}": getattr(self.bars, side) for side in _SIDES}

    @property
    def maps(self) -> bytes:
        """What is told of each place: the thumbnail, then the focus, if it is known."""
        return self.thumbnail + self.focus

    @classmethod
    def from_measures(cls, told: Mapping[str, object], maps: bytes) -> Examination:
        """Believe what somebody says to have measured, if it can be.

        Parameters
        ----------
        told : mapping of str to object
            As `measures`; may hold more.
        maps : bytes
            As `maps`.

        Raises
        ------
        ValueError
            If something is missing, of another type, or beyond what can be measured.
        """
        if len(maps) not in (_THUMBNAIL_BYTES, MOST_MAP_BYTES):
            raise ValueError(f"maps of {len(maps)} bytes")
        thumbnail, focus = bytes(maps[:_THUMBNAIL_BYTES]), bytes(maps[_THUMBNAIL_BYTES:])
        plain: dict[str, Any] = {name: _checked(name, told.get(name)) for name in _PLAIN}
        bars: dict[str, Any] = {side: _checked("bar", told.get(f"bar_{side}")) for side in _SIDES}
        if bars["left"] + bars["right"] > 1 or bars["top"] + bars["bottom"] > 1:
            raise ValueError("bars that cover more than there is")
        return cls(**plain, bars=Bars(**bars), thumbnail=thumbnail, focus=focus)


_PLAIN: Final = tuple(
    each.name for each in fields(Examination) if each.name not in ("bars", "thumbnail", "focus")
)
_THUMBNAIL_BYTES: Final = THUMBNAIL_SIDE**2
MOST_MAP_BYTES: Final = _THUMBNAIL_BYTES + FOCUS_SIDE**2
"""Of the maps of an examination."""

_SIDES: Final = tuple(each.name for each in fields(Bars))
_MAY_BE_UNKNOWN: Final = frozenset({"wedge", "jpeg_quality", "worn_quality"})

_LONGEST = 1 << 31
_MOST_CONTRAST = 255.0**2

_BOUNDS: Final[Mapping[str, tuple[type[int] | type[float], float, float]]] = {
    "width": (int, 1, _LONGEST),
    "height": (int, 1, _LONGEST),
    "sharpness": (float, 0, _MOST_CONTRAST),
    "jpeg_quality": (float, 1, 100),
    "worn_quality": (float, 1, 100),
    "color": (float, 0, 255),
    "colors": (int, 1, (THUMBNAIL_SIDE * SAMPLES) ** 2),
}
"""Type, least and largest value of what is no share."""

_SHARE: Final = (float, 0.0, 1.0)


def _checked(name: str, value: object) -> int | float | None:
    """A number that can be what that name means."""
    if value is None and name in _MAY_BE_UNKNOWN:
        return None
    kind, least, largest = _BOUNDS.get(name, _SHARE)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} cannot be {value!r}")
    if not (math.isfinite(value) and least <= value <= largest and kind(value) == value):
        raise ValueError(f"{name} cannot be {value}")
    return kind(value)

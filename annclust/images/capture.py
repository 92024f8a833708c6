"""Capture: when, where and with which exposure a photo was taken, as its EXIF says.

Comes out of the decoding workers beside the pixels (:mod:`exif` finds the tags), and goes with the
content into the catalog. Pure, and without Pillow: whoever embeds or stores need not load it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Final, TypeAlias

Tags: TypeAlias = Mapping[int, object]
"""Values of EXIF tags by number, of whatever type the file says."""


@dataclass(frozen=True, slots=True)
class Capture:
    """How a photo was taken; None for what its file does not say, or not so that it can be true.

    Parameters
    ----------
    taken_ns : int or None
        Nanoseconds since 1970. In UTC where the file tells the offset of its clock; else what the
        clock on the wall said, taken as if that were UTC. Photos of one camera compare either way.
    latitude, longitude : float or None
        In degrees, north and east above 0; both or neither.
    exposure_bias : float or None
        In stops.
    exposure_seconds : float or None
    f_number : float or None
    iso : int or None

    Raises
    ------
    ValueError
        If a value is of another type or beyond its bounds; then it would not fit the catalog.
    """

    taken_ns: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    exposure_bias: float | None = None
    exposure_seconds: float | None = None
    f_number: float | None = None
    iso: int | None = None

    def __post_init__(self) -> None:
        for name in FIELDS:
            value = getattr(self, name)
            if value is not None and not _fits(name, value):
                raise ValueError(f"{name} cannot be {value!r}")
        if (self.latitude is None) is not (self.longitude is None):
            raise ValueError("a place has latitude and longitude")

    @property
    def exposure_value(self) -> float | None:
        """Stops by which shutter, aperture and sensitivity darken a picture; None if unknown.

        APEX, EXIF 3.0, annex C: log2(N² / t) - log2(S / 100).
        """
        if not (self.exposure_seconds and self.f_number and self.iso):
            return None
        return math.log2(self.f_number**2 / self.exposure_seconds * 100 / self.iso)

    def without_place(self) -> Capture:
        """The same, but for where the photo was taken."""
        return replace(self, latitude=None, longitude=None)


FIELDS: Final = tuple(each.name for each in fields(Capture))
"""What a capture tells, in order."""

_LARGEST = (1 << 63) - 1  # integer of SQLite

_BOUNDS: Mapping[str, tuple[type, float, float]] = {
    "taken_ns": (int, -_LARGEST, _LARGEST),  # 1677 to 2262
    "latitude": (float, -90, 90),
    "longitude": (float, -180, 180),
    "exposure_bias": (float, -100, 100),
    "exposure_seconds": (float, 1e-9, 1e7),  # from the fastest shutters to four months
    "f_number": (float, 1e-2, 1e4),  # pinholes have some hundreds
    "iso": (int, 1, 1 << 32),
}
"""Type, least and largest value of each."""


def _fits(name: str, value: object) -> bool:
    kind, least, largest = _BOUNDS[name]
    return isinstance(value, int | float) and type(value) is kind and least <= value <= largest


def capture_of(photo: Tags, position: Tags) -> Capture:
    """Read the tags of a photo; whatever they hold, nothing is raised.

    Parameters
    ----------
    photo, position : mapping of int to object
        The values of EXIF's own directory, and of its GPS directory.
    """
    latitude, longitude = _place(position)
    return Capture(
        _taken_ns(photo),
        latitude,
        longitude,
        _bounded("exposure_bias", photo.get(_EXPOSURE_BIAS)),
        _bounded("exposure_seconds", photo.get(_EXPOSURE_TIME)),
        _bounded("f_number", photo.get(_F_NUMBER)),
        _iso(photo),
    )


# From EXIF 3.0, 4.6.6 and 4.6.7.
_EXPOSURE_TIME, _F_NUMBER, _EXPOSURE_BIAS = 33434, 33437, 37380
_SENSITIVITY, _RECOMMENDED_EXPOSURE_INDEX, _ISO_SPEED = 34855, 34866, 34867
_ORIGINAL = 36867, 37521, 36881
_DIGITIZED = 36868, 37522, 36882
"""Moment, fraction of its second, offset from UTC. Not DateTime (306): that is of the last edit."""
_LATITUDE, _LONGITUDE = (2, 1), (4, 3)
"""Degrees, minutes and seconds; the side of the equator or of Greenwich."""

PHOTO_TAGS: Final = frozenset(
    (
        *(_EXPOSURE_TIME, _F_NUMBER, _EXPOSURE_BIAS),
        *(_SENSITIVITY, _RECOMMENDED_EXPOSURE_INDEX, _ISO_SPEED),
        *(*_ORIGINAL, *_DIGITIZED),
    )
)
POSITION_TAGS: Final = frozenset((*_LATITUDE, *_LONGITUDE))
"""The tags that are looked at, of each directory."""


def _several(value: object) -> Sequence[object]:
    """The first few values of a tag that has several, or the one that it has."""
    return value[:_FEW] if isinstance(value, tuple | list) else (value,)


_FEW = 8


def _first(value: object) -> object:
    return next(iter(_several(value)), None)


def _number(value: object) -> float | None:
    """A finite number; the first one of several."""
    value = _first(value)
    if not isinstance(value, Real) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except Exception:  # a zero below the line, a number too large, and whatever else a type may do
        return None
    return number if math.isfinite(number) else None


def _bounded(name: str, value: object) -> float | None:
    number = _number(value)
    return number if number is not None and _fits(name, number) else None


def _iso(photo: Tags) -> int | None:
    for tag in (_SENSITIVITY, _RECOMMENDED_EXPOSURE_INDEX, _ISO_SPEED):
        for number in map(_number, _several(photo.get(tag))):
            # What does not fit into 16 bits is 65535, and told by one of the others.
            if number is not None and number != _BEYOND and _fits("iso", round(number)):
                return round(number)
    return None


_BEYOND = 65535


def _taken_ns(photo: Tags) -> int | None:
    moments = (_moment(*map(photo.get, tags)) for tags in (_ORIGINAL, _DIGITIZED))
    return next((moment for moment in moments if moment is not None), None)


_MOMENT = re.compile(
    r"""(?P<year>\d{4})[:/.-]\ ?(?P<month>\d{1,2})[:/.-]\ ?(?P<day>\d{1,2})[ T]
    \ ?(?P<hour>\d{1,2}):\ ?(?P<minute>\d{1,2}):\ ?(?P<second>\d{1,2})
    ([.,](?P<fraction>\d+))?\ ?(?P<offset>Z|[+-]\d\d:?\d\d)?""",
    re.ASCII | re.VERBOSE,
)
"""As EXIF has it, and as programs write it that do not: with other marks, spaces for zeros, and
the fraction and the offset, which have their own tags, within."""
_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 9  # of a second in nanoseconds


def _moment(value: object, fraction: object, offset: object) -> int | None:
    """Nanoseconds since 1970 of a moment as EXIF writes it."""
    found = _MOMENT.fullmatch(_text(value))
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(*_CLOCK))
    try:
        began = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:  # no such day, or hour
        return None
    if second > _LEAP_SECOND:
        return None
    since = began - _EPOCH - _offset(found["offset"] or _text(offset))
    seconds = round(since.total_seconds()) + second
    taken = seconds * 10**_DIGITS + _nanoseconds(found["fraction"] or _text(fraction))
    return taken if _fits("taken_ns", taken) else None


_CLOCK = "year", "month", "day", "hour", "minute", "second"
_LEAP_SECOND = 60  # also what rounding 59.9 gives: the beginning of the next minute


def _text(value: object) -> str:
    """A text without what it is filled up with."""
    text = _first(value)
    return text.rstrip("\0 ").lstrip() if isinstance(text, str) else ""


def _offset(text: str) -> timedelta:
    """How far a clock is ahead of UTC; nothing if that is not told."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return timedelta(0)
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if ahead > _FARTHEST:
        return timedelta(0)
    return -ahead if found[1] == "-" else ahead


_FARTHEST = timedelta(hours=15)  # there are 14 on Kiritimati


def _nanoseconds(digits: str) -> int:
    """Digits behind the point of a second."""
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return int(digits[:_DIGITS].ljust(_DIGITS, "0"))


def _place(position: Tags) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude; 0, 0 is what devices write that do not know where they are."""
    latitude = _degrees("latitude", "NS", *map(position.get, _LATITUDE))
    longitude = _degrees("longitude", "EW", *map(position.get, _LONGITUDE))
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None
    return latitude, longitude


def _degrees(name: str, sides: str, value: object, side: object) -> float | None:
    """Degrees from degrees, minutes and seconds, and the side that they are on."""
    which = _text(side).upper()
    if len(which) != 1 or which not in sides or not isinstance(value, tuple | list):
        return None
    parts = [_number(part) for part in value[: len(_UNITS)]]
    known = [part for part in parts if part is not None and part >= 0]
    if not known or len(known) < len(parts) or any(part > _WHOLE for part in known[1:]):
        return None
    degrees = sum(part / unit for part, unit in zip(known, _UNITS, strict=False))
    return _bounded(name, -degrees if which == sides[1] else degrees)


_UNITS = 1, 60, 3600
_WHOLE = 60  # minutes or seconds; just as many come of rounding 59.999 and mean what they say

"""Capture: what a camera wrote beside a picture about how it was taken. Pure.

Read from EXIF (CIPA DC-008), which anybody may have written: whatever makes no sense is left out.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, SupportsFloat

_ORIENTATION: Final = 0x0112
_EXPOSURE_SECONDS: Final = 0x829A
_F_NUMBER: Final = 0x829D
_ISO: Final = 0x8827
_TAKEN: Final = 0x9003
_EXPOSURE_BIAS: Final = 0x9204
_FRACTION: Final = 0x9291

_DATE: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Capture:
    """How a photo was taken; None for what nobody wrote.

    Parameters
    ----------
    taken_ns : int or None
        Nanoseconds since 1970 by the camera's clock, whatever its time zone was.
    exposure_bias : float or None
        By how many stops the photographer, or a bracket, moved the exposure.
    exposure_seconds, f_number, iso : float or None
        Shutter, aperture and sensitivity.
    orientation : int or None
        How the camera was held, from 1 to 8.
    """

    taken_ns: int | None = None
    exposure_bias: float | None = None
    exposure_seconds: float | None = None
    f_number: float | None = None
    iso: float | None = None
    orientation: int | None = None

    @property
    def exposure_value(self) -> float | None:
        """Stops by which shutter, aperture and sensitivity darken a picture; None if unknown.

        APEX, EXIF 2.32, annex C: log2(N² / t) - log2(S / 100).
        """
        if not (self.exposure_seconds and self.f_number and self.iso):
            return None
        return math.log2(self.f_number**2 / self.exposure_seconds * 100 / self.iso)


def capture_of(tags: Mapping[int, object]) -> Capture:
    """What the tags of EXIF say, those of its main and its Exif directory together.

    Parameters
    ----------
    tags : mapping of int
        As Pillow gives them: numbers as numbers, or as anything that can be made a float.
    """
    orientation = _number(tags.get(_ORIENTATION))
    return Capture(
        taken_ns=_taken(tags.get(_TAKEN), tags.get(_FRACTION)),
        exposure_bias=_number(tags.get(_EXPOSURE_BIAS)),
        exposure_seconds=_positive(tags.get(_EXPOSURE_SECONDS)),
        f_number=_positive(tags.get(_F_NUMBER)),
        iso=_positive(tags.get(_ISO)),
        orientation=int(orientation) if orientation and orientation in range(1, 9) else None,
    )


def _taken(written: object, fraction: object) -> int | None:
    match = _DATE.match(written) if isinstance(written, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    # Cameras whose clock was never set write zeros.
    if not (year and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    digits = fraction.strip("\0 ") if isinstance(fraction, str) else ""
    part = int(digits[:9].ljust(9, "0")) if digits.isascii() and digits.isdigit() else 0
    return seconds * 10**9 + part


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, str) or not isinstance(value, SupportsFloat):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number and number > 0 else None

"""Shown: names and messages as a browser can show them, whatever bytes they are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from annclust.images.capture import Capture

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def shown_text(text: str | bytes | Path) -> str:
    """A name in which bytes that are no UTF-8, and control characters, are U+FFFD."""
    readable = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in readable)


def shown_error(error: Exception) -> str:
    """What an error says, on one line."""
    return shown_text(" ".join(str(error).split()))


def shown_time(taken_ns: int | None) -> str | None:
    """What the clock said that a photo was taken by."""
    if taken_ns is None:
        return None
    moment = _EPOCH + timedelta(microseconds=taken_ns // 1000)
    return moment.replace(tzinfo=None).isoformat()


def shown_exposure(capture: Capture) -> str | None:
    """How long, through which aperture, and how sensitive; None if nobody knows."""
    told = []
    if capture.exposure_seconds is not None:
        told.append(_seconds(capture.exposure_seconds))
    if capture.f_number is not None:
        told.append(f"f/{capture.f_number:.3g}")
    if capture.iso is not None:
        told.append(f"ISO {capture.iso}")
    return " · ".join(told) or None


_LONG: Final = 0.3
"""Seconds from which on nobody speaks of fractions."""


def _seconds(exposure: float) -> str:
    return f"{exposure:.3g} s" if exposure >= _LONG else f"1/{1 / exposure:.0f} s"

"""Reasons: why one photo stands before another, in words that a person checks at a glance. Pure.

A level may come from a third photo of the group: so a reason states what is true of these two, and
numbers only where they differ the way it says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from annclust.purge.candidate import Candidate, Known
from annclust.purge.criteria import Rule
from annclust.purge.losses import frame_kind
from annclust.purge.measures import (
    COLORED,
    OF_CAMERAS,
    clipped,
    framed_pixels,
    has_few_colors,
    held_pixels,
    is_drawn,
    jpeg_bytes,
    own_quality,
    quality,
    shown_pixels,
    size_of,
)

_MILLION: Final = 1e6
_THOUSAND: Final = 1e3
_FEW: Final = 0.01
"""Megapixels. Fewer are told as pixels."""

_DIGITS: Final = 2
"""Digits that numbers are told with, or more, until one sees which is larger."""

_MOST_DIGITS: Final = 17
"""Digits that tell any two numbers apart."""


def reason(rule: Rule, better: Candidate, worse: Candidate) -> str:
    """Why a rule puts one photo before another."""
    return _WORDS[rule](better, worse)


_OTHER: Final = "the other one"


def behind(rule: Rule, first: Candidate, this: Candidate) -> str:
    """Why a rule puts a photo behind the first, in words that stand beside it."""
    words = reason(rule, first, this)
    if _OTHER in words:
        return words.replace(_OTHER, "this one")
    return f"another one is better: {words}"


def _wedge(better: Candidate, _worse: Candidate) -> str:
    if better.examination.wedge == 0:
        return "no empty corners from turning"
    return "the other one has empty corners from turning"


def _color(better: Candidate, _worse: Candidate) -> str:
    if better.examination.color > COLORED:
        return "in color"
    return "the other one lost its colors, which a third one has"


def _pixels(better: Candidate, worse: Candidate) -> str:
    all_held = all(held_pixels(each) == each.examination.pixels for each in (better, worse))
    told = _megapixels(held_pixels(better), held_pixels(worse))
    return f"larger: {told}" if all_held else f"more detail: as much as {told} hold"


def _all_pixels(better: Candidate, worse: Candidate) -> str:
    one, other = framed_pixels(better), framed_pixels(worse)
    if one > other:
        return f"shows more: {_megapixels(one, other)} without bars and empty corners"
    found = _megapixels(shown_pixels(better), shown_pixels(worse))
    return f"shows more: {found} that are not empty, black or white"


def _megapixels(one: float, other: float) -> str:
    if min(one, other) < _FEW * _MILLION:
        return f"{_against(one, other)} pixels"
    return f"{_against(one / _MILLION, other / _MILLION)} megapixels"


def _compression(better: Candidate, worse: Candidate) -> str:
    if has_few_colors(worse):
        return f"the other one is a {worse.format} of 256 colors, of which another one has more"
    one, other = quality(better), quality(worse)
    assert other is not None, "what nobody could read loses by nothing"
    if one is None or one <= other or size_of(better) != size_of(worse):
        return f"the other one was compressed more than another as large: quality {other:.0f}"
    return f"less compressed: quality {_against(one, other)}"


def _camera(better: Candidate, _worse: Candidate) -> str:
    if better.has_camera is Known.YES:
        return "still has what the camera wrote"
    return "the other one has nothing that a camera wrote"


def _export(_better: Candidate, _worse: Candidate) -> str:
    return "the other one is a JPEG of the moment of a HEIF, as large, so made from it"


def _saved_again(_better: Candidate, worse: Candidate) -> str:
    if worse.format != "JPEG":
        return f"the other one is a {worse.format} made from a JPEG"
    own, worn = own_quality(worse), worse.examination.worn_quality or 0.0
    return f"the other one was saved again: {_against(own, worn, 'for pixels of')} quality"


def _bytes(better: Candidate, worse: Candidate) -> str:
    if frame_kind(better) != frame_kind(worse) and framed_pixels(better) > framed_pixels(worse):
        return _all_pixels(better, worse)
    if jpeg_bytes(better) > jpeg_bytes(worse):
        return _more_in_bytes(better, worse)
    if better.format in OF_CAMERAS and worse.format not in OF_CAMERAS:
        return f"of a format that cameras write: {better.format} against {worse.format}"
    return "of the format and size of the one that has most in its bytes"


def _more_in_bytes(better: Candidate, worse: Candidate) -> str:
    if better.size > worse.size:
        return f"more bytes: {_against(better.size / _THOUSAND, worse.size / _THOUSAND)} kB"
    if better.format != worse.format:
        return f"more in its bytes: {better.format} against {worse.format}"
    if is_drawn(better):
        return f"more in its bytes: a {better.format} too small for a photo, so drawn"
    return "the other one has more bytes only for being saved at a higher quality"


def _sharpness(better: Candidate, worse: Candidate) -> str:
    one, other = better.examination.sharpness, worse.examination.sharpness
    if not other:
        return "the other one has no edge"
    more = one / other - 1
    return f"sharper by {more:.{_digits(more, 0)}%}"


def _exposure(better: Candidate, worse: Candidate) -> str:
    one, other = clipped(better), clipped(worse)
    if one < other:
        return f"better exposed: {_percent(one, other)} cut off to black or white"
    return "the other one is nearly all black or white"


def _percent(one: float, other: float) -> str:
    digits = _digits(one, other)
    return f"{one:.{digits}%} against {other:.{digits}%}"


def _digits(one: float, other: float) -> int:
    """Digits behind the point that tell two percentages apart."""
    apart = (n for n in range(_MOST_DIGITS) if f"{one:.{n}%}" != f"{other:.{n}%}")
    return next(apart, _MOST_DIGITS)


def _against(one: float, other: float, word: str = "against") -> str:
    """Two numbers that differ, told so that one sees it."""
    apart = (n for n in range(_DIGITS, _MOST_DIGITS) if _told(one, n) != _told(other, n))
    digits = next(apart, _MOST_DIGITS)
    return f"{_told(one, digits)} {word} {_told(other, digits)}"


def _told(number: float, digits: int) -> str:
    """At least so many digits, and all those before the point."""
    before = len(str(int(number))) if number >= 1 else 0
    return f"{number:,.{max(0, digits - before)}f}" if before else f"{number:.{digits}g}"


_WORDS: Final[dict[Rule, Callable[[Candidate, Candidate], str]]] = {
    "wedge": _wedge,
    "bars": lambda _better, _worse: "the other one has bars, and shows no more between them",
    "turn": lambda _better, _worse: "the other one lies on its side, or upside down",
    "color": _color,
    "enlarged": lambda _better, _worse: "the other one was enlarged: a smaller one has its detail",
    "pixels": _pixels,
    "compression": _compression,
    "camera": _camera,
    "export": _export,
    "saved again": _saved_again,
    "all pixels": _all_pixels,
    "kept bytes": _bytes,
    "sharpness": _sharpness,
    "exposure": _exposure,
    "bytes": _bytes,
}

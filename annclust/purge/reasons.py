"""Reasons: why one photo stands before another, in words that a person checks at a glance. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from annclust.purge.candidate import Candidate
from annclust.purge.criteria import Rule, clipped, held_pixels, quality, seen_pixels


def reason(rule: Rule, better: Candidate, worse: Candidate) -> str:
    """Why a rule puts one photo before another."""
    return _WORDS[rule](better, worse)


def _pixels(better: Candidate, worse: Candidate) -> str:
    one, other = better.examination, worse.examination
    if one.pixels > other.pixels:
        return f"larger: {_millions(one.pixels)} against {_millions(other.pixels)} megapixels"
    found = f"{_millions(held_pixels(better))} against {_millions(held_pixels(worse))}"
    return f"more detail: worth {found} megapixels"


def _all_pixels(better: Candidate, worse: Candidate) -> str:
    found = f"{_millions(seen_pixels(better))} against {_millions(seen_pixels(worse))}"
    return f"shows more: {found} megapixels that are not empty, black or white"


def _millions(number: float) -> str:
    return f"{number / 1e6:.1f}" if number >= 1e6 else f"{number / 1e6:.2g}"


def _compression(better: Candidate, worse: Candidate) -> str:
    one, other = quality(better), quality(worse)
    if one is None or other is None:
        return "less compressed"
    return f"less compressed: quality {one:.0f} against {other:.0f}"


def _saved_again(_better: Candidate, worse: Candidate) -> str:
    if worse.format == "JPEG":
        return "saved once: the other one was saved again, with more bytes for the same pixels"
    return f"original format: the other one is a {worse.format} made from a JPEG"


def _bytes(better: Candidate, worse: Candidate) -> str:
    if better.size <= worse.size:
        return f"more in its bytes: {better.format} against {worse.format}"
    return f"more bytes: {_kilobytes(better.size)} against {_kilobytes(worse.size)} kB"


def _kilobytes(size: int) -> str:
    return f"{size / 1000:,.0f}" if size >= 10_000 else f"{size / 1000:.2g}"


def _sharpness(better: Candidate, worse: Candidate) -> str:
    one, other = better.examination.sharpness, worse.examination.sharpness
    return f"sharper by {one / other - 1:.0%}" if other else "sharper"


def _exposure(better: Candidate, worse: Candidate) -> str:
    one, other = clipped(better), clipped(worse)
    if one < other:
        return f"better exposed: {one:.0%} against {other:.0%} cut off to black or white"
    return "better exposed: the other one is nearly all black or white"


_WORDS: Final[dict[Rule, Callable[[Candidate, Candidate], str]]] = {
    "wedge": lambda _better, _worse: "no empty corners from turning",
    "turn": lambda _better, _worse: "upright, as most of the group",
    "color": lambda _better, _worse: "in color",
    "enlarged": lambda _better, _worse: "not enlarged: a smaller one has as much detail",
    "pixels": _pixels,
    "camera": lambda _better, _worse: "still has what the camera wrote",
    "compression": _compression,
    "saved again": _saved_again,
    "all pixels": _all_pixels,
    "kept bytes": _bytes,
    "sharpness": _sharpness,
    "exposure": _exposure,
    "bytes": _bytes,
}

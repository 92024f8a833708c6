"""Series: photos that look like copies and are none, so that nobody loses a part of a whole. Pure.

Three are left alone. Exposure brackets are made to be put together; what is best of them is the
whole. So are the frames of a panorama. And a finished panorama shows more than any of its frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from annclust.images.capture import Capture
from annclust.purge.candidate import Candidate
from annclust.purge.shifts import Shift, shift_between

Kind: TypeAlias = Literal["bracket", "panorama frames", "panorama"]

_FEWEST: Final = 3
"""Frames of a bracket, and of a panorama that can be told from a photographer who moved once."""

_BRACKET_GAP_NS: Final = 4 * 10**9
"""Nanoseconds. Cameras take a bracket as fast as they can: an exposure of seconds is the
longest."""

_PANORAMA_GAP_NS: Final = 15 * 10**9
"""Nanoseconds. Time to turn, to level the horizon and to wait for somebody to walk by."""

_STEP: Final = 1 / 3
"""Stops. The smallest step that cameras bracket by; exposure that follows the light by itself takes
smaller ones within a burst."""

_ROUNDING: Final = 0.05
"""Stops by which what EXIF holds differs from that: cameras write .3, and nominal times."""

_STRIDE: Final = 0.1
"""Share of the frame by which frames of a panorama move at least: hands that try to hold still move
by less, and a panorama whose frames overlap by nine tenths would take forty of them."""

_DIRECTION: Final = math.cos(math.radians(25))
"""Cosine of how far a step may lie off the mean direction: people turn around, not about."""

_WIDE: Final = 2.0
"""Long side over short. Cameras take 1.33, 1.5 and 1.78; what is wider was put together, or cut to
be wide."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Photos of a group that are parts of a whole.

    Parameters
    ----------
    places : tuple of int
        Where they stand in what was given, from 0; by time if there are several.
    kind : Kind
    reason : str
        For a person to read.
    """

    places: tuple[int, ...]
    kind: Kind
    reason: str


def left_alone(photos: Sequence[Candidate]) -> tuple[LeftAlone, ...]:
    """Find the photos of a group that no choice should be made among; none is in two of them.

    Parameters
    ----------
    photos : sequence of Candidate
    """
    found = list(_finished_panoramas(photos))
    rest = _by_time(photos, without={place for each in found for place in each.places})
    brackets = list(_brackets(photos, rest))
    taken = {place for each in brackets for place in each.places}
    frames = _panorama_frames(photos, [place for place in rest if place not in taken])
    return (*found, *brackets, *frames)


def _finished_panoramas(photos: Sequence[Candidate]) -> Iterator[LeftAlone]:
    shapes = [_long_over_short(photo) for photo in photos]
    if not shapes or min(shapes) >= _WIDE:
        return
    for place, shape in enumerate(shapes):
        if shape >= _WIDE:
            reason = f"a panorama: {shape:.1f} times as long as high, beside ordinary frames"
            yield LeftAlone((place,), "panorama", reason)


def _long_over_short(photo: Candidate) -> float:
    short, long = sorted((photo.examination.width, photo.examination.height))
    return long / short


def _by_time(photos: Sequence[Candidate], *, without: set[int]) -> list[int]:
    """Places of photos whose time is known, the earliest first."""
    timed = [
        (photo.capture.taken_ns, place)
        for place, photo in enumerate(photos)
        if photo.capture.taken_ns is not None and place not in without
    ]
    return [place for _, place in sorted(timed)]


def _brackets(photos: Sequence[Candidate], places: Sequence[int]) -> Iterator[LeftAlone]:
    for run in _runs(photos, places, _BRACKET_GAP_NS):
        for part in _distinct(photos, run):
            stops = sorted(_stops([photos[place].capture for place in part]))
            if len(stops) >= _FEWEST and _are_steps(stops):
                reason = (
                    f"an exposure bracket: {len(part)} frames, {stops[-1] - stops[0]:.1f} stops"
                )
                yield LeftAlone(tuple(part), "bracket", reason)


def _runs(photos: Sequence[Candidate], places: Sequence[int], gap: int) -> Iterator[list[int]]:
    """Photos that follow each other within a time."""
    run: list[int] = []
    for place in places:
        if run and _taken(photos[place]) - _taken(photos[run[-1]]) > gap:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _taken(photo: Candidate) -> int:
    assert photo.capture.taken_ns is not None, "only photos with a time are put in its order"
    return photo.capture.taken_ns


def _distinct(photos: Sequence[Candidate], run: Sequence[int]) -> Iterator[list[int]]:
    """Parts of a run that begin anew where an exposure comes again: one bracket after another."""
    part: list[int] = []
    for place in run:
        stops = _stops([photos[each].capture for each in [*part, place]])
        if part and not _are_steps(sorted(stops)):
            yield part
            part = []
        part.append(place)
    yield part


def _stops(captures: Sequence[Capture]) -> list[float]:
    """How frames were exposed against each other; empty if nobody can say, or other things changed.

    The bias is what a bracket asked for. A camera in manual mode writes none, and shows it in the
    shutter; the aperture stays, as it would change what is sharp.
    """
    if len({capture.f_number for capture in captures}) > 1:
        return []
    biases = [capture.exposure_bias for capture in captures]
    if None not in biases and len(set(biases)) > 1:
        return [bias for bias in biases if bias is not None]
    if len({capture.iso for capture in captures}) > 1:
        return []
    values = [capture.exposure_value for capture in captures]
    return [] if None in values else [value for value in values if value is not None]


def _are_steps(stops: Sequence[float]) -> bool:
    """Whether exposures, in order, lie apart by what cameras bracket by."""
    return bool(stops) and all(b - a >= _STEP - _ROUNDING for a, b in pairwise(stops))


def _panorama_frames(photos: Sequence[Candidate], places: Sequence[int]) -> Iterator[LeftAlone]:
    for run in _runs(photos, places, _PANORAMA_GAP_NS):
        for part in _steady(photos, run):
            if len(part) >= _FEWEST:
                reason = f"{len(part)} frames of a panorama: each goes on where the last one ends"
                yield LeftAlone(tuple(part), "panorama frames", reason)


def _steady(photos: Sequence[Candidate], run: Sequence[int]) -> Iterator[list[int]]:
    """Parts of a run in which each frame moves on in the same direction."""
    part, steps = [run[0]], list[Shift]()
    for before, place in pairwise(run):
        step = shift_between(photos[before].examination, photos[place].examination)
        if step is None or not _goes_on(steps, step):
            yield part
            part, steps = [before] if step and _is_stride(step) else [], []
        if step and _is_stride(step):
            steps.append(step)
        part.append(place)
    yield part


def _goes_on(steps: Sequence[Shift], step: Shift) -> bool:
    if not _is_stride(step):
        return False
    if not steps:
        return True
    across, down = (sum(part) for part in zip(*steps, strict=True))
    along = across * step[0] + down * step[1]
    return float(along) >= _DIRECTION * math.hypot(across, down) * math.hypot(*step)


def _is_stride(step: Shift) -> bool:
    return math.hypot(*step) >= _STRIDE

"""Brackets: frames of one view at several exposures, made to be put together. Pure.

Serves :mod:`series`. What else was taken within the same seconds is left alone with them: nobody
can say which of two frames of one exposure belongs to the bracket.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from annclust.purge.candidate import Candidate
from annclust.purge.runs import SECOND, runs, taken

_FEWEST: Final = 3
"""Exposures of a bracket: two are as often a shot and its correction."""

_GAP_NS: Final = 4 * SECOND
"""Cameras take a bracket as fast as they can, and write it as fast as the card allows."""

_BIAS_STEP: Final = 1 / 3
"""Stops. The smallest step that cameras bracket by."""

_SHUTTER_STEP: Final = 2 / 3
"""Stops. Exposure that follows the light by itself takes smaller ones from frame to frame."""

_ROUNDING: Final = 0.05
"""Stops by which what EXIF holds differs from that: cameras write .3, and nominal times."""

_BRIGHTER: Final = 1.25
"""By how much the middle of the longest exposure is brighter than that of the shortest: 1.33 stops,
the least of a bracket by shutter, make half as much again, and exposure that follows the light
leaves it as it is."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a photo stands in what was given, its second, its exposure in stops, its brightness."""

    place: int
    second: int
    stop: float
    middle: float


_Frames: TypeAlias = list[_Frame]


def brackets(
    photos: Sequence[Candidate], places: Sequence[int]
) -> Iterator[tuple[list[int], list[float]]]:
    """Brackets of photos, given in the order of time, with what shares their seconds.

    And the exposures of each, sorted: copies of a frame are there too, and theirs count once.
    """
    for run in runs(photos, places, gap=_GAP_NS):
        for frames in _in_run(photos, run):
            first, last = frames[0].second, frames[-1].second
            within = [at for at in run if first <= taken(photos[at]) // SECOND <= last]
            yield within, _stops(frames, _BIAS_STEP)


def _in_run(photos: Sequence[Candidate], run: Sequence[int]) -> list[_Frames]:
    """Brackets of one run, by bias if these tell of more than the shutter.

    The bias is what a bracket asked for, whatever the camera changed for it. In manual mode it is
    missing or always the same, and the shutter tells, among frames of one aperture and
    sensitivity: lenses without contacts write none.
    """
    found = [_apart(_by_bias(photos, run), _BIAS_STEP)]
    for frames in _by_shutter(photos, run):
        parts = _apart(frames, _SHUTTER_STEP)
        found.append([part for part in parts if _is_brighter_by_stops(part)])
    return max(found, key=_exposures)


def _by_bias(photos: Sequence[Candidate], run: Sequence[int]) -> _Frames:
    biases = ((at, photos[at].capture.exposure_bias) for at in run)
    return [_frame(photos, at, bias) for at, bias in biases if bias is not None]


def _by_shutter(photos: Sequence[Candidate], run: Sequence[int]) -> list[_Frames]:
    """Frames of each aperture and sensitivity."""
    found: defaultdict[object, _Frames] = defaultdict(list)
    for at in run:
        written = photos[at].capture
        if written.exposure_seconds is not None:
            frame = _frame(photos, at, math.log2(written.exposure_seconds))
            found[written.f_number, written.iso].append(frame)
    return list(found.values())


def _exposures(parts: Sequence[_Frames]) -> tuple[int, float]:
    """How many the largest bracket has, and over how many stops."""
    stops = max((_stops(part, _BIAS_STEP) for part in parts), key=len, default=[0.0])
    return len(stops), stops[-1] - stops[0]


def _frame(photos: Sequence[Candidate], at: int, stop: float) -> _Frame:
    photo = photos[at]
    return _Frame(at, taken(photo) // SECOND, stop, photo.examination.middle)


def _apart(frames: _Frames, step: float) -> list[_Frames]:
    """Brackets: from the first to the last frame that makes a step from the one before it.

    Those that begin in the second in which another one ends are one.
    """
    joined: list[_Frames] = []
    for part in _stepping(frames, step):
        if len(_stops(part, step)) < _FEWEST:
            continue
        if joined and joined[-1][-1].second == part[0].second:
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _stepping(frames: _Frames, step: float) -> Iterator[_Frames]:
    """Parts in which each frame makes a step; others of the same second may be its copies."""
    part: _Frames = []
    for frame in frames:
        steps = not part or abs(frame.stop - part[-1].stop) >= step - _ROUNDING
        if not steps and frame.second == part[-1].second:
            continue
        if not steps:
            yield part
            part = []
        part.append(frame)
    if part:
        yield part


def _stops(frames: _Frames, step: float) -> list[float]:
    """As many exposures as lie apart by what cameras bracket by."""
    steps: list[float] = []
    for stop in sorted(frame.stop for frame in frames):
        if not steps or stop - steps[-1] >= step - _ROUNDING:
            steps.append(stop)
    return steps


def _is_brighter_by_stops(frames: _Frames) -> bool:
    """Whether what was exposed longer came out brighter; else the exposure followed the light."""
    middles = [middle for _, middle in sorted((frame.stop, frame.middle) for frame in frames)]
    rises = all(one <= other for one, other in pairwise(middles))
    return rises and middles[-1] > middles[0] and middles[-1] >= _BRIGHTER * middles[0]

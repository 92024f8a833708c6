"""Brackets: frames of one view at several exposures, made to be put together. Pure.

Serves :mod:`series`. What else was taken within the same seconds is left alone with them: nobody
can say which of two frames of one exposure belongs to the bracket.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from annclust.images.capture import Capture
from annclust.purge.candidate import Candidate
from annclust.purge.runs import SECOND, runs

_FEWEST: Final = 3
"""Exposures of a bracket: two are as often a shot and its correction."""

_GAP_NS: Final = 4 * SECOND
"""Cameras take a bracket as fast as they can, and write it as fast as the card allows."""

_STEP: Final = 1 / 3
"""Stops. The smallest step that cameras bracket by; exposure that follows the light by itself takes
smaller ones within a burst."""

_ROUNDING: Final = 0.05
"""Stops by which what EXIF holds differs from that: cameras write .3, and nominal times."""


def brackets(
    photos: Sequence[Candidate], places: Sequence[int]
) -> Iterator[tuple[list[int], list[float]]]:
    """Runs of photos, given in the order of time, that hold a bracket; and its exposures, sorted.

    Copies of a frame are in its run, and their exposure counts once.
    """
    for run in runs(photos, places, gap=_GAP_NS):
        stops = _stops([photos[place].capture for place in run])
        if len(stops) >= _FEWEST:
            yield run, stops


def _stops(captures: Sequence[Capture]) -> list[float]:
    """Distinct exposures of photos, by bias if these tell of a bracket.

    The bias is what a bracket asked for, whatever the camera changed for it. In manual mode it is
    missing or always the same, and the shutter tells, among frames of one aperture and
    sensitivity: lenses without contacts write none.
    """
    biases = {each.exposure_bias for each in captures if each.exposure_bias is not None}
    by_shutter = defaultdict(set)
    for each in captures:
        if each.exposure_seconds is not None:
            by_shutter[each.f_number, each.iso].add(math.log2(each.exposure_seconds))
    found = [_steps(biases), *map(_steps, by_shutter.values())]
    return max(found, key=lambda stops: (len(stops), stops[-1] - stops[0] if stops else 0))


def _steps(stops: Iterable[float]) -> list[float]:
    """As many exposures as lie apart by what cameras bracket by."""
    steps: list[float] = []
    for stop in sorted(stops):
        if not steps or stop - steps[-1] >= _STEP - _ROUNDING:
            steps.append(stop)
    return steps

"""Sweeps: frames of a panorama, each of which goes on where the last one ends. Pure.

Serves :mod:`series`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, permutations, zip_longest
from typing import Final

from annclust.purge.candidate import Candidate
from annclust.purge.runs import SECOND, runs, taken
from annclust.purge.shifts import Shift, shift_between
from annclust.purge.views import show_the_same

_FEWEST: Final = 3
"""Views that tell a panorama from a photographer who moved once."""

_GAP_NS: Final = 15 * SECOND
"""Time to turn, to level the horizon and to wait for somebody to walk by."""

_MOST_AT_ONCE: Final = 4
"""Views of one second that are tried in every order: nobody turns and shoots faster by hand."""

_STRIDE: Final = 0.1
"""Share of the frame by which frames of a panorama move at least: hands that try to hold still move
by less, and a panorama whose frames overlap by nine tenths would take forty of them."""

_DIRECTION: Final = math.cos(math.radians(25))
"""Cosine of how far a step may lie off the mean direction: people turn around, not about."""


def sweeps(photos: Sequence[Candidate], places: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Frames of panoramas among photos in the order of time, copies beside each; and how many."""
    for run in runs(photos, places, gap=_GAP_NS):
        copies = _copies(photos, run)
        views = _in_order(photos, list(copies))
        for part in _joined(part for part in _steady(photos, views) if len(part) >= _FEWEST):
            yield [place for view in part for place in copies[view]], len(part)


def _copies(photos: Sequence[Candidate], run: Sequence[int]) -> dict[int, list[int]]:
    """Photos of one second and view, by one of them."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place in run:
        of = (one for one in found if _is_copy(photos[one], photos[place]))
        found[next(of, place)].append(place)
    return found


def _is_copy(one: Candidate, other: Candidate) -> bool:
    return _second(one) == _second(other) and show_the_same(one.examination, other.examination)


def _second(photo: Candidate) -> int:
    """Fractions are lost by some programs that copy a photo."""
    return taken(photo) // SECOND


def _in_order(photos: Sequence[Candidate], views: Sequence[int]) -> list[int]:
    """Views by time, those of one time as they go on best from the last one to the next."""
    moments = [list(moment) for _, moment in groupby(views, lambda place: taken(photos[place]))]
    order: list[int] = []
    for moment, behind in zip_longest(moments, moments[1:], fillvalue=list[int]()):
        if len(moment) == 1 or len(moment) > _MOST_AT_ONCE:
            order += moment
            continue
        ways = [[*order[-1:], *way, *behind[:1]] for way in permutations(moment)]
        best = max(ways, key=lambda way: max(map(len, _steady(photos, way))))
        order += [place for place in best if place in moment]
    return order


def _steady(photos: Sequence[Candidate], views: Sequence[int]) -> Iterator[list[int]]:
    """Parts in which each frame moves on in one direction; one may end where another begins."""
    part, steps = [views[0]], list[Shift]()
    for before, place in pairwise(views):
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


def _joined(parts: Iterator[list[int]]) -> list[list[int]]:
    """Parts of which none begins where another one ends: those of rows above each other are one."""
    whole: list[list[int]] = []
    for part in parts:
        if whole and whole[-1][-1] == part[0]:
            whole[-1] += part[1:]
        else:
            whole.append(part)
    return whole

"""Runs: photos that were taken one after another, whatever order they are given in. Pure.

Serves :mod:`series`. Cameras write whole seconds, and whoever copies a photo leaves its time as it
was, so that several photos often have one time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from annclust.purge.candidate import Candidate

SECOND: Final = 10**9
"""Nanoseconds."""

_WITH_DARK_FRAME: Final = 2
"""Cameras follow a long exposure by one as long with the shutter closed, to take out its noise."""


_LONGEST: Final = 300.0
"""Seconds of exposure that are waited for. Longer ones are rare, and some cameras write 65,535."""


def by_time(photos: Sequence[Candidate], *, without: set[int]) -> list[int]:
    """Places of photos whose time is known, the earliest first; equal times by what they show."""
    places = (place for place in range(len(photos)) if place not in without)
    timed = [place for place in places if photos[place].capture.taken_ns is not None]
    return sorted(timed, key=lambda place: (taken(photos[place]), appearance(photos[place])))


def appearance(photo: Candidate) -> tuple[object, ...]:
    """What tells photos of one time apart, so that their order is always the same."""
    seen = photo.examination
    return seen.thumbnail, seen.width, seen.height, photo.size, photo.format, repr(photo)


def runs(photos: Sequence[Candidate], places: Sequence[int], *, gap: int) -> Iterator[list[int]]:
    """Photos that follow each other within a time after the shutter closed, in nanoseconds."""
    run: list[int] = []
    end = 0
    for place in places:
        if run and taken(photos[place]) - end > gap:
            yield run
            run = []
        run.append(place)
        end = max(end, _end(photos[place])) if len(run) > 1 else _end(photos[place])
    if run:
        yield run


def taken(photo: Candidate) -> int:
    """When a photo of a run was taken."""
    assert photo.capture.taken_ns is not None, "only photos with a time are put in its order"
    return photo.capture.taken_ns


def _end(photo: Candidate) -> int:
    exposed = min(photo.capture.exposure_seconds or 0.0, _LONGEST)
    return taken(photo) + round(_WITH_DARK_FRAME * exposed * SECOND)

"""Series: photos that look like copies and are none, so that nobody loses a part of a whole. Pure.

Three are left alone. Exposure brackets are made to be put together; what is best of them is the
whole. So are the frames of a panorama. And a finished panorama shows more than any of its frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from annclust.purge.brackets import brackets
from annclust.purge.candidate import Candidate
from annclust.purge.runs import by_time
from annclust.purge.sweeps import sweeps

Kind: TypeAlias = Literal["bracket", "panorama frames", "panorama"]

_WIDE: Final = 2.0
"""Long side over short. Cameras take 1.33, 1.5 and 1.78; what is wider was put together, or cut to
be wide."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Photos of a group that are parts of a whole.

    Parameters
    ----------
    places : tuple of int
        Where they stand in what was given, from 0; by time if there are several, copies of a frame
        of a panorama beside it.
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
        In any order.
    """
    found = list(_finished_panoramas(photos))
    rest = by_time(photos, without={place for each in found for place in each.places})
    exposed = [_bracket(run, stops) for run, stops in brackets(photos, rest)]
    taken = {place for each in exposed for place in each.places}
    swept = sweeps(photos, [place for place in rest if place not in taken])
    return (*found, *exposed, *(_frames(part, views) for part, views in swept))


def _bracket(run: Sequence[int], stops: Sequence[float]) -> LeftAlone:
    reason = f"an exposure bracket: {len(stops)} exposures over {stops[-1] - stops[0]:.1f} stops"
    if len(run) > len(stops):
        reason += f", among {len(run)} photos of the same seconds"
    return LeftAlone(tuple(run), "bracket", reason)


def _frames(part: Sequence[int], views: int) -> LeftAlone:
    reason = f"{views} frames of a panorama: each goes on where the last one ends"
    if len(part) > views:
        reason += f", with copies {len(part)} photos"
    return LeftAlone(tuple(part), "panorama frames", reason)


def _finished_panoramas(photos: Sequence[Candidate]) -> Iterator[LeftAlone]:
    """Photos that are wide, and wider than ordinary frames beside them by what they hold."""
    sides = [_held_sides(photo) for photo in photos]
    ordinary = [long for short, long in sides if long < _WIDE * short]
    for place, (short, long) in enumerate(sides):
        if ordinary and long >= _WIDE * short and long > max(ordinary):
            shape = f"{long / short:.1f} times as long as high"
            yield LeftAlone((place,), "panorama", f"a panorama: {shape}, beside ordinary frames")


def _held_sides(photo: Candidate) -> tuple[float, float]:
    """Short and long side without bars, which make screenshots of photos long."""
    seen = photo.examination
    short, long = sorted((seen.width * seen.bars.across, seen.height * seen.bars.down))
    return short, long

"""Series: photos that look like copies and are none, so that nobody loses a part of a whole. Pure.

Four are left alone. Exposure brackets are made to be put together; what is best of them is the
whole. So are focus stacks, and the frames of a panorama. And a finished panorama shows more than
any of its frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from annclust.purge.brackets import brackets
from annclust.purge.candidate import Candidate
from annclust.purge.framing import with_proven_bars
from annclust.purge.panoramas import finished_panoramas
from annclust.purge.runs import by_time
from annclust.purge.stacks import stacks
from annclust.purge.sweeps import sweeps

Kind: TypeAlias = Literal["bracket", "focus stack", "panorama frames", "panorama"]


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
    found = [_panorama(*each) for each in finished_panoramas(with_proven_bars(photos))]
    rest = by_time(photos, without={place for each in found for place in each.places})
    exposed = [_bracket(run, stops) for run, stops in brackets(photos, rest)]
    rest = _others(rest, exposed)
    focused = [_stack(frames) for frames in stacks(photos, rest)]
    swept = sweeps(photos, _others(rest, focused))
    return (*found, *exposed, *focused, *(_frames(part, views) for part, views in swept))


def _others(places: Sequence[int], found: Sequence[LeftAlone]) -> list[int]:
    """The places that are in nothing that was found."""
    taken = {place for each in found for place in each.places}
    return [place for place in places if place not in taken]


def _panorama(place: int, shape: str) -> LeftAlone:
    reason = f"a panorama: {shape}, beside ordinary frames of a part"
    return LeftAlone((place,), "panorama", reason)


def _bracket(run: Sequence[int], stops: Sequence[float]) -> LeftAlone:
    reason = f"an exposure bracket: {len(stops)} exposures over {stops[-1] - stops[0]:.1f} stops"
    if len(run) > len(stops):
        reason += f", among {len(run)} photos of the same seconds"
    return LeftAlone(tuple(run), "bracket", reason)


def _stack(frames: Sequence[int]) -> LeftAlone:
    reason = f"a focus stack: {len(frames)} frames in focus at different depths"
    return LeftAlone(tuple(frames), "focus stack", reason)


def _frames(part: Sequence[int], views: int) -> LeftAlone:
    reason = f"{views} frames of a panorama: each goes on where the last one ends"
    if len(part) > views:
        reason += f", with copies {len(part)} photos"
    return LeftAlone(tuple(part), "panorama frames", reason)

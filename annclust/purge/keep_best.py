"""Keep-best: the photos of one group in order, the best first, each with its reasons. Pure.

Lexicographic: the photos that are equal by one criterion are asked the next one. Nothing is
weighed against anything, so that every place has one reason which a person can check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from annclust.images.capture import Capture
from annclust.purge.candidate import Candidate
from annclust.purge.criteria import CRITERIA, Rule
from annclust.purge.framing import with_proven_bars
from annclust.purge.reasons import behind, reason
from annclust.purge.views import show_the_same

_OF_LOOKS: Final = frozenset({"sharpness", "exposure"})
_OF_ALIKE: Final = _OF_LOOKS | {"bytes", None}
"""Rules that only photos of one format and size ever meet, with about as many bytes if of one
moment."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One photo's place among its group.

    Parameters
    ----------
    place : int
        Where the photo stood in what was given, from 0.
    decided_by : Rule or None
        What puts it before the next one; None for the last, and for one that nothing tells from
        the next.
    reasons : tuple of str
        Why it stands before the next one: what decided, then what agrees.
    behind : str
        Why it stands behind the first; empty for the first, and for one like it.
    """

    place: int
    decided_by: Rule | None
    reasons: tuple[str, ...]
    behind: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The photos of a group, the best first.

    Parameters
    ----------
    photos : tuple of Ranked
    compared_as : {"copies", "frames"}
        Whether the first two are copies of one picture, told apart by what was lost, or frames of
        one burst, told apart by how they look.
    """

    photos: tuple[Ranked, ...]
    compared_as: Literal["copies", "frames"]


def rank(photos: Sequence[Candidate]) -> Ranking:
    """Put the photos of a group in order; those that nothing tells apart stay as given.

    Parameters
    ----------
    photos : sequence of Candidate
        At least one.
    """
    order = list(_ordered(list(enumerate(with_proven_bars(photos))), depth=0))
    ranked = tuple(_ranked(order, at) for at in range(len(order)))
    frames = len(order) > 1 and _are_frames(order[0], order[1])
    return Ranking(ranked, "frames" if frames else "copies")


def _are_frames(one: _Placed, other: _Placed) -> bool:
    """Whether two photos are told apart by looks, or show two views, of two times or made alike."""
    decided = _first_difference(one, other)
    if decided in _OF_LOOKS:
        return True
    apart = decided in _OF_ALIKE or _at_two_times(one.photo.capture, other.photo.capture)
    return apart and not show_the_same(one.photo.examination, other.photo.examination)


_SECOND: Final = 10**9
_ZONE: Final = 15 * 60
"""Seconds. Clocks of the world differ by whole quarters of an hour."""


def _at_two_times(one: Capture, other: Capture) -> bool:
    """Whether times differ by more than programs lose: the fraction of a second, and the zone."""
    if one.taken_ns is None or other.taken_ns is None:
        return False
    return bool((one.taken_ns // _SECOND - other.taken_ns // _SECOND) % _ZONE)


@dataclass(frozen=True, slots=True)
class _Placed:
    place: int
    photo: Candidate
    levels: tuple[float, ...]


_Class: TypeAlias = list[tuple[int, Candidate]]


def _ordered(equal: _Class, *, depth: int, levels: tuple[float, ...] = ()) -> Iterator[_Placed]:
    """Photos that all criteria so far found equal, in the order of the others."""
    if depth == len(CRITERIA):
        yield from (_Placed(place, photo, levels) for place, photo in equal)
        return
    _, criterion = CRITERIA[depth]
    found = criterion([photo for _, photo in equal])
    for level in sorted(set(found)):
        same = [each for each, its in zip(equal, found, strict=True) if its == level]
        yield from _ordered(same, depth=depth + 1, levels=(*levels, level))


def _ranked(order: Sequence[_Placed], at: int) -> Ranked:
    this, first = order[at], order[0]
    decided: Rule | None = None
    reasons: tuple[str, ...] = ()
    if at + 1 < len(order):
        decided = _first_difference(this, order[at + 1])
        reasons = tuple(dict.fromkeys(_reasons(this, order[at + 1])))  # two rules may say one thing
    lost_by = _first_difference(first, this)
    why = behind(lost_by, first.photo, this.photo) if lost_by else ""
    return Ranked(this.place, decided, reasons, why)


def _first_difference(one: _Placed, other: _Placed) -> Rule | None:
    pairs = zip(CRITERIA, one.levels, other.levels, strict=True)
    return next((rule for (rule, _), a, b in pairs if a != b), None)


def _reasons(better: _Placed, worse: _Placed) -> Iterator[str]:
    decided = _first_difference(better, worse)
    if decided is None:
        return
    yield reason(decided, better.photo, worse.photo)
    after = [rule for rule, _ in CRITERIA].index(decided) + 1
    for rule, criterion in CRITERIA[after:-1]:
        one, other = criterion([better.photo, worse.photo])
        if one < other:
            yield reason(rule, better.photo, worse.photo)

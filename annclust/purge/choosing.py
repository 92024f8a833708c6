"""Choosing: which photos of a group stay, which may go, and which are left alone. Pure.

The rule of keep-best, and what comes before it: parts of a whole are left alone, what a person
said counts, and one photo of every group stays, whatever anybody said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from annclust.purge.candidate import Candidate
from annclust.purge.keep_best import Ranked, rank
from annclust.purge.series import left_alone

Verdict: TypeAlias = Literal["keep", "reject", "leave"]
"""What is to become of a photo; one that is left alone neither goes nor stands for the others."""

Said: TypeAlias = Literal["keep", "reject", "protected", "stands"]
"""What somebody said of a photo before: a mark, or that its folder is not to be touched; or that it
stands for photos that were purged."""

PROTECTED: Final = "in a protected folder"
STANDS: Final = "it stays instead of photos that were purged"
MARKED: Final = "you marked it to be kept"
REJECTED: Final = "you rejected it"
OTHER_KEPT: Final = "you keep another one of this group"
LAST: Final = "the last one of its group stays"
LIKE_THE_FIRST: Final = "nothing tells it from the one that is kept"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What becomes of one photo.

    Parameters
    ----------
    place : int
        Where it stood in what was given, from 0.
    verdict : {"keep", "reject", "leave"}
    reasons : tuple of str
        Why, in words; what decided comes first.
    """

    place: int
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The photos of a group, the best first, those that are left alone last.

    Parameters
    ----------
    photos : tuple of Chosen
    compared_as : {"copies", "frames"} or None
        As `keep_best.Ranking` says; None if fewer than two photos were compared.
    """

    photos: tuple[Chosen, ...]
    compared_as: Literal["copies", "frames"] | None

    def of(self, verdict: Verdict) -> tuple[Chosen, ...]:
        """The photos of which that becomes."""
        return tuple(each for each in self.photos if each.verdict == verdict)


def choose(photos: Sequence[Candidate], said: Sequence[Said | None] = ()) -> Choice:
    """Choose among the photos of a group.

    Parameters
    ----------
    photos : sequence of Candidate
        At least one.
    said : sequence of Said or None
        Of each photo; nothing of any if empty.
    """
    told = list(said) or [None] * len(photos)
    alone = {place: part.reason for part in left_alone(photos) for place in part.places}
    choice = _chosen(photos, told, alone)
    marked = any(each in ("keep", "reject") for each in told)
    if not marked or all(each == "reject" for each in told):
        return choice
    unmarked = [None if each in ("keep", "reject") else each for each in told]
    return _as_suggested(choice, _chosen(photos, unmarked, alone))


def _as_suggested(choice: Choice, suggested: Choice) -> Choice:
    """Where what a person said is what is suggested, the reasons are those of the suggestion.

    Unless the best one goes by what was said: then no other one is behind it.
    """
    verdicts = {each.place: each.verdict for each in choice.photos}
    before = {each.place: each for each in suggested.photos}
    best = suggested.photos[0].place
    if verdicts[best] != "keep":
        return choice
    photos = (
        before[each.place] if before[each.place].verdict == each.verdict else each
        for each in choice.photos
    )
    return replace(choice, photos=tuple(photos))


def _chosen(
    photos: Sequence[Candidate], told: Sequence[Said | None], alone: Mapping[int, str]
) -> Choice:
    left = _left([Chosen(place, "leave", (reason,)) for place, reason in alone.items()], told)
    places = [place for place in range(len(photos)) if place not in alone]
    if not places:
        return Choice(left, None)
    rejected = [place for place in places if told[place] == "reject"]
    eligible = [place for place in places if told[place] != "reject"]
    ranked, compared_as = _ranked(photos, eligible or rejected, told)
    if not eligible:
        return Choice((*_all_rejected(ranked), *left), compared_as)
    rest, _ = _ranked(photos, rejected, told)
    chosen = (*_among(ranked, told), *(_rejected(each) for each in rest))
    return Choice((*chosen, *left), compared_as)


ComparedAs: TypeAlias = Literal["copies", "frames"] | None


def _ranked(
    photos: Sequence[Candidate], places: Sequence[int], told: Sequence[Said | None]
) -> tuple[list[Ranked], ComparedAs]:
    """Some of the photos, the best first.

    Those that stay anyway come before others that are like them, so that of two that nothing tells
    apart the other one goes.
    """
    if not places:
        return [], None
    order = sorted(places, key=lambda place: told[place] not in ("protected", "stands"))
    ranking = rank([photos[place] for place in order])
    ranked = [replace(each, place=order[each.place]) for each in ranking.photos]
    return ranked, ranking.compared_as if len(ranked) > 1 else None


def _among(ranked: Sequence[Ranked], told: Sequence[Said | None]) -> list[Chosen]:
    """Choose among photos that nobody rejected, the best first."""
    marked = any(told[each.place] == "keep" for each in ranked)
    stays = None if marked else ranked[0].place
    return [_verdict(each, told[each.place], stays) for each in ranked]


def _verdict(photo: Ranked, said: Said | None, stays: int | None) -> Chosen:
    """What becomes of a photo, beside the one that stays, or those that a person keeps."""
    if said is not None:
        why = _WHY_KEPT[said]
        return Chosen(photo.place, "keep", (why, *photo.reasons))
    if photo.place == stays:
        return Chosen(photo.place, "keep", photo.reasons)
    if stays is None:
        return Chosen(photo.place, "reject", (OTHER_KEPT,))
    return Chosen(photo.place, "reject", (photo.behind or LIKE_THE_FIRST,))


def _all_rejected(ranked: Sequence[Ranked]) -> list[Chosen]:
    first, *others = ranked
    return [Chosen(first.place, "keep", (LAST,)), *map(_rejected, others)]


def _rejected(photo: Ranked) -> Chosen:
    return Chosen(photo.place, "reject", (REJECTED,))


_WHY_KEPT: Final[dict[str, str]] = {"keep": MARKED, "protected": PROTECTED, "stands": STANDS}


def _left(left: Sequence[Chosen], told: Sequence[Said | None]) -> tuple[Chosen, ...]:
    """Photos that are left alone: kept if somebody said so; a rejection does not count."""
    return tuple(
        replace(each, verdict="keep", reasons=(why, *each.reasons))
        if (why := _WHY_KEPT.get(told[each.place] or ""))
        else each
        for each in left
    )

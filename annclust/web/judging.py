"""Judging: which photos of a group are suggested to be kept, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from annclust.storage.store import Store
from annclust.web.documents import Suggested


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo's place among its group, and what is suggested about it."""

    photo: int
    suggestion: Suggested = "leave"
    decided_by: str | None = None
    reasons: tuple[str, ...] = ()
    behind: str = ""
    alone: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The photos of a group, the best first.

    Parameters
    ----------
    photos : sequence of Judged
    pending : int
        Photos that were not examined yet; as long as there are any, nothing is suggested.
    compared_as : {"copies", "frames"} or None
    """

    photos: Sequence[Judged]
    pending: int
    compared_as: Literal["copies", "frames"] | None


def judge(_store: Store, photos: Sequence[int]) -> Judgement:
    """Judge the photos of a group."""
    return Judgement([Judged(photo) for photo in photos], len(photos), None)

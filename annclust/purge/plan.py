"""Plan: what a purge would move, and what stays instead; nothing is touched by it. Pure.

A plan is the only thing that `applying` obeys, so whatever must never happen is checked here, of
any plan, wherever it comes from: people edit files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from annclust.arrays import ImageId


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as it was when the plan was made.

    Parameters
    ----------
    path : Path
        Absolute.
    size, modified_ns : int
        In bytes, and nanoseconds since 1970.
    digest : bytes or None
        BLAKE3 of its content; None of what belongs to a photo, which nobody has read.
    """

    path: Path
    size: int
    modified_ns: int
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class PlannedPhoto:
    """A photo of a group, with all that moves with it.

    Parameters
    ----------
    image : ImageId
    file : PlannedFile
    companions : tuple of PlannedFile
        Its raw photo, video and sidecar files; only of photos that move.
    reasons : tuple of str
        Why it stays, moves or is left alone; what decided comes first.
    """

    image: ImageId
    file: PlannedFile
    companions: tuple[PlannedFile, ...]
    reasons: tuple[str, ...]

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """The photo's own file, then what moves with it."""
        return (self.file, *self.companions)


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """What is to become of the photos of a group.

    Parameters
    ----------
    kept : tuple of PlannedPhoto
        The best one, which stands for those that move, and whatever else stays.
    moved : tuple of PlannedPhoto
    left : tuple of PlannedPhoto
        Left alone: parts of a whole, and files that cannot or need not be moved.
    """

    kept: tuple[PlannedPhoto, ...]
    moved: tuple[PlannedPhoto, ...]
    left: tuple[PlannedPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A purge that may be applied.

    Parameters
    ----------
    id : str
        Tells it from other plans.
    level : str
        What the groups are of: shots, scenes, themes, density or copies.
    made : str
        When, in ISO 8601 with the offset of the clock.
    groups : tuple of PlannedGroup
        Of which something is moved or left alone; others need no plan.
    """

    id: str
    level: str
    made: str
    groups: tuple[PlannedGroup, ...]

    @property
    def moved(self) -> Iterator[PlannedPhoto]:
        """Every photo that moves."""
        return (photo for group in self.groups for photo in group.moved)

    @property
    def totals(self) -> Totals:
        """How much it is about."""
        moved = list(self.moved)
        files = [file for photo in moved for file in photo.files]
        return Totals(
            groups=sum(bool(group.moved) for group in self.groups),
            photos=len(moved),
            files=len(files),
            bytes=sum(file.size for file in files),
            left_alone=sum(len(group.left) for group in self.groups),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """How much a plan is about.

    Parameters
    ----------
    groups, photos, files : int
        What moves: groups of which photos do, photos, and files with their companions.
    bytes : int
        Of those files.
    left_alone : int
        Photos that are left alone.
    """

    groups: int
    photos: int
    files: int
    bytes: int
    left_alone: int


Fault: TypeAlias = str
"""Why a plan must not be applied, in words."""


def fault_of(plan: Plan) -> Fault | None:
    """What a plan would do that no plan may; None if it may be applied.

    Of each group that loses a photo one must stay, which no group loses; and no file moves twice.
    """
    return next(_faults(plan), None)


def _faults(plan: Plan) -> Iterator[Fault]:
    moving = _paths(photo for group in plan.groups for photo in group.moved)
    for path, times in Counter(moving).items():
        if times > 1:
            yield f"{path} would be moved twice"
    gone = set(moving)
    for group in plan.groups:
        stay = [photo for photo in group.kept if photo.file.path not in gone]
        if group.moved and not stay:
            yield f"nothing would stay of the group of {group.moved[0].file.path}"
        for photo in (*group.kept, *group.left):
            if photo.file.path in gone:
                yield f"{photo.file.path} would stay and be moved"


def _paths(photos: Iterable[PlannedPhoto]) -> list[Path]:
    return [file.path for photo in photos for file in photo.files]

"""Plans over an album on a real disk, made by hand: what moves is the test's to say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from annclust.collection import Collection
from annclust.images.discovery import TRASH
from annclust.progress import Stage
from annclust.purge.plan import Plan, PlannedFile, PlannedGroup, PlannedPhoto
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store

Tree = dict[str, tuple[bytes, int, int]]
"""Bytes, time and mode of every file, by its path."""


def tree(folder: Path) -> Tree:
    """Everything below a folder, hidden files too."""
    found: Tree = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            state = path.lstat()
            found[str(path.relative_to(folder))] = (
                path.read_bytes(),
                state.st_mtime_ns,
                state.st_mode,
            )
    return found


@dataclass(frozen=True, slots=True)
class Photos:
    """The photos of a collection by name."""

    by_name: dict[str, ImageRecord]
    every: Sequence[ImageRecord]

    @classmethod
    def of(cls, collection: Collection) -> Photos:
        """All that are present."""
        with Store(collection.path) as store:
            found = store.catalog.images_by_id(collection.photo_ids())
        return cls({photo.full_path.name: photo for photo in found}, found)

    @property
    def by_path(self) -> dict[Path, ImageRecord]:
        """The same by path: several may have one name."""
        return {photo.full_path: photo for photo in self.every}

    def planned(self, name: str, *companions: Path) -> PlannedPhoto:
        """A photo of a plan."""
        photo = self.by_name[name]
        file = PlannedFile(photo.full_path, photo.size, photo.modified_ns, photo.digest)
        return PlannedPhoto(photo.id, file, tuple(map(beside, companions)), ("because",))

    def plan(self, kept: str, *moved: str | PlannedPhoto, name: str = "a plan") -> Plan:
        """A plan of one group."""
        photos = [each if isinstance(each, PlannedPhoto) else self.planned(each) for each in moved]
        group = PlannedGroup((self.planned(kept),), tuple(photos))
        return Plan(name, "shots", "2026-01-01T00:00:00+00:00", (group,))


def beside(path: Path) -> PlannedFile:
    """A file that belongs to a photo."""
    state = path.lstat()
    return PlannedFile(path, state.st_size, state.st_mtime_ns)


def joined(plans: Sequence[Plan]) -> Plan:
    """One plan of the groups of several."""
    return replace(plans[0], groups=tuple(group for plan in plans for group in plan.groups))


class Meanwhile:
    """Something happens after the first photo was moved."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens: Callable[[], object] | None = happens

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        yield self

    def advance(self, steps: int = 1, /) -> None:
        if self._happens is not None:
            self._happens()
            self._happens = None

    def expect(self, total: int, /) -> None:
        pass


def in_trash(photos: Path) -> set[str]:
    """Names of all files in the trash of a folder."""
    return {path.name for path in (photos / TRASH).rglob("*") if path.is_file()}


def present(collection: Collection) -> set[str]:
    return set(Photos.of(collection).by_name)

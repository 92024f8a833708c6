"""Belongings: the files that move with photos, as they are on the disk now.

Companions are known to the collection; sidecars are found beside them (:mod:`sidecars`). Asked in
planning, and again before anything is moved: people edit plans, and other programs write sidecars.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from annclust.arrays import ImageId
from annclust.purge.plan import PlannedFile, PlannedPhoto
from annclust.purge.sidecars import sidecars
from annclust.storage.records import ImageRecord


def file_at(path: Path) -> PlannedFile | None:
    """An ordinary file that is there; None if there is none, or something else."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return PlannedFile(path, found.st_size, found.st_mtime_ns)


def no_file_among(paths: Iterable[Path]) -> Path | None:
    """The first of some paths where something is that is no ordinary file, as a link is none."""
    return next((path for path in paths if file_at(path) is None and os.path.lexists(path)), None)


def files_at(paths: Iterable[Path]) -> tuple[PlannedFile, ...]:
    """Those of some files that are there."""
    return tuple(file for path in paths if (file := file_at(path)) is not None)


def companions_first(
    photos: Iterable[ImageRecord], companions: Mapping[ImageId, object]
) -> list[ImageRecord]:
    """Photos in their order, those with companions before the others.

    Of copies that nothing tells apart the first one stays: the one with its raw photo, say.
    """
    return sorted(photos, key=lambda photo: photo.id not in companions)


def sidecars_of(photos: Iterable[PlannedPhoto]) -> Mapping[Path, list[PlannedFile]]:
    """Find the sidecars that move with photos, by the file of theirs that each of them moves with.

    Parameters
    ----------
    photos : iterable of PlannedPhoto
        All that move, with their companions.
    """
    moving: dict[Path, set[bytes]] = defaultdict(set)
    for photo in photos:
        for file in photo.files:
            moving[file.path.parent].add(os.fsencode(file.path.name))
    found: dict[Path, list[PlannedFile]] = defaultdict(list)
    for folder, names in moving.items():
        for sidecar, owner in sidecars(_names_in(folder), names):
            beside = file_at(folder / os.fsdecode(sidecar))
            if beside is not None:
                found[folder / os.fsdecode(owner)].append(beside)
    return found


def _names_in(folder: Path) -> list[bytes]:
    try:
        with os.scandir(folder) as entries:
            return [os.fsencode(entry.name) for entry in entries if entry.is_file()]
    except OSError:
        return []

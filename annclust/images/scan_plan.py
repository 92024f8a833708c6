"""Scan plan: which files to read, and which known photos are gone. Pure; a plan before any deed.

Comes before reading; who is who afterwards is for :mod:`annclust.images.recognition` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annclust.arrays import ImageId


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as a scan sees it from outside: where it lies, its size and time of change."""

    root: int
    path: bytes
    size: int
    modified_ns: int

    @property
    def place(self) -> tuple[int, bytes]:
        """Root and root-relative path."""
        return self.root, self.path


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo that the collection holds already.

    `lost_root` says that the folder of its root is not there, or empty (moved, or not mounted);
    `without_vector` that its file must be read again, even if it looks as before.
    """

    id: ImageId
    file: FileState
    digest: bytes
    lost_root: bool = False
    without_vector: bool = False


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A file that could not be read before; worth another try if `retry`."""

    file: FileState
    retry: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file whose content was read in this scan."""

    file: FileState
    digest: bytes


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What a scan has to do.

    Parameters
    ----------
    to_read : tuple of FileState
        New and changed files, one of each size first: by the time that a file of the same size is
        read, the content of the first is known, and equal content need not be decoded twice.
    unchanged : int
        Known photos that look as before.
    loose : tuple of KnownPhoto
        Known photos that are gone, or whose file changed: free to be recognised elsewhere.
    failing : tuple of FileState
        Files that failed before, look as before, and would fail again.
    """

    to_read: tuple[FileState, ...]
    unchanged: int
    loose: tuple[KnownPhoto, ...]
    failing: tuple[FileState, ...]


def plan_scan(
    known: Iterable[KnownPhoto], failures: Iterable[KnownFailure], found: Sequence[FileState]
) -> ScanPlan:
    """Compare what is known with what was found.

    Parameters
    ----------
    known : iterable of KnownPhoto
        Photos of the scanned roots, and of roots that are lost.
    failures : iterable of KnownFailure
    found : sequence of FileState
        Every candidate file of the scanned roots.
    """
    by_place = {file.place: file for file in found}
    settled: set[tuple[int, bytes]] = set()
    loose = []
    for photo in known:
        if by_place.get(photo.file.place) == photo.file and not photo.without_vector:
            settled.add(photo.file.place)
        else:
            loose.append(photo)
    unchanged = len(settled)
    # Where a photo is known to lie, it was not the content that was refused.
    photos = settled | {photo.file.place for photo in loose if photo.without_vector}
    failing = [
        f.file
        for f in failures
        if not f.retry and by_place.get(f.file.place) == f.file and f.file.place not in photos
    ]
    settled.update(file.place for file in failing)
    to_read = _first_of_each_size_first([f for f in found if f.place not in settled])
    return ScanPlan(to_read, unchanged, tuple(loose), tuple(failing))


def _first_of_each_size_first(files: Sequence[FileState]) -> tuple[FileState, ...]:
    seen: set[int] = set()
    first: list[FileState] = []
    later: list[FileState] = []
    for file in files:
        (later if file.size in seen else first).append(file)
        seen.add(file.size)
    return (*first, *later)

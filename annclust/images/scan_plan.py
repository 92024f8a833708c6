"""Scan plan: which files to read, and who is who afterwards. Pure; a plan before any deed.

Two questions, one function each. Before reading: which found files are new or changed, and which
known ones are gone (`plan_scan`)? After reading, when the contents are known: which photo moved,
changed or is new (`resolve`)? Identity is content first, path second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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

    `lost_root` says that the folder of its root is not there (moved, or not mounted).
    """

    id: ImageId
    file: FileState
    digest: bytes
    lost_root: bool = False


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
        if by_place.get(photo.file.place) == photo.file:
            settled.add(photo.file.place)
        else:
            loose.append(photo)
    unchanged = len(settled)
    failing = [f.file for f in failures if not f.retry and by_place.get(f.file.place) == f.file]
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


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is who after a scan.

    Parameters
    ----------
    touched, moved, changed : tuple of (KnownPhoto, Sighting)
        Photos found again: same place and content; same content in another place; another content
        in the same place.
    added : tuple of Sighting
        Photos that are new.
    replaced : tuple of KnownPhoto
        Photos found nowhere, in whose place lies another photo that is known.
    left : tuple of KnownPhoto
        Photos of roots that are there, found nowhere, whose place is empty.
    """

    touched: tuple[tuple[KnownPhoto, Sighting], ...]
    moved: tuple[tuple[KnownPhoto, Sighting], ...]
    changed: tuple[tuple[KnownPhoto, Sighting], ...]
    added: tuple[Sighting, ...]
    replaced: tuple[KnownPhoto, ...]
    left: tuple[KnownPhoto, ...]


@dataclass(slots=True)
class _Matching:
    """Loose photos and sightings that are still without a partner."""

    photos: dict[ImageId, KnownPhoto]
    sightings: dict[tuple[int, bytes], Sighting]
    pairs: list[tuple[KnownPhoto, Sighting]] = field(default_factory=list)

    def pair(self, photo: KnownPhoto, sighting: Sighting) -> None:
        del self.photos[photo.id], self.sightings[sighting.file.place]
        self.pairs.append((photo, sighting))

    def take_pairs(self) -> tuple[tuple[KnownPhoto, Sighting], ...]:
        pairs, self.pairs = tuple(self.pairs), []
        return pairs


def resolve(loose: Iterable[KnownPhoto], sightings: Iterable[Sighting]) -> Resolution:
    """Recognise loose photos among the sightings: by content first, then by place.

    A photo of a lost root is recognised only under a path that ends like its own: the folder was
    moved as a whole. Any other copy of it is a photo of its own.
    """
    matching = _Matching({photo.id: photo for photo in loose}, {s.file.place: s for s in sightings})
    taken = set(matching.sightings)
    touched = _match_in_place(matching, same_content=True)
    moved = _match_by_content(matching)
    changed = _match_in_place(matching, same_content=False)
    added = tuple(matching.sightings.values())
    rest = tuple(photo for photo in matching.photos.values() if not photo.lost_root)
    replaced = tuple(photo for photo in rest if photo.file.place in taken)
    left = tuple(photo for photo in rest if photo.file.place not in taken)
    return Resolution(touched, moved, changed, added, replaced, left)


def _match_in_place(
    matching: _Matching, *, same_content: bool
) -> tuple[tuple[KnownPhoto, Sighting], ...]:
    for photo in tuple(matching.photos.values()):
        sighting = matching.sightings.get(photo.file.place)
        if sighting and (sighting.digest == photo.digest or not same_content):
            matching.pair(photo, sighting)
    return matching.take_pairs()


def _match_by_content(matching: _Matching) -> tuple[tuple[KnownPhoto, Sighting], ...]:
    by_digest: dict[bytes, list[KnownPhoto]] = defaultdict(list)
    for photo in matching.photos.values():
        by_digest[photo.digest].append(photo)
    # New places first: a file in the place of a loose photo may be that photo, changed.
    places = {photo.file.place for photo in matching.photos.values()}
    for sighting in sorted(matching.sightings.values(), key=lambda s: s.file.place in places):
        candidates = by_digest.get(sighting.digest, [])
        found = next((p for p in candidates if _may_be(p, sighting)), None)
        if found is not None:
            candidates.remove(found)
            matching.pair(found, sighting)
    return matching.take_pairs()


def _may_be(photo: KnownPhoto, sighting: Sighting) -> bool:
    return not photo.lost_root or (b"/" + sighting.file.path).endswith(b"/" + photo.file.path)

"""Recognition: which photo moved, changed or is new, once contents are known. Pure.

Identity is content first, path second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product, takewhile
from typing import TypeVar

from annclust.arrays import ImageId
from annclust.images.scan_plan import FileState, KnownPhoto, Sighting


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
        Photos found nowhere, whose place is empty.
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

    Photos of a lost root are recognised only where its folder was moved to as a whole: any other
    copy of one is a photo of its own, as the folder may come back.
    """
    matching = _Matching({photo.id: photo for photo in loose}, {s.file.place: s for s in sightings})
    taken = set(matching.sightings)
    touched = _match_in_place(matching, same_content=True)
    moved = (*_match_moved_folders(matching), *_match_by_content(matching))
    changed = _match_in_place(matching, same_content=False)
    added = tuple(matching.sightings.values())
    rest = tuple(matching.photos.values())
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


_Folder = tuple[int, bytes]
"""A root and what stands before a path in it."""


def _match_moved_folders(matching: _Matching) -> tuple[tuple[KnownPhoto, Sighting], ...]:
    """Find the folder of each lost root where most of its photos lie under the paths they had."""
    by_root: dict[int, list[KnownPhoto]] = defaultdict(list)
    for photo in matching.photos.values():
        if photo.lost_root:
            by_root[photo.file.root].append(photo)
    by_digest = _by_digest(matching.sightings.values())
    for photos in by_root.values():
        folders = Counter(
            folder for photo in photos for folder in _folders(photo, by_digest[photo.digest])
        )
        (root, before), found = max(folders.items(), key=lambda f: f[1], default=((0, b""), 0))
        if 2 * found < len(photos) or not found:
            continue
        for photo in photos:
            sighting = matching.sightings.get((root, before + photo.file.path))
            if sighting and sighting.digest == photo.digest:
                matching.pair(photo, sighting)
    return matching.take_pairs()


def _folders(photo: KnownPhoto, sightings: Iterable[Sighting]) -> set[_Folder]:
    """The folders in which a photo lies under the path that it had."""
    path = photo.file.path
    return {
        (sighting.file.root, sighting.file.path[: -len(path)])
        for sighting in sightings
        if (b"/" + sighting.file.path).endswith(b"/" + path)
    }


_Found = TypeVar("_Found", KnownPhoto, Sighting)


def _by_digest(found: Iterable[_Found]) -> dict[bytes, list[_Found]]:
    grouped: dict[bytes, list[_Found]] = defaultdict(list)
    for each in found:
        grouped[each.digest].append(each)
    return grouped


_COMPARED_COPIES = 100
"""Of more copies of one content than this, any is as good as any other."""


def _match_by_content(matching: _Matching) -> tuple[tuple[KnownPhoto, Sighting], ...]:
    photos = _by_digest(p for p in matching.photos.values() if not p.lost_root)
    # New places first: a file in the place of a loose photo may be that photo, changed.
    places = {photo.file.place for photo in matching.photos.values()}
    news = sorted(matching.sightings.values(), key=lambda s: s.file.place in places)
    for digest, sightings in _by_digest(news).items():
        for photo, sighting in _nearest_places(photos[digest], sightings):
            matching.pair(photo, sighting)
    return matching.take_pairs()


def _nearest_places(
    photos: list[KnownPhoto], sightings: list[Sighting]
) -> list[tuple[KnownPhoto, Sighting]]:
    """Pair copies of one content, those first whose paths end most alike."""
    if max(len(photos), len(sightings)) > _COMPARED_COPIES:
        return list(zip(photos, sightings, strict=False))
    ranked = sorted(
        product(range(len(photos)), range(len(sightings))),
        key=lambda pair: -_likeness(photos[pair[0]].file, sightings[pair[1]].file),
    )
    pairs: dict[int, int] = {}
    for photo, sighting in ranked:
        if photo not in pairs and sighting not in pairs.values():
            pairs[photo] = sighting
    return [(photos[photo], sightings[sighting]) for photo, sighting in pairs.items()]


def _likeness(one: FileState, other: FileState) -> int:
    """How many names at the end of two paths agree."""
    ends = zip(reversed(one.path.split(b"/")), reversed(other.path.split(b"/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))

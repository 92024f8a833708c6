"""Assets: photos, and the files that belong to them. Pure.

A camera that keeps its raw photos, too, writes two files for each shot; a phone writes a short
video beside a photo (Live Photo, motion photo). To a person that is one photo: it shall be in the
collection once, and move as one. What belongs to a photo is called its companion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from annclust.images.formats import RAW_EXTENSIONS, extension_of
from annclust.images.scan_plan import FileState

_CLOSE_NS: Final = 10 * 10**9
"""Files of one shot are written one after the other, in as much time as a slow card or a network
takes for a large raw photo. Cameras do not give a name again as soon as that: that they do after
10,000 shots is why the names alone do not tell."""

_LARGEST_VIDEO: Final = 40_000_000
"""Bytes. What a phone writes beside a photo takes three seconds, and no more than 100 Mbit of each;
longer ones are films, whatever photo lies beside them."""

Bond: TypeAlias = tuple[bytes, int, int, bytes]
"""Name, size and time of a companion, and the name of its photo: what does not change if the photo
is edited, or both are moved."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that belongs to a photo.

    Parameters
    ----------
    file, photo : FileState
    is_raw : bool
        Whether the file is a raw photo, and could stand for the other one; else it is a video.
    """

    file: FileState
    photo: FileState
    is_raw: bool


def bond(path: bytes, size: int, modified_ns: int, photo: bytes) -> Bond:
    """What is remembered of a companion, and of its photo's path."""
    return _name(path), size, modified_ns, _name(photo)


class Shots:
    """Files that have one name but for its ending, and may be of one shot.

    Parameters
    ----------
    photos, videos : iterable of FileState
    bonds : container of Bond
        What belonged together before; it still does, whatever became of the photo's time.
    """

    def __init__(
        self,
        photos: Sequence[FileState],
        videos: Iterable[FileState],
        bonds: Container[Bond] = frozenset(),
    ) -> None:
        self._shots: dict[_Stem, _Shot] = defaultdict(_Shot)
        self._bonds = bonds
        for video in videos:
            if video.size <= _LARGEST_VIDEO:
                self._shots[_stem(video)].videos.append(video)
        raws = [photo for photo in photos if _is_raw(photo)]
        for raw in raws:
            self._shots[_stem(raw)].raws.append(raw)
        if self._shots:
            self._add_finished(photos)

    def _add_finished(self, photos: Iterable[FileState]) -> None:
        for photo in photos:
            shot = self._shots.get(_stem(photo))
            if shot and not _is_raw(photo):
                shot.finished.append(photo)

    def companions(self, unreadable: Container[FileState] = ()) -> tuple[Companion, ...]:
        """Tell which files belong to photos: close in time, or known to.

        A raw photo belongs to a photo in another format, as a camera makes it from the same shot. A
        video belongs to a photo of either kind. Of several photos the nearest in time counts.

        Parameters
        ----------
        unreadable : container of FileState
            Photos to which nothing belongs.
        """
        return tuple(
            companion
            for shot in self._shots.values()
            for companion in shot.companions(unreadable, self._bonds)
        )


_Stem: TypeAlias = tuple[int, bytes]
"""A root, and a path in it without its ending."""


@dataclass(slots=True)
class _Shot:
    """Files in one folder that have one name but for its ending; maybe of several shots."""

    finished: list[FileState] = field(default_factory=list)
    raws: list[FileState] = field(default_factory=list)
    videos: list[FileState] = field(default_factory=list)

    def companions(
        self, unreadable: Container[FileState], bonds: Container[Bond]
    ) -> Iterator[Companion]:
        photos = [photo for photo in self.finished if photo not in unreadable]
        by_themselves = [*photos]
        for raw in self.raws:
            if photo := _photo_of(raw, photos, bonds):
                yield Companion(raw, photo, is_raw=True)
            elif raw not in unreadable:
                by_themselves.append(raw)
        for video in self.videos:
            if photo := _photo_of(video, by_themselves, bonds):
                yield Companion(video, photo, is_raw=False)


def _photo_of(
    file: FileState, photos: Sequence[FileState], bonds: Container[Bond]
) -> FileState | None:
    """The photo that a file belongs to: the one that it did before, or the nearest in time."""

    def apart(photo: FileState) -> tuple[int, bytes]:
        return abs(photo.modified_ns - file.modified_ns), photo.path

    bound = [p for p in photos if bond(file.path, file.size, file.modified_ns, p.path) in bonds]
    close = (photo for photo in photos if apart(photo)[0] <= _CLOSE_NS)
    return min(bound or close, key=apart, default=None)


def _is_raw(photo: FileState) -> bool:
    return extension_of(photo.path) in RAW_EXTENSIONS


def _stem(file: FileState) -> _Stem:
    """The path of a file without its ending; cards and cameras do not tell a from A in names."""
    folder, slash, name = file.path.rpartition(b"/")
    stem, dot, _ = name.rpartition(b".")
    return file.root, folder + slash + (stem if dot else name).lower()


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]

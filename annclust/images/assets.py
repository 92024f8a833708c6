"""Assets: photos, and the files that belong to them. Pure.

A camera that keeps its raw photos, too, writes two files for each shot; a phone writes a short
video beside a photo (Live Photo, motion photo). To a person that is one photo: it shall be in the
collection once, and move as one. What belongs to a photo is called its companion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from annclust.images.formats import RAW_EXTENSIONS
from annclust.images.scan_plan import FileState

_CLOSE_NS: Final = 10 * 10**9
"""Files of one shot are written one after the other, in as much time as a slow card or a network
takes for a large raw photo. Cameras do not give a name again as soon as that: that they do after
10,000 shots is why the names alone do not tell."""


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


def find_companions(
    photos: Iterable[FileState], videos: Iterable[FileState], unreadable: Container[FileState] = ()
) -> tuple[Companion, ...]:
    """Tell which files belong to photos: of one name but for its ending, in one folder, and close
    in time.

    A raw photo belongs to a photo in another format, as a camera makes it from the same shot. A
    video belongs to a photo of either kind. Of several photos the nearest in time counts.

    Parameters
    ----------
    photos, videos : iterable of FileState
    unreadable : container of FileState
        Photos to which nothing belongs.
    """
    shots: dict[tuple[int, bytes], _Shot] = defaultdict(_Shot)
    for photo in photos:
        name, extension = _split(photo.path)
        shot = shots[photo.root, name]
        (shot.raws if extension in RAW_EXTENSIONS else shot.finished).append(photo)
    for video in videos:
        shots[video.root, _split(video.path)[0]].videos.append(video)
    return tuple(found for shot in shots.values() for found in shot.companions(unreadable))


@dataclass(slots=True)
class _Shot:
    """Files in one folder that have one name but for its ending; maybe of several shots."""

    finished: list[FileState] = field(default_factory=list)
    raws: list[FileState] = field(default_factory=list)
    videos: list[FileState] = field(default_factory=list)

    def companions(self, unreadable: Container[FileState]) -> Iterator[Companion]:
        if not self.raws and not self.videos:
            return
        photos = [photo for photo in self.finished if photo not in unreadable]
        by_themselves = [*photos]
        for raw in self.raws:
            if photo := _closest(raw, photos):
                yield Companion(raw, photo, is_raw=True)
            elif raw not in unreadable:
                by_themselves.append(raw)
        for video in self.videos:
            if photo := _closest(video, by_themselves):
                yield Companion(video, photo, is_raw=False)


def _closest(file: FileState, photos: Sequence[FileState]) -> FileState | None:
    """The photo that is nearest in time, if one is near."""

    def apart(photo: FileState) -> tuple[int, bytes]:
        return abs(photo.modified_ns - file.modified_ns), photo.path

    return min((p for p in photos if apart(p)[0] <= _CLOSE_NS), key=apart, default=None)


def _split(path: bytes) -> tuple[bytes, bytes]:
    """A path without its ending, and the ending; cards and cameras do not tell a from A."""
    folder, slash, name = path.rpartition(b"/")
    stem, dot, extension = name.rpartition(b".")
    lowered = (stem if dot else name).lower()
    return folder + slash + lowered, extension.lower() if dot else b""

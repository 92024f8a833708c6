"""Discovery: which files under a folder may be photos.

The first step of a scan. Nothing is opened but files without an extension. Names are bytes all the
way, as they are on disk; whatever cannot be seen is reported, never lost in silence.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from annclust.images.content import describe_os_error
from annclust.images.formats import (
    IMAGE_EXTENSIONS,
    PREFIX_BYTES,
    VIDEO_EXTENSIONS,
    extension_of,
    is_photo,
)
from annclust.settings import ScanSettings

_NOT_PHOTOS = frozenset(
    {
        *(b"@eadir", b"@tmp", b"@recycle", b"@recently-snapshot", b"#recycle", b"#snapshot"),
        *(b"$recycle.bin", b"recycler", b"system volume information", b"lost+found", b"__macosx"),
    }
)
"""Folders, in lower case, that NAS and operating systems keep for themselves. Thumbnails of every
photo are among them."""

_COLLECTION_SUFFIX = b".annclust"

TRASH = ".annclust-trash"
"""Name of the folder that purged photos lie in; no scan enters it, as its name is hidden."""

_TRASH = TRASH.encode()


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a photo, or a video that may belong to one, as it looks from outside.

    Parameters
    ----------
    path : bytes
        Relative to the root.
    size : int
        In bytes.
    modified_ns : int
        Time of change in nanoseconds.
    device, inode : int
        Equal for two names of one file.
    is_video : bool
        Whether it is a video by its name.
    """

    path: bytes
    size: int
    modified_ns: int
    device: int
    inode: int
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is no photo by its name, or no ordinary file; `path` is relative to the root."""

    path: bytes


@dataclass(frozen=True, slots=True)
class UnlistedFolder:
    """A folder that cannot be listed, or a file that cannot be looked at.

    Parameters
    ----------
    path : bytes
        Relative to the root; empty for the root itself.
    reason : str
        A few words without a full stop.
    """

    path: bytes
    reason: str


Finding = FoundFile | SkippedFile | UnlistedFolder


def walk(root: bytes, settings: ScanSettings, *, skip: Collection[bytes] = ()) -> Iterator[Finding]:
    """Look through a folder and all folders in it, in the order of their names.

    Left out without a word: hidden names, folders that a NAS or an operating system keeps for
    itself, collections (``*.annclust``), `skip`, and what ``settings.exclude`` matches.

    Parameters
    ----------
    root : bytes
        Absolute path of a folder.
    settings : ScanSettings
    skip : collection of bytes
        Absolute paths of folders that are not entered.

    Yields
    ------
    FoundFile, SkippedFile or UnlistedFolder
        The files of a folder come before those of the folders in it.
    """
    walker = _Walker(root, settings, skip)
    pending = [b""]
    while pending:
        folder = pending.pop()
        subfolders = []
        for finding in walker.look_into(folder):
            if isinstance(finding, bytes):
                subfolders.append(finding)
            else:
                yield finding
        pending.extend(reversed(subfolders))


def is_excluded(path: bytes, settings: ScanSettings) -> bool:
    """Whether the settings leave out a root-relative path, or a folder that it lies in."""
    patterns = patterns_of(settings)
    names = path.split(b"/")
    return bool(patterns) and any(
        _matches(name, b"/".join(names[: depth + 1]), patterns) for depth, name in enumerate(names)
    )


def patterns_of(settings: ScanSettings) -> tuple[str, ...]:
    """The patterns of what is left out."""
    return tuple(pattern.strip("/") for pattern in settings.exclude or ())


def is_left_out(name: bytes, path: bytes, patterns: tuple[str, ...]) -> bool:
    """Whether a file or folder is hidden, or matches one of the patterns."""
    return name.startswith(b".") or _matches(name, path, patterns)


def is_system_folder(name: bytes) -> bool:
    """Whether a folder is one that a system keeps for itself, or a collection."""
    return name.lower() in _NOT_PHOTOS or name.endswith(_COLLECTION_SUFFIX)


def _matches(name: bytes, path: bytes, patterns: tuple[str, ...]) -> bool:
    names = os.fsdecode(name), os.fsdecode(path)
    return any(fnmatchcase(text, pattern) for pattern in patterns for text in names)


class _Walker:
    def __init__(self, root: bytes, settings: ScanSettings, skip: Collection[bytes]) -> None:
        self._root = root.rstrip(b"/")
        self._skip = frozenset(path.rstrip(b"/") for path in skip)
        self._exclude = patterns_of(settings)
        self._follow = bool(settings.follow_symlinks)
        self._entered: set[tuple[int, int]] = set()

    def look_into(self, folder: bytes) -> Iterator[Finding | bytes]:
        """Yield what is in a folder; the folders in it as plain paths."""
        try:
            entries = self._list(folder)
        except OSError as error:
            yield UnlistedFolder(folder, describe_os_error(error))
            return
        for entry in entries:
            path = folder + b"/" + entry.name if folder else entry.name
            if is_left_out(entry.name, path, self._exclude):
                continue
            try:
                found = self._look_at(entry, path)
            except FileNotFoundError:
                continue  # it is gone since
            except OSError as error:
                found = UnlistedFolder(path, describe_os_error(error))
            if found is not None:
                yield found

    def _list(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        full_path = self._root + b"/" + folder
        if self._follow and not self._enter(full_path):
            return []
        with os.scandir(full_path) as entries:
            return sorted(entries, key=lambda entry: entry.name)

    def _enter(self, full_path: bytes) -> bool:
        """Whether this folder is new, and no trash: links may lead to one, or around in circles."""
        if _TRASH in os.path.realpath(full_path).split(b"/"):
            return False
        state = os.stat(full_path)  # noqa: PTH116 - pathlib has no paths of bytes
        identity = state.st_dev, state.st_ino
        if identity in self._entered:
            return False
        self._entered.add(identity)
        return True

    def _look_at(self, entry: os.DirEntry[bytes], path: bytes) -> Finding | bytes | None:
        if entry.is_symlink() and not self._follow:
            return SkippedFile(path)
        if entry.is_dir(follow_symlinks=self._follow):
            return path if self._may_enter(entry.name, path) else None
        is_video = extension_of(entry.name) in VIDEO_EXTENSIONS
        if not is_video and not self._may_be_photo(entry):
            return SkippedFile(path)
        state = entry.stat(follow_symlinks=self._follow)
        if not stat.S_ISREG(state.st_mode):
            return SkippedFile(path)
        return FoundFile(
            path, state.st_size, state.st_mtime_ns, state.st_dev, state.st_ino, is_video
        )

    def _may_enter(self, name: bytes, path: bytes) -> bool:
        return not is_system_folder(name) and self._root + b"/" + path not in self._skip

    def _may_be_photo(self, entry: os.DirEntry[bytes]) -> bool:
        extension = extension_of(entry.name)
        if extension is not None:
            return extension in IMAGE_EXTENSIONS
        return entry.is_file(follow_symlinks=self._follow) and self._looks_like_photo(entry.path)

    def _looks_like_photo(self, full_path: bytes) -> bool:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | (0 if self._follow else os.O_NOFOLLOW)
        try:
            file = os.open(full_path, flags)
        except OSError:
            return False
        try:
            return is_photo(os.read(file, PREFIX_BYTES))
        except OSError:
            return False
        finally:
            os.close(file)

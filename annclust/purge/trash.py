"""Trash: where purged files lie until they are put back or thrown away.

``ROOT/.annclust-trash/FOLDER/path/below/root``: on the disk of the photos, so that a move copies
nothing, hidden, so that no scan of whatever collection finds it, and laid out as the root is, so
that a person can put everything back without annclust. One trash for all roots is
``DIR/.annclust-trash/FOLDER/root-1/path/below/root``.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from annclust.errors import TrashError
from annclust.images.discovery import TRASH
from annclust.storage.records import PurgedFile, PurgeRecord, Root

_TOKEN_BYTES: Final = 4

_COLLECTION_SUFFIX: Final = ".annclust"


def new_folder_name() -> str:
    """A name for the folder of a new purge, which no other purge has, of whatever collection."""
    return f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(_TOKEN_BYTES)}"


@dataclass(frozen=True, slots=True)
class Trash:
    """Where the files of one purge go.

    Parameters
    ----------
    folder : str
        Name of the purge's folder.
    elsewhere : Path or None
        Absolute path of the folder with one trash for all roots; each root's own if None.
    """

    folder: str
    elsewhere: Path | None = None

    @classmethod
    def of(cls, purge: PurgeRecord) -> Trash:
        """That of a purge that began."""
        return cls(purge.folder, None if purge.trash is None else Path(os.fsdecode(purge.trash)))

    @property
    def token(self) -> str:
        """What names unfinished copies of this purge."""
        return self.folder.rpartition("-")[2]

    def top_of(self, root: Root) -> Path:
        """The trash that files of a root go to."""
        return self.home_of(root) / TRASH

    def home_of(self, root: Root) -> Path:
        """The folder that holds the trash, and is there without it."""
        return self.elsewhere or root.folder

    def folder_of(self, root: Root) -> Path:
        """The folder of this purge that files of a root go to."""
        return self.top_of(root) / self.folder

    def place_of(self, file: PurgedFile) -> Path:
        """Where a file lies in the trash."""
        below = [] if self.elsewhere is None else [f"root-{file.root.id}"]
        return Path(self.folder_of(file.root), *below, os.fsdecode(file.path))


def check_trash(trash: Trash, roots: Iterable[Root], *, every_root: Iterable[Root]) -> None:
    """See to it that a trash is no place of photos.

    Parameters
    ----------
    trash : Trash
    roots : iterable of Root
        Whose files are to be moved.
    every_root : iterable of Root
        All folders of photos.

    Raises
    ------
    TrashError
        If it is one with a folder of photos, holds one, or lies in one.
    """
    if trash.elsewhere is not None:
        _require_place(trash.elsewhere, [root.folder for root in every_root if not root.is_remote])
    for top in {trash.top_of(root) for root in roots}:
        with suppress(FileNotFoundError):
            _require_folder(top)


def _require_place(elsewhere: Path, folders: Iterable[Path]) -> None:
    """Refuse a folder for the trash that is one with photos, is a collection, or is not there.

    It is not made: a mistyped name, or a disk that is not plugged in, would be a folder elsewhere.
    """
    if any(part.endswith(_COLLECTION_SUFFIX) for part in elsewhere.parts):
        raise TrashError(elsewhere, reason="it lies in a collection")
    try:
        _require_folder(elsewhere)
    except FileNotFoundError:
        missing = True
    else:
        missing = False
    for folder in folders:
        _require_apart(elsewhere, folder)
    if missing:
        raise TrashError(elsewhere, reason="there is no such folder")


def _require_folder(top: Path) -> None:
    """Refuse a link: what it leads to may be anywhere, and may change."""
    try:
        found = top.lstat()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TrashError(top, reason=error.strerror or str(error)) from error
    if not stat.S_ISDIR(found.st_mode):
        what = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
        raise TrashError(top, reason=f"it is {what}")


def _require_apart(top: Path, folder: Path) -> None:
    resolved, photos = top.resolve(), folder.resolve()
    if resolved == photos or _is_one(resolved, photos):
        raise TrashError(top, reason=f"it is the folder of photos {folder}")
    if resolved in photos.parents:
        raise TrashError(top, reason=f"the photos of {folder} lie in it")
    below = resolved.relative_to(photos).parts if photos in resolved.parents else None
    if below is not None and not any(part.startswith(".") for part in below):
        raise TrashError(top, reason=f"it lies among the photos of {folder}")


def _is_one(one: Path, other: Path) -> bool:
    """Whether two paths are of one folder, as where one is mounted at the other."""
    try:
        return one.samefile(other)
    except OSError:
        return False

"""Reach: whether what a purge moved, and where it came from, can be seen at the moment.

A disk that is not plugged in looks like files that are gone. Before anybody says of a file that it
is gone, or makes a folder for it, the folders that hold the photos and the trash have to be there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from annclust.images.content import describe_os_error
from annclust.pipeline.roots import check_root
from annclust.purge.trash import Trash
from annclust.storage.records import PurgedFile, Root


class Reach:
    """Looks once at each root, and at what the trash has of it; at each file anew.

    Parameters
    ----------
    trash : Trash
    """

    def __init__(self, trash: Trash) -> None:
        self._trash = trash
        self._away: dict[int, str | None] = {}
        self._trash_is_there: dict[int, bool] = {}

    def away(self, file: PurgedFile) -> str | None:
        """Why it cannot be told where a file is; None if a look at the disk tells."""
        root = file.root
        if root.id not in self._away:
            self._away[root.id] = _folder_away(root)
            self._trash_is_there[root.id] = self._trash.folder_of(root).is_dir()
        if self._away[root.id] is None and not self._trash_is_there[root.id]:
            folder = self._trash.folder_of(root)
            return f"its trash {folder} is not there: is a disk not plugged in?"
        return self._away[root.id] or _hidden(self._trash.place_of(file), file.full_path)

    def parted(self, asset: Sequence[PurgedFile]) -> str | None:
        """Why it cannot be told where an asset is that was to be moved; None if that can be told.

        One that is in its place as a whole was not moved, whatever became of the trash.
        """
        if all(os.path.lexists(file.full_path) for file in asset):
            return None
        return next((why for file in asset if (why := self.away(file))), None)


def _hidden(*paths: Path) -> str | None:
    """Why it cannot be seen whether something is at some paths."""
    for path in paths:
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{path} cannot be looked at: {describe_os_error(error)}"
    return None


def _folder_away(root: Root) -> str | None:
    check = check_root(root)
    if check.problem is None and check.is_on_another_device and not _entries(root):
        return "its folder is offline: the folder is empty"
    return None if check.problem is None else f"its folder is offline: {check.problem}"


def _entries(root: Root) -> bool:
    """Whether there is anything in a folder of photos; a place to mount a disk at is empty."""
    with os.scandir(root.folder) as entries:
        return any(True for _ in entries)

"""Folder locks: one purge at a time moves photos of a folder, of whatever collection.

Two collections may know one folder, or one in the other. Two purges at once could each keep what
the other one moves; reading the one that stays right before each move cannot see that.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from annclust.errors import FolderBusyError
from annclust.storage.records import Root


@contextmanager
def purging_alone(roots: Iterable[Root]) -> Iterator[None]:
    """Hold folders, so that no other purge moves what is in them, or in a folder around them.

    Each folder is held alone, those around it together with whoever holds another one in them.
    Where a file system has no locks, nothing is held.

    Raises
    ------
    FolderBusyError
        If somebody else holds one.
    """
    alone = {root.folder for root in roots if not root.is_remote}
    around = {folder for each in alone for folder in each.parents} - alone
    with ExitStack() as held:
        for folder in sorted(alone | around):
            _hold(held, folder, fcntl.LOCK_EX if folder in alone else fcntl.LOCK_SH)
        yield


def _hold(held: ExitStack, folder: Path, kind: int) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return  # one that cannot be opened is told of where it matters
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderBusyError(folder) from error
    except OSError:
        return

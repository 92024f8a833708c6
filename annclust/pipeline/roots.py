"""Roots: which folders a scan visits, and whether what it sees there can be believed.

A folder that is missing or empty, or from which a large part vanished, more likely is not mounted
than emptied by a person: its photos are kept until somebody says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annclust.errors import PhotosNotFoundError
from annclust.storage.records import Root

_BELIEVABLE_LOSS = 0.2
"""Largest share of a root's photos whose disappearance is taken for granted."""


@dataclass(frozen=True, slots=True)
class RootCheck:
    """What can be said about a root before it is walked."""

    root: Root
    device: int | None
    problem: str | None

    @property
    def lost(self) -> bool:
        """Whether the folder is not there."""
        return self.problem is not None


def check_root(root: Root) -> RootCheck:
    """Look whether a root's folder is there."""
    try:
        folder = os.open(root.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            device = os.fstat(folder).st_dev
        finally:
            os.close(folder)
    except NotADirectoryError:
        return RootCheck(root, None, "it is no folder any more")
    except FileNotFoundError:
        return RootCheck(root, None, "the folder is not there")
    except OSError as error:
        return RootCheck(root, None, f"the folder cannot be read ({error.strerror})")
    return RootCheck(root, device, None)


def disbelief(check: RootCheck, *, known: int, found: int, vanished: int) -> str | None:
    """Why the disappearance of `vanished` of `known` photos is not believed; None if it is.

    Parameters
    ----------
    check : RootCheck
    known : int
        Photos that the collection held under the root.
    found : int
        Candidate files that were found there.
    vanished : int
        Known photos that were found nowhere.
    """
    if not vanished:
        return None
    if not found:
        return "the folder is empty"
    if check.root.device not in (None, check.device):
        return f"the folder lies on another device, and {vanished} of its {known} photos are gone"
    if vanished > _BELIEVABLE_LOSS * known:
        return f"{vanished} of its {known} photos are gone"
    return None


def resolve_folder(path: Path) -> bytes:
    """Absolute path of a folder of photos, without links.

    Raises
    ------
    PhotosNotFoundError
        If it is missing or not a folder.
    """
    expanded = path.expanduser()
    if not expanded.exists():
        raise PhotosNotFoundError(path, reason="there is no such folder")
    if not expanded.is_dir():
        raise PhotosNotFoundError(path, reason="this is a file, not a folder")
    return os.fsencode(expanded.resolve())


def inside(path: bytes, folder: bytes) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def covering(path: bytes, known: Sequence[Root]) -> Root | None:
    """The known root in which a folder lies, the innermost one."""
    holders = [root for root in known if inside(path, root.path)]
    return max(holders, key=lambda root: len(root.path), default=None)

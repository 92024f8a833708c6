"""Roots: which folders a scan visits, and whether what it sees there can be believed.

A folder that is missing or empty, or from which a large part vanished, more likely is not mounted
than emptied by a person: its photos are kept until somebody says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annclust.choices import path_of
from annclust.errors import PhotosAwayError, PhotosNotFoundError
from annclust.images.discovery import TRASH
from annclust.storage.records import Root
from annclust.url_path import UrlPath, is_url

_BELIEVABLE_LOSS = 0.2
"""Largest share of a root's photos whose disappearance is taken for granted."""


@dataclass(frozen=True, slots=True)
class RootCheck:
    """What can be said about a root without walking it.

    Parameters
    ----------
    root : Root
    device : int or None
        Number of the device it lies on; None if it cannot be read.
    problem : str or None
        Why it cannot be read.
    gone : bool
        Whether there is no such folder any more.
    """

    root: Root
    device: int | None
    problem: str | None
    gone: bool = False

    @property
    def lost(self) -> bool:
        """Whether the folder cannot be read."""
        return self.problem is not None

    @property
    def is_on_another_device(self) -> bool:
        """Whether something else is mounted there than before."""
        return self.device is not None and self.root.device not in (None, self.device)

    @property
    def may_be_another_disk(self) -> bool:
        """Whether its folder may be that of another disk: it has another number, or was away."""
        return self.is_on_another_device or self.root.offline is not None


def check_root(root: Root) -> RootCheck:
    """Look whether a root's folder is there; that of a URL, by asking its server."""
    if root.is_remote:
        return _check_remote(root)
    try:
        folder = os.open(root.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            device = os.fstat(folder).st_dev
        finally:
            os.close(folder)
    except NotADirectoryError:
        return RootCheck(root, None, "it is no folder any more", gone=True)
    except FileNotFoundError:
        return RootCheck(root, None, "the folder is not there", gone=True)
    except OSError as error:
        return RootCheck(root, None, f"the folder cannot be read ({error.strerror})")
    return RootCheck(root, device, None)


def _check_remote(root: Root) -> RootCheck:
    from annclust.images.remote_files import RemoteError, look_at

    try:
        found = look_at(root.path)
    except RemoteError as error:
        reason = "the folder is not there" if error.gone else error.reason
        return RootCheck(root, None, reason, gone=error.gone)
    problem = None if found.is_folder else "an object of its name hides the folder"
    return RootCheck(root, None, problem)


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
    missing = f"{vanished} of its {known} photos are not there"
    if check.is_on_another_device:
        return f"the folder lies on another device, and {missing}"
    if vanished > _BELIEVABLE_LOSS * known:
        return missing
    return None


def resolve_folder(path: Path) -> bytes:
    """Absolute path of a folder of photos, without links; or its URL.

    Raises
    ------
    PhotosNotFoundError
        If it is missing, not a folder, or in a trash.
    PhotosAwayError
        If the server of a URL cannot be asked, or says no.
    """
    expanded = path_of(path)
    if isinstance(expanded, UrlPath):
        return _resolve_url(expanded)
    if not expanded.exists():
        raise PhotosNotFoundError(path, reason="there is no such folder")
    if not expanded.is_dir():
        raise PhotosNotFoundError(path, reason="this is a file, not a folder")
    resolved = expanded.resolve()
    if TRASH in resolved.parts:
        raise PhotosNotFoundError(path, reason="this is a trash of purged photos")
    return os.fsencode(resolved)


def _resolve_url(path: UrlPath) -> bytes:
    from annclust.images.remote_files import RemoteError, look_at

    if ".." in path.parts:
        raise PhotosNotFoundError(path, reason="there is no way up in a URL")
    if TRASH in path.parts:
        raise PhotosNotFoundError(path, reason="this is a trash of purged photos")
    url = os.fsencode(path)
    try:
        found = look_at(url)
    except RemoteError as error:
        if error.gone:
            raise PhotosNotFoundError(path, reason="there is no such folder") from error
        raise PhotosAwayError(path, reason=error.reason) from error
    if not found.is_folder:
        raise PhotosNotFoundError(path, reason="this is a file, not a folder")
    return url


def inside(path: bytes, folder: bytes) -> bool:
    """Whether `path` is `folder` or lies in it; everything lies in the folder ``b""``."""
    return not folder or path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def covering(path: bytes, known: Sequence[Root]) -> Root | None:
    """The known root in which a folder lies, the innermost one.

    Folders are compared by what they are, not by how they are called: a link, or another mount of
    the same folder, leads to the same one. URLs are compared by their text.
    """
    if is_url(path):
        around = [root for root in known if root.is_remote and inside(path, root.path)]
        return max(around, key=lambda root: len(root.path), default=None)
    roots = {_identity(root.path): root for root in reversed(known) if not root.is_remote}
    roots.pop(None, None)
    while True:
        found = roots.get(_identity(path))
        if found is not None or path == b"/":
            return found
        path = os.path.dirname(path)  # noqa: PTH120 - pathlib has no paths of bytes


def _identity(folder: bytes) -> tuple[int, int] | None:
    try:
        state = os.stat(folder)  # noqa: PTH116 - pathlib has no paths of bytes
    except OSError:
        return None
    return state.st_dev, state.st_ino


def nested(root: Root, others: Iterable[Root]) -> dict[int, bytes]:
    """Other roots inside a root: their root-relative paths, by id."""
    real = _real(root).rstrip(b"/") + b"/"
    reals = {other.id: _real(other) for other in others if other.id != root.id}
    return {
        number: path.removeprefix(real) for number, path in reals.items() if path.startswith(real)
    }


def _real(root: Root) -> bytes:
    return root.path if root.is_remote else os.path.realpath(root.path)

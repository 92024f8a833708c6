"""Content: the bytes of one file, read once, and the digest that tells them from any other.

Stands between discovery and decoding. Only here are photos opened; those
behind URLs by :mod:`remote_files`.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from annclust.url_path import is_url


class UnreadableFileError(Exception):
    """The bytes of a file cannot be had.

    Parameters
    ----------
    reason : str
        A few words without a full stop, to be shown beside the file's name.
    retry : bool
        Whether the cause lies outside the file, so that it may be readable another time.
    """

    def __init__(self, reason: str, *, retry: bool) -> None:
        self.reason, self.retry = reason, retry
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, and its state while that was read.

    Parameters
    ----------
    data : bytes
        All of it.
    modified_ns : int
        Time of change in nanoseconds.
    """

    data: bytes
    modified_ns: int

    def digest(self) -> bytes:
        """BLAKE3 of the bytes (32 bytes): equal contents have equal digests."""
        return blake3(self.data).digest()


def read_content(path: bytes, *, max_bytes: int, follow_symlinks: bool = False) -> Content:
    """Read a whole file, if it is an ordinary one that nobody writes meanwhile, or an object.

    Named pipes, devices and, unless asked for, links are never waited for nor read.

    Parameters
    ----------
    path : bytes
        Path or URL.
    max_bytes : int
        Larger files are refused.
    follow_symlinks : bool
        Whether `path` may be a symbolic link. Links in its folders are always followed.

    Raises
    ------
    UnreadableFileError
    """
    if is_url(path):
        return _read_remote(path, max_bytes)
    try:
        file = os.open(path, _OPEN_FLAGS | (0 if follow_symlinks else os.O_NOFOLLOW))
    except OSError as error:
        raise UnreadableFileError(describe_os_error(error), retry=True) from error
    try:
        return _read_open_file(file, max_bytes)
    except OSError as error:
        raise UnreadableFileError(describe_os_error(error), retry=True) from error
    finally:
        os.close(file)


def _read_remote(url: bytes, max_bytes: int) -> Content:
    from annclust.images.remote_files import RemoteError, read_object

    try:
        return Content(*read_object(url, max_bytes=max_bytes))
    except RemoteError as error:
        reason = VANISHED if error.gone else error.reason
        raise UnreadableFileError(reason, retry=error.retry) from error


_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def _read_open_file(file: int, max_bytes: int) -> Content:
    before = os.fstat(file)
    if not stat.S_ISREG(before.st_mode):
        raise UnreadableFileError("not an ordinary file", retry=True)
    if before.st_size > max_bytes:
        excess = f"{before.st_size / 1e6:.0f} MB are more than the limit of {max_bytes / 1e6:.0f}"
        raise UnreadableFileError(excess, retry=False)
    with os.fdopen(file, "rb", buffering=0, closefd=False) as stream:
        data = stream.readall()
    after = os.fstat(file)
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not unchanged or len(data) != after.st_size:
        raise UnreadableFileError("it changed while it was read", retry=True)
    return Content(data, after.st_mtime_ns)


VANISHED: Final = "it vanished"
"""The reason against a file that is not there."""

_REASONS = {
    errno.ENOENT: VANISHED,
    errno.ENOTDIR: VANISHED,  # with its folder, in whose place is a file now
    errno.ELOOP: "it is a symbolic link",
    errno.ENXIO: "not an ordinary file",
    errno.ENAMETOOLONG: "its path is too long",
}


def describe_os_error(error: OSError) -> str:
    """Say in a few words why the system refused to open, read or list something."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return reason[:1].lower() + reason[1:]

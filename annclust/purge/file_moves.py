"""File moves: files are moved so that nothing is overwritten, and nothing is lost in a crash.

The only place that knows renameat2. A move within one file system is one rename; between two it is
a copy that is read back and compared before the first one goes. Whoever calls keeps a journal.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from blake3 import blake3

from annclust.storage.durable import sync_directory
from annclust.storage.layout import UNFINISHED

_READ_SIZE: Final = 1 << 20
_AT_CWD: Final = -100
_NO_REPLACE: Final = 1  # RENAME_NOREPLACE

_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""What file systems (NFS, some of FUSE) answer that cannot rename without replacing."""

_CHANGED_MEANWHILE: Final = "it changed while it was moved"

_NAME_BYTES: Final = 8

PRIVATE: Final = 0o700
"""Mode of folders of a trash: what lay in a folder that others cannot enter still does."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is found on the disk.

    Parameters
    ----------
    digest : bytes
        BLAKE3 of its content.
    size, modified_ns : int
    device, inode : int
        Equal for two names of one file.
    """

    digest: bytes
    size: int
    modified_ns: int
    device: int
    inode: int

    def is_one_with(self, other: Seen) -> bool:
        """Whether both are names of one file."""
        return (self.device, self.inode) == (other.device, other.inode)


def look_at(path: Path) -> Seen:
    """Read a file whole.

    Its time of access stays as it was, where the system allows that.

    Raises
    ------
    OSError
        If it is not there, no ordinary file, a link, or changes meanwhile.
    """
    descriptor = _open(path)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
        digest = blake3()
        while part := os.read(descriptor, _READ_SIZE):
            digest.update(part)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if _state(before) != _state(after):
        raise OSError(errno.EBUSY, "it changed while it was read", str(path))
    return Seen(digest.digest(), after.st_size, after.st_mtime_ns, after.st_dev, after.st_ino)


def _open(path: Path) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:  # only the owner may
        return os.open(path, flags)


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def copy_beside(target: Path, token: str) -> Path:
    """Where a copy is written before it is a whole file; nobody else has such a name.

    As long whatever the name of the file: that may be as long as names can be.
    """
    own = blake3(os.fsencode(target.name)).hexdigest(_NAME_BYTES)
    return target.with_name(f".{own}.{token}{UNFINISHED}")


def move(source: Path, target: Path, *, token: str | None = None, seen: Seen | None = None) -> None:
    """Move a file to where nothing is; durable when the call returns.

    Parameters
    ----------
    source, target : Path
        The folder of `target` is there.
    token : str or None
        Names the copy if the two lie on different file systems; None forbids that.
    seen : Seen or None
        What is to be moved, as it was looked at before.

    Raises
    ------
    FileExistsError
        If something is at `target`; it stays as it is.
    OSError
        If the system refuses, with errno EXDEV if it would take a copy and that is not allowed; or
        if what is at `target` now is not what was seen.
    """
    try:
        _place(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV or token is None:
            raise
        _copy_and_unlink(source, target, copy_beside(target, token), seen)
        return
    sync_directory(target.parent)
    sync_directory(source.parent)
    if seen is not None and not _is_as_seen(target, seen):
        raise OSError(errno.EBUSY, _CHANGED_MEANWHILE, str(source))


def _is_as_seen(path: Path, seen: Seen) -> bool:
    """Whether a file is the one that was looked at, as far as it shows without a second look."""
    found = path.lstat()
    now = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return now == (seen.device, seen.inode, seen.size, seen.modified_ns)


def _place(source: Path, target: Path) -> None:
    """Give a file another name on its file system, where nothing is."""
    try:
        _rename(source, target)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _link_and_unlink(source, target)


def _rename(source: Path, target: Path) -> None:
    """Rename, but never in the place of something (Linux, renameat2(2))."""
    paths = os.fsencode(source), os.fsencode(target)
    if _libc().renameat2(_AT_CWD, paths[0], _AT_CWD, paths[1], _NO_REPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.renameat2.argtypes = [
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    ]
    return libc


def _link_and_unlink(source: Path, target: Path) -> None:
    """Move by a second name, which never takes the place of anything either."""
    os.link(source, target, follow_symlinks=False)
    sync_directory(target.parent)
    source.unlink()


def _copy_and_unlink(source: Path, target: Path, copy: Path, seen: Seen | None) -> None:
    before = look_at(source)
    if seen is not None and before != seen:
        raise OSError(errno.EBUSY, _CHANGED_MEANWHILE, str(source))
    try:
        with source.open("rb") as there, copy.open("xb") as here:
            shutil.copyfileobj(there, here, _READ_SIZE)
            here.flush()
            os.fsync(here.fileno())
        _copy_owner(source, copy)
        shutil.copystat(source, copy, follow_symlinks=False)
        _sync(copy)
        if look_at(copy).digest != before.digest:
            raise OSError(errno.EIO, "the copy is not like the file", str(source))
        _place(copy, target)
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise
    sync_directory(target.parent)
    if look_at(source) != before:
        target.unlink()
        raise OSError(errno.EBUSY, _CHANGED_MEANWHILE, str(source))
    source.unlink()
    sync_directory(source.parent)


def _copy_owner(source: Path, copy: Path) -> None:
    found = source.lstat()
    with suppress(PermissionError):  # only root gives files to others
        os.chown(copy, found.st_uid, found.st_gid, follow_symlinks=False)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_time(path: Path, modified_ns: int) -> None:
    """Give a file the time of change that it had, if it has another one.

    Disks that photos were copied to may not keep times as exactly. Raises OSError.
    """
    found = path.lstat()
    if found.st_mtime_ns != modified_ns:
        os.utime(path, ns=(found.st_atime_ns, modified_ns), follow_symlinks=False)
        _sync(path)


def make_folders(folder: Path, *, mode: int = 0o777) -> None:
    """Make a folder, and those above it, that are not there; durable when the call returns.

    Raises OSError.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode, exist_ok=True)
        sync_directory(each.parent)


def remove_empty_folders(folder: Path, *, up_to: Path) -> None:
    """Remove a folder and those above it, below `up_to`, as far as nothing is in them."""
    while folder != up_to and up_to in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent

"""Durable writes: what is written here is on the disk when the call returns.

The only place that knows fsync, rename and the errors of a full or failing disk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import xxhash

from annclust.errors import CollectionDamagedError, CollectionError, StorageError
from annclust.storage.layout import UNFINISHED

_READ_SIZE = 1 << 22

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "the disk reports an input/output error",
    errno.EFBIG: "the file grew past the limit for file sizes",
}

_SQLITE_REASONS = {
    apsw.SQLITE_FULL: "the disk is full",
    apsw.SQLITE_READONLY: "the disk or the file is read-only",
    apsw.SQLITE_IOERR: "the disk reports an input/output error (is it full?)",
    apsw.SQLITE_CANTOPEN: "the file cannot be opened",
    apsw.SQLITE_BUSY: "the file is busy: another process holds it",
}

_DAMAGE = {
    apsw.SQLITE_IOERR_DATA: "a page is not as it was written",
    apsw.SQLITE_CORRUPT: "SQLite finds it malformed",
    apsw.SQLITE_NOTADB: "it is not a database",
}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of the system and of SQLite into `CollectionError`s about `path`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise StorageError(path, reason=reason) from error
    except (apsw.ConnectionClosedError, apsw.BindingsError):
        raise  # a mistake in a program
    except apsw.Error as error:
        raise _told(error, path) from error


def _told(error: apsw.Error, path: Path) -> CollectionError:
    extended = getattr(error, "extendedresult", 0)
    primary = extended & 0xFF
    damage = _DAMAGE.get(extended) or _DAMAGE.get(primary)
    if damage is not None:
        return CollectionDamagedError(path, reason=damage)
    return StorageError(path, reason=_SQLITE_REASONS.get(primary, str(error)))


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_at(descriptor: int, content: memoryview, offset: int) -> None:
    """Write all bytes of `content` at `offset`, however often the system writes only a part."""
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def read_at(descriptor: int, into: memoryview, offset: int) -> None:
    """Fill all of `into` from `offset`; OSError also if the file ends before."""
    while into:
        got = os.preadv(descriptor, [into], offset)
        if not got:
            raise OSError(errno.EIO, "the file ends too early")
        into, offset = into[got:], offset + got


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """Yield a path to write beside `path`; on leaving it becomes `path`, whole and durable.

    If the block raises, nothing is left behind and `path` is as it was.
    """
    beside = path.with_name(path.name + UNFINISHED)
    try:
        yield beside
        descriptor = os.open(beside, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def remove_file(path: Path) -> None:
    """Remove a file that nothing lists any more, if it is there.

    A directory of its name is nobody's work of ours, so it stays; it is in the way of nothing, as
    no name of a file is used twice.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)


def file_digest(path: Path) -> bytes:
    """XXH3 (128 bits) of a file's content: 16 bytes."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while part := file.read(_READ_SIZE):
            digest.update(part)
    return digest.digest()

"""Durable writes: what is written here is on the disk when the call returns.

The only place that knows fsync, rename and the errors of a full or failing disk.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xxhash

from annclust.errors import CollectionDamagedError, StorageError
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
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the disk or the file is read-only",
    sqlite3.SQLITE_IOERR: "the disk reports an input/output error (is it full?)",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_BUSY: "the file is busy: another process holds it",
}

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT: "SQLite finds it malformed",
    sqlite3.SQLITE_NOTADB: "it is not a database",
}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of the system and of SQLite into `CollectionError`s about `path`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise StorageError(path, reason=reason) from error
    except sqlite3.ProgrammingError:
        raise  # a mistake in a program, like reading after closing
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _DAMAGE:
            raise CollectionDamagedError(path, reason=_DAMAGE[primary]) from error
        raise StorageError(path, reason=_SQLITE_REASONS.get(primary, str(error))) from error


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


def file_digest(path: Path) -> bytes:
    """XXH3 (128 bits) of a file's content: 16 bytes."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while part := file.read(_READ_SIZE):
            digest.update(part)
    return digest.digest()

"""Checked SQLite: connections that give every page a checksum when they write it.

SQLite itself believes whatever the disk gives back. Its checksum VFS (``cksumvfs``, part of its own
sources, shipped with APSW) keeps 8 bytes at the end of each page for a checksum, and a page that is
not as it was written is an error as soon as it is read.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from urllib.parse import quote

import apsw
import apsw.sqlite_extra

_EXTENSION, _VFS = "cksumvfs", "cksmvfs"
_RESERVED = 8
"""Bytes of a page that the checksum needs."""
_BUSY_TIMEOUT_MS = 10_000


@cache
def _checksum_vfs() -> str:
    """Name of the checksum VFS, which is registered once for the process."""
    with apsw.Connection(":memory:") as loader:
        apsw.sqlite_extra.load(loader, _EXTENSION)
    loader.close()
    return _VFS


def open_to_read(path: Path) -> apsw.Connection:
    """Open a database that exists, for reading.

    SQLite shares its log through a file beside (``-shm``), which it must be able to make. Where it
    cannot, and no log is pending, the file is taken as it is at this moment (`immutable`): on a
    read-only disk it never changes; elsewhere a reader that stays must open it again.

    Raises
    ------
    OSError, apsw.Error
        If the system or SQLite refuses.
    """
    read_only_disk = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    shared = path.with_name(f"{path.name}-shm")
    closed_to_us = not os.access(path.parent, os.W_OK) and not shared.exists()
    frozen = (read_only_disk or closed_to_us) and not _log_is_pending(path)
    uri = f"file:{quote(os.fsencode(path))}?mode=ro{'&immutable=1' if frozen else ''}"
    return _open(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def open_to_write(path: Path) -> apsw.Connection:
    """Open or make a database; what is committed is on the disk.

    Raises
    ------
    apsw.Error
        If SQLite refuses.
    """
    uri = f"file:{quote(os.fsencode(path))}"
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
    db = _open(uri, flags)
    try:
        db.reserve_bytes(reserve=_RESERVED)  # of a new database; an old one needs a VACUUM
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        keep_pages(db)
    except BaseException:
        db.close()
        raise
    return db


def _open(uri: str, flags: int) -> apsw.Connection:
    db = apsw.Connection(uri, flags=flags, vfs=_checksum_vfs())
    db.set_busy_timeout(_BUSY_TIMEOUT_MS)
    return db


def _log_is_pending(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:  # the last one to close it takes it away
        return False


def is_whole(db: apsw.Connection, path: Path) -> bool:
    """Whether the file is as long as it says, and its pages are verified when they are read.

    (Of a page that is cut, no checksum would be compared.) While a log is pending, or somebody
    writes, the file may say anything, but it does not end within a page.
    """

    def look() -> tuple[bool, int]:
        return _log_is_pending(path), path.stat().st_size

    pending, length = before = look()
    (pages,), (size,) = (next(db.execute(f"PRAGMA page_{what}")) for what in ("count", "size"))
    if pending or look() != before:
        return bool(length % size == 0)
    return bool(length == pages * size and verifies_pages(db))


def keep_pages(db: apsw.Connection) -> None:
    """Keep up to 32 MB of pages in memory, whose checksums need not be computed again then."""
    db.execute("PRAGMA cache_size = -32768")


def verifies_pages(db: apsw.Connection) -> bool:
    """Whether the pages of the database have checksums, so that damage cannot pass unnoticed."""
    return bool(next(db.execute("PRAGMA checksum_verification"))[0] == "1")

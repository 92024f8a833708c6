"""A disk that cannot read some places of a file any more."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

HEADER_SIZE = 64


class FailingDisk:
    """Fails where some rows of a vector file lie, as long as `monkeypatch` lets it.

    Parameters
    ----------
    monkeypatch : MonkeyPatch
    file : Path
        The vector file; others are sound.
    row_size : int
        Bytes.
    rows : iterable of int
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, file: Path, row_size: int, *rows: int
    ) -> None:
        self._inode = file.stat().st_ino
        self._places = {HEADER_SIZE + row * row_size for row in rows}
        self._read = os.preadv
        monkeypatch.setattr(os, "preadv", self.preadv)

    def preadv(self, descriptor: int, into: list[memoryview], offset: int) -> int:
        """Read, or fail."""
        end = offset + into[0].nbytes
        touched = any(offset <= place < end for place in self._places)
        if touched and os.fstat(descriptor).st_ino == self._inode:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self._read(descriptor, into, offset)

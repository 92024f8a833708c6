"""The vector file: unit rows in float16 behind a small header, only ever appended to.

How many of its rows count is what the catalog says; bytes past them mean nothing.
"""

from __future__ import annotations

import mmap
import os
import shutil
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from weakref import finalize

import numpy as np
import xxhash

from annclust.arrays import Nodes, StoredVectors, Vectors, unit_rows
from annclust.errors import CollectionDamagedError
from annclust.storage.durable import read_at, storage_errors, sync_directory, write_at
from annclust.storage.layout import is_vector_file

_MAGIC = b"ANNCVEC1"
_HEADER = struct.Struct("<8sQ48x")
HEADER_SIZE = _HEADER.size
_ITEM = np.dtype("<f2").itemsize
_CLOSED = -1  # in the place of a descriptor
_MOST_MAPPED = 512 << 20
"""Bytes of vectors that are mapped before their pages are let go of."""

_AROUND = 32 << 10
"""Bytes that looking at one row maps, about: up to 64 KiB around it, which rows near it share."""

_TAKEN = 4_096
"""Rows taken at a time: up to 256 MB mapped."""


def row_checksum(row: StoredVectors) -> int:
    """XXH3 (64 bits, as SQLite's signed integer) of one row's bytes, shape (d,)."""
    return int.from_bytes(xxhash.xxh3_64_digest(np.ascontiguousarray(row).data), "big", signed=True)


def block_digest(rows: StoredVectors) -> bytes:
    """XXH3 (128 bits) of the bytes of several rows."""
    return xxhash.xxh3_128_digest(np.ascontiguousarray(rows).data)  # no copy: ten times as fast


def create(path: Path, dimension: int) -> None:
    """Make an empty vector file, durable with its name.

    Raises
    ------
    StorageError
        If the system refuses.
    """
    with storage_errors(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            write_at(descriptor, memoryview(_HEADER.pack(_MAGIC, dimension)), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(path.parent)


def salvage_rows(old: Path, new: Path, *, rows: int, dimension: int) -> None:
    """Make a vector file of `rows` rows out of what is left of another one, durable with its name.

    What is missing is zero, which is no vector's checksum.

    Raises
    ------
    StorageError
        If the system refuses; `old` is never touched.
    """
    create(new, dimension)
    with storage_errors(new), new.open("r+b") as target:
        if old.is_file():
            with old.open("rb") as source:
                source.seek(HEADER_SIZE)
                target.seek(HEADER_SIZE)
                shutil.copyfileobj(source, target)
        target.truncate(HEADER_SIZE + rows * dimension * _ITEM)
        target.flush()
        os.fsync(target.fileno())


def holds_rows(path: Path) -> bool:
    """Whether there is a vector file with anything behind its header."""
    return path.is_file() and path.stat().st_size > HEADER_SIZE


def holds_vectors(directory: Path) -> bool:
    """Whether there is a vector file with rows in a directory; an empty one is but begun."""
    return any(is_vector_file(e.name) and holds_rows(e) for e in directory.iterdir())


def rows_left(path: Path, dimension: int) -> int:
    """How many whole rows a vector file has, whatever is wrong with it; 0 if it is not there."""
    size = path.stat().st_size if path.is_file() else 0
    return max(0, size - HEADER_SIZE) // (dimension * _ITEM)


def _check_header(path: Path, dimension: int) -> None:
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
        raise CollectionDamagedError(path, reason="it is not a file")
    with path.open("rb") as file:
        header = file.read(HEADER_SIZE)
    if header != _HEADER.pack(_MAGIC, dimension):
        raise CollectionDamagedError(path, reason="its header is not that of its collection")


class MappedPages:
    """The pages of a mapped file, which count as memory of this process while they are mapped.

    Parameters
    ----------
    mapped : mmap
    """

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped, self._used = mapped, 0

    def used(self, size: int) -> None:
        """Note that so many bytes were mapped; let go of all pages now and then.

        They stay in the system's cache, and come back when they are looked at again. Several
        threads may count at once: a few bytes more or less make no difference.
        """
        self._used += size
        if self._used >= _MOST_MAPPED:
            self._used = 0
            self._mapped.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class VectorReader:
    """The first n rows of a vector file, mapped; a `VectorSource`.

    Rows come as float32, scaled to length 1 again, since float16 rounds.

    Parameters
    ----------
    stored : ndarray of shape (n, d), float16
        Where a disk fails, looking at it is the end of this process (SIGBUS): `read` goes before
        all that is made of vectors.
    descriptor : int
        Of the file; -1 if there are no rows.
    pages : MappedPages or None
        What `stored` is in memory.
    """

    stored: StoredVectors
    descriptor: int = _CLOSED
    pages: MappedPages | None = None

    @classmethod
    def open(cls, path: Path, *, rows: int, dimension: int) -> VectorReader:
        """Map `rows` rows.

        Raises
        ------
        CollectionDamagedError
            If the file has another header or fewer rows.
        StorageError
            If the system refuses.
        """
        with storage_errors(path):
            _check_header(path, dimension)
            size = path.stat().st_size
            if size < HEADER_SIZE + rows * dimension * _ITEM:
                raise CollectionDamagedError(path, reason=f"it is too short for {rows} vectors")
            if not rows:
                return cls(np.zeros((0, dimension), "<f2"))
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            values = np.frombuffer(mapped, "<f2", rows * dimension, HEADER_SIZE)
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            reader = cls(values.reshape(rows, dimension), descriptor, MappedPages(mapped))
            finalize(reader, os.close, descriptor)
            return reader

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        n, d = self.stored.shape
        return n, d

    def read(self, rows: Nodes) -> StoredVectors:
        """Rows as they are stored, in the order given; read, not mapped: shape (len(rows), d).

        Raises
        ------
        OSError
            If the disk fails.
        """
        found = np.empty((len(rows), self.stored.shape[1]), "<f2")
        # Rows that follow each other are read together.
        ends = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for start, end in zip([0, *ends[:-1]], ends, strict=True) if len(rows) else ():
            offset = HEADER_SIZE + int(rows[start]) * found[0].nbytes
            read_at(self.descriptor, found[start:end].data.cast("B"), offset)
        return found

    def __reduce__(self) -> tuple[type[VectorReader], tuple[StoredVectors]]:
        """Travel as the rows themselves: elsewhere there may be no such file."""
        return type(self), (self.stored,)

    def holds(self, row: int, vector: StoredVectors) -> bool:
        """Whether a row can be read and is that vector, shape (d,)."""
        try:
            return self.read(np.array([row])).tobytes() == vector.tobytes()
        except OSError:
            return False

    def block(self, first: int, last: int, /) -> Vectors:
        """Rows `first` up to, not including, `last`."""
        return self._unit_rows(self.stored[first:last], together=True)

    def take(self, rows: Nodes, /) -> Vectors:
        """The given rows, in the given order."""
        parts = range(0, max(len(rows), 1), _TAKEN)
        found = [self._unit_rows(self.stored[rows[a : a + _TAKEN]], together=False) for a in parts]
        return found[0] if len(found) == 1 else np.vstack(found)

    def part(self, rows: Nodes, /) -> VectorReader:
        """The given rows by themselves, as they are stored."""
        return VectorReader(self.stored[rows])

    def longest(self) -> float:
        """Length that none of them exceeds: they have length 1."""
        return 1.0

    def _unit_rows(self, rows: StoredVectors, *, together: bool) -> Vectors:
        found = unit_rows(rows)
        if self.pages is not None:
            self.pages.used(rows.nbytes if together else len(rows) * _AROUND)
        return found


class VectorAppender:
    """Appends rows to a vector file; the caller holds the writer lock.

    Parameters
    ----------
    path : Path
    rows : int
        Committed rows; what lies behind them was never acknowledged and is cut off.
    dimension : int

    Raises
    ------
    CollectionDamagedError
        If the file has another header or fewer rows than are committed.
    StorageError
        If the system refuses.
    """

    def __init__(self, path: Path, *, rows: int, dimension: int) -> None:
        self._path, self._row_size = path, dimension * _ITEM
        with storage_errors(path):
            _check_header(path, dimension)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            size, end = os.fstat(self._descriptor).st_size, self._offset(rows)
            if size > end:
                os.ftruncate(self._descriptor, end)
        if size < end:
            self.close()
            raise CollectionDamagedError(path, reason=f"it is too short for {rows} vectors")

    def _offset(self, row: int) -> int:
        return HEADER_SIZE + row * self._row_size

    def append(self, rows: StoredVectors, *, at: int) -> None:
        """Write `rows` from row `at` on and make them durable.

        On a full disk the file is as it was. Raises StorageError.
        """
        content = memoryview(np.ascontiguousarray(rows, "<f2").tobytes())
        with storage_errors(self._path):
            try:
                os.posix_fallocate(self._descriptor, self._offset(at), len(content))
                write_at(self._descriptor, content, self._offset(at))
            except OSError:
                os.ftruncate(self._descriptor, self._offset(at))
                raise
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file; appending is an error from now on."""
        descriptor, self._descriptor = self._descriptor, _CLOSED
        os.close(descriptor)

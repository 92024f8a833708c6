"""Compaction: a new vector file with the rows that photos still need, swapped in at one stroke.

Write order: new vector file → fsync → one catalog transaction, which drops tombstones, renumbers
rows and names the new file → the old file is unlinked. Interrupted before the transaction, the new
file means nothing; after it, the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from annclust.arrays import Nodes, StoredVectors, VectorRow
from annclust.errors import CollectionDamagedError
from annclust.storage.durable import storage_errors
from annclust.storage.records import Block
from annclust.storage.vector_file import (
    VectorAppender,
    VectorReader,
    block_digest,
    create,
    row_checksum,
)

_BLOCK = 4_096
"""Rows copied, and digested, at a time: 10 MB at 1,280 dimensions."""


Checksums = Callable[[int, int], dict[VectorRow, int]]
"""Gives the checksums of rows [first, last), as they were when the rows were written."""


def copy_rows(
    source: VectorReader, rows: Nodes, target: Path, checksums: Checksums
) -> Iterator[Block]:
    """Write some rows of a vector file to a new one, durably; yields its blocks.

    A damaged row is never copied: in the new file it would pass for sound.

    Parameters
    ----------
    source : VectorReader
    rows : ndarray of shape (m,), int64
        Ascending.
    target : Path
        Replaced if it is there: nobody can have been told of it.
    checksums : callable

    Raises
    ------
    CollectionDamagedError
        If a row is not as it was written.
    StorageError
        If the system refuses.
    """
    _, dimension = source.shape
    create(target, dimension)
    appender = VectorAppender(target, rows=0, dimension=dimension)
    try:
        for first in range(0, len(rows), _BLOCK):
            chosen = rows[first : first + _BLOCK]
            with storage_errors(target.parent):
                part = source.read(chosen)
            _require_sound(part, chosen, checksums, target.parent)
            appender.append(part, at=first)
            yield Block(first, len(part), block_digest(part))
    finally:
        appender.close()


def _require_sound(
    part: StoredVectors, rows: Nodes, checksums: Checksums, collection: Path
) -> None:
    written = checksums(int(rows[0]), int(rows[-1]) + 1)
    for row, vector in zip(rows.tolist(), part, strict=True):
        if row_checksum(vector) != written.get(VectorRow(row)):
            raise CollectionDamagedError(collection, reason=f"vector {row} is not as written")

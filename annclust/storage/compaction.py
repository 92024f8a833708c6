"""Compaction: a new vector file with the rows that photos still need, swapped in at one stroke.

Write order: new vector file → fsync → one catalog transaction, which drops tombstones, renumbers
rows and names the new file → the old file is unlinked. Interrupted before the transaction, the new
file means nothing; after it, the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annclust.arrays import Nodes
from annclust.storage.records import Block
from annclust.storage.vector_file import VectorAppender, VectorReader, block_digest, create

_BLOCK = 4_096
"""Rows copied, and digested, at a time: 10 MB at 1,280 dimensions."""


def copy_rows(source: VectorReader, rows: Nodes, target: Path) -> Iterator[Block]:
    """Write some rows of a vector file to a new one, durably; yields its blocks.

    Parameters
    ----------
    source : VectorReader
    rows : ndarray of shape (m,), int64
        Ascending.
    target : Path
        Replaced if it is there: nobody can have been told of it.

    Raises
    ------
    StorageError
        If the system refuses.
    """
    _, dimension = source.shape
    create(target, dimension)
    appender = VectorAppender(target, rows=0, dimension=dimension)
    try:
        for first in range(0, len(rows), _BLOCK):
            part = np.ascontiguousarray(source.stored[rows[first : first + _BLOCK]])
            appender.append(part, at=first)
            yield Block(first, len(part), block_digest(part))
    finally:
        appender.close()

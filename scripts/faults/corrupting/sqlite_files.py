"""SQLite files: what a catalog and its write-ahead log look like inside, page by page.

Read by hand (https://www.sqlite.org/fileformat2.html), as the library would not say which bytes it
makes no use of.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_LOG_HEADER = 32
_FRAME_HEADER = 24


@dataclass(frozen=True, slots=True)
class Frame:
    """One page in a log.

    Parameters
    ----------
    page : int
        Its number, from 1.
    end : int
        Where the frame ends in the file.
    commits : bool
        Whether a transaction ends with it.
    """

    page: int
    end: int
    commits: bool


def frames(log: bytes) -> Iterator[Frame]:
    """The frames of a sound log; what an earlier use of the file left behind them is left out."""
    if len(log) < _LOG_HEADER:
        return
    (page_size,), salts = struct.unpack_from(">I", log, 8), log[16:24]
    step = _FRAME_HEADER + page_size
    for start in range(_LOG_HEADER, len(log) - step + 1, step):
        page, pages = struct.unpack_from(">II", log, start)
        if log[start + 8 : start + 16] != salts:
            return
        yield Frame(page, start + step, commits=pages > 0)


def commit_ends(log: bytes) -> list[int]:
    """Lengths at which a log may be cut so that it ends with a commit; 0 is before the first."""
    return [0, *(frame.end for frame in frames(log) if frame.commits)]


def page_size(catalog: bytes) -> int:
    """Bytes of a page."""
    (size,) = struct.unpack_from(">H", catalog, 16)
    return 65_536 if size == 1 else int(size)


def pages(catalog: bytes) -> int:
    """How many pages a sound file has."""
    return len(catalog) // page_size(catalog)


def free_pages(catalog: bytes) -> set[int]:
    """Pages of a sound file that hold nothing and are overwritten before they are read.

    Not those that list the free ones.
    """
    size = page_size(catalog)
    (trunk,) = struct.unpack_from(">I", catalog, 32)
    found: set[int] = set()
    while trunk:
        start = (trunk - 1) * size
        trunk, leaves = struct.unpack_from(">II", catalog, start)
        found.update(struct.unpack_from(f">{leaves}I", catalog, start + 8))
    return found


def changed_pages(before: bytes, after: bytes) -> set[int]:
    """Numbers of the pages of a catalog that are not what they were; those that follow count."""
    size = page_size(before)
    starts = range(0, max(len(before), len(after)), size)
    return {
        start // size + 1
        for start in starts
        if before[start : start + size] != after[start : start + size]
    }

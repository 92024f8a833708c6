"""Unfinished work: parts of a derived file that is being made, kept for the run that goes on.

They are named by what they depend on and carry their digest; whatever else lies there means
nothing. Nothing is lost with them but time: they are not forced to the disk, and where the disk
refuses, work goes on without them.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import xxhash

from annclust.shelf import Part
from annclust.storage import layout
from annclust.storage.durable import remove_file

_DIGEST_SIZE = 16


class UnfinishedWork:
    """A `Shelf` in the directory of a collection; what is left of other work is dropped.

    Parameters
    ----------
    directory : Path
    basis : str
        What the work depends on. With another one its parts are worth nothing.
    """

    def __init__(self, directory: Path, basis: str) -> None:
        self._directory = directory
        self._key = xxhash.xxh3_64_hexdigest(basis.encode())
        own = self._prefix("")
        self._unlink(lambda name: layout.is_work_file(name) and not name.startswith(own))

    def _prefix(self, name: str) -> str:
        return layout.work_file(self._key, name).removesuffix(layout.WORK_SUFFIX)

    def _path(self, name: str) -> Path:
        return self._directory / layout.work_file(self._key, name)

    def get(self, name: str, /) -> Part | None:
        """A part as it was put; None if it is not there, or not whole."""
        try:
            content = self._path(name).read_bytes()
        except OSError:
            return None
        body, digest = content[:-_DIGEST_SIZE], content[-_DIGEST_SIZE:]
        if xxhash.xxh3_128_digest(body) != digest:
            return None
        part: Part = np.load(io.BytesIO(body), allow_pickle=False)
        return part

    def put(self, name: str, part: Part, /) -> None:
        """Keep a part."""
        path = self._path(name)
        body = io.BytesIO()
        np.save(body, part, allow_pickle=False)
        beside = path.with_name(path.name + layout.UNFINISHED)
        try:
            with beside.open("wb") as file:
                file.write(body.getbuffer())
                file.write(xxhash.xxh3_128_digest(body.getbuffer()))
            beside.rename(path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def clear(self, prefix: str = "", /) -> None:
        """Drop all parts whose names begin so."""
        start = self._prefix(prefix)
        self._unlink(lambda name: name.startswith(start))

    def _unlink(self, wanted: Callable[[str], bool]) -> None:
        with suppress(OSError):
            for path in self._directory.iterdir():
                if wanted(path.name):
                    remove_file(path)

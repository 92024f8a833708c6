"""Specimens: collections to be damaged, with the right answers (`growing` makes them)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corrupting.questions import Answers

from annclust.storage.layout import CATALOG, KINDS, WRITER_LOCK, is_vector_file

LOG, SHARED = f"{CATALOG}-wal", f"{CATALOG}-shm"

FileKind = Literal[
    "catalog",
    "log",
    "shared memory",
    "vectors",
    "index",
    "graph",
    "tree",
    "groups",
    "map",
    "lock",
    "other",
]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A collection on disk, to be copied and then damaged.

    Parameters
    ----------
    name : str
    folder : Path
        The collection.
    photos : tuple of Path
        Those that it is asked about.
    states : tuple of Answers
        Right answers after each commit that may be the last one; the last are those of the
        collection as it is.
    files : tuple of str
        Names of its files.
    current : frozenset of str
        Names of its derived files that are in use; the others are of an earlier generation.
    """

    name: str
    folder: Path
    photos: tuple[Path, ...]
    states: tuple[Answers, ...]
    files: tuple[str, ...]
    current: frozenset[str]

    def of_kind(self, kind: FileKind) -> list[str]:
        """Its files of a kind."""
        return [name for name in self.files if kind_of(name) == kind]


def kind_of(name: str) -> FileKind:
    """What a file of that name is for."""
    known: dict[str, FileKind] = {
        CATALOG: "catalog", LOG: "log", SHARED: "shared memory", WRITER_LOCK: "lock"
    }  # fmt: skip
    if is_vector_file(name):
        return "vectors"
    if name in known:
        return known[name]
    return next((kind for kind in KINDS if name.startswith(kind)), "other")

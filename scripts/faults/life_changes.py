"""Life changes: the kinds of change that the life of a collection is made of, as plain values.

Each is one transaction: it has happened, or it has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Photo:
    """A file, by its path below the root, and the number of its content."""

    path: str
    content: int


@dataclass(frozen=True, slots=True)
class Begin:
    """The collection is made."""


@dataclass(frozen=True, slots=True)
class Embed:
    """Contents come."""

    contents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Enter:
    """Photos come whose contents are known; one that was removed gets its id back."""

    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """At the end of a scan: photos are gone, others lie elsewhere; by their ids."""

    gone: tuple[int, ...]
    moved: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class BuildIndex:
    """The index is made anew if rows came."""


@dataclass(frozen=True, slots=True)
class BuildGraph:
    """The graph is made anew if other vectors are live."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The photos are clustered, and a tree is written."""


@dataclass(frozen=True, slots=True)
class Compact:
    """What no present photo needs is dropped."""


@dataclass(frozen=True, slots=True)
class Shrink:
    """The catalog gives space back; it says what it said before."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """The writer goes, and another one comes."""


Change: TypeAlias = (
    Begin | Embed | Enter | Settle | BuildIndex | BuildGraph | Cluster | Compact | Shrink | Reopen
)

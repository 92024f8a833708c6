"""Shelf: where long work puts its finished parts, so that a run that was stopped goes on.

Parts are only worth their time: whoever puts them there can make them again.
"""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

Part = NDArray[Any]


class Shelf(Protocol):
    """Keeps parts of one piece of work. Any class of this shape will do."""

    def get(self, name: str, /) -> Part | None:
        """A part as it was put; None if it is not there."""
        ...

    def put(self, name: str, part: Part, /) -> None:
        """Keep a part: an array of numbers."""
        ...

    def clear(self, prefix: str = "", /) -> None:
        """Drop all parts whose names begin so."""
        ...


class NoShelf:
    """Keeps nothing; the default everywhere in the library."""

    def get(self, name: str, /) -> Part | None:
        """Have nothing."""
        return None

    def put(self, name: str, part: Part, /) -> None:
        """Forget it."""

    def clear(self, prefix: str = "", /) -> None:
        """Have nothing to drop."""


NO_SHELF: Shelf = NoShelf()

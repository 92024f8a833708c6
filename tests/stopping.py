"""Progress that stops a run where it reports, and a shelf in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from annclust.progress import Stage, StoppedError
from annclust.shelf import Part


class StopAt:
    """Stops a run at its n-th report; counts reports."""

    def __init__(self, report: int) -> None:
        self._left, self.titles = report, list[str]()

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        self.titles.append(title)
        yield self

    def advance(self, steps: int = 1, /) -> None:
        self._left -= 1
        if self._left == 0:
            raise StoppedError

    def expect(self, total: int, /) -> None:
        pass


class DictShelf:
    """Keeps parts in memory."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}

    def get(self, name: str, /) -> Part | None:
        return self.parts.get(name)

    def put(self, name: str, part: Part, /) -> None:
        self.parts[name] = part.copy()

    def clear(self, prefix: str = "", /) -> None:
        self.parts = {n: part for n, part in self.parts.items() if not n.startswith(prefix)}

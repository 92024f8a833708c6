"""Listeners that do something to a run at a certain stage of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from annclust.progress import SILENT, Stage


class Overhears:
    """Progress that calls a function whenever one stage reports some steps.

    Parameters
    ----------
    title : str
        Of the stage.
    act : callable
        Takes the number of steps.
    """

    def __init__(self, title: str, act: Callable[[int], object]) -> None:
        self._title, self._act = title, act

    @contextmanager
    def _listening(self) -> Iterator[Stage]:
        yield self

    def stage(
        self, title: str, /, total: int | None = None, *, unit: str = ""
    ) -> AbstractContextManager[Stage]:
        return self._listening() if title == self._title else SILENT.stage(title)

    def advance(self, steps: int = 1, /) -> None:
        self._act(steps)

    def expect(self, total: int, /) -> None:
        raise AssertionError(total)

"""Progress: how long stages tell somebody how far they are. The default tells nobody.

Whoever listens may raise `StoppedError` to stop the run: stages report only where stopping is safe,
and what was done so far is stored before it goes on its way.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class StoppedError(KeyboardInterrupt):
    """The user wants a run to stop; raised where it reports its progress."""


class Stage(Protocol):
    """One stage that is under way."""

    def advance(self, steps: int = 1, /) -> None:
        """Report that `steps` more are done."""
        ...

    def expect(self, total: int, /) -> None:
        """Report how many steps there will be, once that is known."""
        ...


class Progress(Protocol):
    """Where stages report to. Any class of this shape will do."""

    def stage(
        self, title: str, /, total: int | None = None, *, unit: str = ""
    ) -> AbstractContextManager[Stage]:
        """Open a stage of `total` steps (unknown if None), counted in `unit`."""
        ...


class _SilentStage:
    def advance(self, steps: int = 1, /) -> None:
        """Do nothing."""

    def expect(self, total: int, /) -> None:
        """Do nothing."""


NO_STAGE: Stage = _SilentStage()
"""A stage that nobody watches."""


class SilentProgress:
    """Reports to nobody; the default everywhere in the library."""

    def stage(
        self,
        title: str,
        /,
        total: int | None = None,
        *,
        unit: str = "",
    ) -> AbstractContextManager[Stage]:
        """Open a stage that nobody watches."""
        return nullcontext(NO_STAGE)


SILENT: Progress = SilentProgress()

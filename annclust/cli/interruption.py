"""Interruption: Ctrl-C and SIGTERM stop a run at its next safe place, a second one at once.

A run that writes reports its progress wherever it may be stopped, so that is where it stops: after
a batch. What it committed before is kept either way.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from annclust.progress import Progress, Stage, StoppedError

_STOPPING = b"annclust: stopping after this batch; once more to stop at once.\n"


class Interruption:
    """What the user's signals asked for.

    Parameters
    ----------
    patient : bool
        Whether a first signal only asks; else it stops the command at once.
    silent : bool
        Whether to say nothing about it.
    """

    def __init__(self, *, patient: bool, silent: bool = False) -> None:
        self._patient, self._silent = patient, silent
        self._asked = self._answered = False

    def listen(self) -> None:
        """Hear signals from now on; those that the parent told to ignore stay ignored (nohup)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked or not self._patient:
            raise KeyboardInterrupt
        self._asked = True
        if not self._silent:
            # Past Python's buffer, which may be in use right now; a bar may stand on this line.
            on_a_terminal = os.isatty(sys.stderr.fileno())
            os.write(sys.stderr.fileno(), b"\n" + _STOPPING if on_a_terminal else _STOPPING)

    def check(self) -> None:
        """Raise StoppedError if a signal has asked to stop: once, as what follows tidies up."""
        if self._asked and not self._answered:
            self._answered = True
            raise StoppedError


class _StoppableStage:
    def __init__(self, stage: Stage, interruption: Interruption) -> None:
        self._stage, self._interruption = stage, interruption

    def advance(self, steps: int = 1, /) -> None:
        """Pass the report on, or stop the run."""
        self._interruption.check()
        self._stage.advance(steps)

    def expect(self, total: int, /) -> None:
        """Pass the report on."""
        self._stage.expect(total)


class StoppableProgress:
    """Passes reports on, and stops the run when it was asked to stop.

    Parameters
    ----------
    progress : Progress
    interruption : Interruption
    """

    def __init__(self, progress: Progress, interruption: Interruption) -> None:
        self._progress, self._interruption = progress, interruption

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        """Open a stage, or stop the run."""
        self._interruption.check()
        with self._progress.stage(title, total, unit=unit) as stage:
            yield _StoppableStage(stage, self._interruption)

"""Bars: progress on a terminal, with rate and time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from annclust.progress import Stage


class _RateColumn(ProgressColumn):
    """Steps per second, in the stage's unit."""

    def render(self, task: Task) -> Text:
        """Show the rate, once it is known."""
        speed = task.finished_speed or task.speed
        unit = task.fields["unit"]
        return Text(f"{speed:,.0f} {unit}/s" if speed and unit else "", style="dim")


class _BarStage:
    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def advance(self, steps: int = 1, /) -> None:
        """Move the bar."""
        self._bars.advance(self._task, steps)

    def expect(self, total: int, /) -> None:
        """Give the bar its length."""
        self._bars.update(self._task, total=total)


_WIDE = 100
_NARROW = 70


def _columns(width: int) -> list[ProgressColumn]:
    """What fits on a line: counts and time left before all else."""
    columns: list[ProgressColumn] = [TextColumn("{task.description:<18}"), MofNCompleteColumn()]
    if width >= _NARROW:
        columns[1:1] = [BarColumn(bar_width=20 if width < _WIDE else 30)]
        columns += [_RateColumn()]
    if width >= _WIDE:
        columns = [SpinnerColumn(), *columns, TimeElapsedColumn()]
    return [*columns, TextColumn("left", style="dim"), TimeRemainingColumn(compact=True)]


class BarProgress:
    """Reports to bars on stderr; stages that are open together share the display."""

    def __init__(self) -> None:
        console = RichConsole(stderr=True)
        self._bars = Progress(*_columns(console.width), console=console)
        self._open = 0

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        """Show a bar for the stage while it is open, and leave it standing."""
        if not self._open:
            self._bars.start()
        self._open += 1
        task = self._bars.add_task(title, total=total, unit=unit)
        try:
            yield _BarStage(self._bars, task)
        finally:
            self._finish(task)

    def _finish(self, task: TaskID) -> None:
        """Leave the bars standing once no stage is open, and begin a new display for the next."""
        (bar,) = (each for each in self._bars.tasks if each.id == task)
        if bar.total is None:
            done = max(bar.completed, 1)
            self._bars.update(task, total=done, completed=done)
        self._open -= 1
        if not self._open:
            self._bars.stop()
            for finished in self._bars.task_ids:
                self._bars.remove_task(finished)

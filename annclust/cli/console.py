"""Console: how a command speaks. Data go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from annclust.cli.interruption import Interruption
    from annclust.progress import Progress


def shown(path: Path | str) -> str:
    """A path, or a text, that a terminal can show: control characters and odd bytes are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True)
class Console:
    """What the user chose about output.

    Parameters
    ----------
    json : bool
        One JSON document on stdout instead of text.
    quiet : bool
        Nothing but data and errors.
    verbose : bool
        Every detail instead of the first few.
    bars : bool
        Progress bars, where stderr is a terminal.
    interruption : Interruption or None
        What stops a run between two batches; None if nothing does.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    bars: bool = True
    interruption: Interruption | None = None

    def show(self, document: object, lines: Callable[[], Iterable[str]]) -> None:
        """Print the result: `document` as JSON, or else the `lines` of text."""
        if self.json:
            # Surrogates (bytes of names that are not UTF-8) survive as \\udcXX escapes.
            typer.echo(json.dumps(document, indent=2))
        else:
            for line in lines():
                typer.echo(line)

    def note(self, message: str) -> None:
        """Tell the user something on stderr, unless they want quiet."""
        if not self.quiet:
            typer.echo(message, err=True)

    def progress(self) -> Progress:
        """Where stages report to: bars on a terminal, else nobody; either may stop the run."""
        shown = self._shown_progress()
        if self.interruption is None:
            return shown
        from annclust.cli.interruption import StoppableProgress

        return StoppableProgress(shown, self.interruption)

    def _shown_progress(self) -> Progress:
        if self.quiet or not self.bars or not sys.stderr.isatty():
            from annclust.progress import SILENT

            return SILENT
        from annclust.cli.bars import BarProgress

        return BarProgress()


def error_line(message: str) -> None:
    """Print an error on stderr."""
    typer.echo(f"annclust: {message}", err=True)

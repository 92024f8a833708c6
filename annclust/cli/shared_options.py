"""Shared options: what every command understands, declared once.

`command` registers a function as a command and adds ``--json``, ``-q``, ``-v`` and
``--no-progress`` to it; the function gets them as one `Console`. Expected errors become one line
on stderr and an exit code.
"""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from annclust.cli.console import Console, error_line, shown
from annclust.cli.interruption import Interruption
from annclust.errors import (
    AnnclustError,
    DamagedFileWarning,
    StorageWarning,
    UnverifiedModelWarning,
    UsageError,
)
from annclust.url_path import named_path

if TYPE_CHECKING:
    from annclust.collection import Collection
    from annclust.pipeline.reports import IndexReport
    from annclust.settings import IndexingSettings

EXIT_ERROR, EXIT_USAGE, EXIT_UNREADABLE, EXIT_INTERRUPTED = 1, 2, 3, 130


def place(text: str | Path) -> Path:
    """A path or URL as it was typed: a plain `Path` would lose one of a URL's slashes."""
    try:
        return named_path(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from error


CollectionOption = Annotated[
    Path,
    typer.Option(
        "--collection",
        "-c",
        metavar="PATH",
        parser=place,
        envvar="ANNCLUST_COLLECTION",
        help="The collection's directory.",
    ),
]


class Engine(StrEnum):
    """Where work is done."""

    LOCAL = "local"
    RAY = "ray"


ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", min=1, help="Processor cores to use; all if left out."),
]
EngineOption = Annotated[
    Engine | None,
    typer.Option(
        envvar="ANNCLUST_ENGINE",
        help="Where photos are embedded and neighbors found: local, or ray: docs/scale.md.",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Memory for all processes together, like 2G; no limit if left out.",
    ),
]


class Level(StrEnum):
    """What a group stands for."""

    SHOTS = "shots"
    SCENES = "scenes"
    THEMES = "themes"
    DENSITY = "density"


class ShownLevel(StrEnum):
    """What groups can be shown of."""

    COPIES = "copies"
    SHOTS = "shots"
    SCENES = "scenes"
    THEMES = "themes"
    DENSITY = "density"


LevelOption = Annotated[
    Level | None, typer.Option(help="Groups of this level; of the last clustering if left out.")
]
DEFAULT_COLLECTION = Path("photos.annclust")

MOST_PHOTOS = 1_000_000_000
MOST_SAMPLES = 32  # as many as the stored graph of a small collection has neighbors

_SHARED: dict[str, tuple[Any, bool]] = {
    "as_json": (typer.Option("--json", help="One JSON document on stdout."), False),
    "quiet": (typer.Option("--quiet", "-q", help="Say nothing but results and errors."), False),
    "verbose": (typer.Option("--verbose", "-v", help="Show every detail."), False),
    "no_progress": (typer.Option("--no-progress", help="No progress bars."), False),
}


def size_of(text: str | None) -> int | None:
    """Bytes that a `MemoryOption` asks for."""
    from annclust.memory_plan import parse_size

    return None if text is None else parse_size(text)


def command(
    app: typer.Typer, *, in_batches: bool = False, name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is a `Console` as a command.

    A command that works `in_batches` is stopped between two of them rather than anywhere.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(**choices: Any) -> None:
            shared = {option: choices.pop(option) for option in _SHARED}
            interruption = Interruption(patient=in_batches, silent=shared["quiet"])
            interruption.listen()
            console = Console(
                shared["as_json"],
                shared["quiet"],
                shared["verbose"],
                not shared["no_progress"],
                interruption,
            )
            with told_by(console):
                with_exit_codes(function, console, choices)

        _, *own = inspect.signature(function, eval_str=True).parameters.values()
        parameters = [*own, *_shared_parameters()]
        cast(Any, run).__signature__ = inspect.Signature(parameters)
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return app.command(name)(run)

    return register


@contextmanager
def told_by(console: Console) -> Iterator[None]:
    """Let warnings of damage be notes, and those of disks and models errors; others are for
    programmers.
    """
    with warnings.catch_warnings():
        for each in (DamagedFileWarning, StorageWarning, UnverifiedModelWarning):
            warnings.simplefilter("default", each)
        elsewhere = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, DamagedFileWarning):
                console.note(f"annclust: {message}.")
            elif issubclass(category, StorageWarning | UnverifiedModelWarning):
                error_line(f"{message}.")
            else:
                elsewhere(message, category, *place, **more)

        warnings.showwarning = show
        yield


def _shared_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[bool, option],
        )
        for name, (option, default) in _SHARED.items()
    ]


def with_exit_codes(
    function: Callable[..., None], console: Console, choices: dict[str, Any]
) -> None:
    """Run a command; turn what can be expected to go wrong into a line and an exit code."""
    try:
        function(console, **choices)
        sys.stdout.flush()
    except AnnclustError as error:
        error_line(str(error))
        code = EXIT_USAGE if isinstance(error, UsageError) else EXIT_ERROR
        raise typer.Exit(code) from error
    except KeyboardInterrupt as error:
        error_line("interrupted; everything stored so far is kept, the same command goes on.")
        raise typer.Exit(EXIT_INTERRUPTED) from error
    except BrokenPipeError as error:
        # The reader (head, less) has seen enough.
        _drop_output()
        raise typer.Exit(0) from error
    except OSError as error:
        _drop_output()
        error_line(_refusal(error))
        raise typer.Exit(EXIT_ERROR) from error
    except ImportError as error:  # also where memory or open files are too few to load it
        error_line(f"a part of annclust cannot be loaded: {error}.")
        raise typer.Exit(EXIT_ERROR) from error
    except MemoryError as error:
        error_line("the machine has too little memory left. What was stored before is safe.")
        raise typer.Exit(EXIT_ERROR) from error


def _refusal(error: OSError) -> str:
    """What the system refused: the output, unless it is a file with a name."""
    reason = error.strerror or error
    if isinstance(error.filename, str | bytes):
        return f"{shown(Path(os.fsdecode(error.filename)))}: {reason}."
    return f"the output cannot be written: {reason}."


def _drop_output() -> None:
    """Let what is left in the buffer of stdout go nowhere, now and at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_collection(
    path: Path,
    console: Console,
    *,
    create: bool = False,
    embedder: str | None = None,
    add: bool = False,
    settings: IndexingSettings | None = None,
    engine: Engine | None = None,
) -> Collection:
    """Open a collection whose progress is shown; see `Collection`."""
    from annclust.collection import Collection

    return Collection(
        path,
        create=create,
        embedder=embedder,
        add=add,
        settings=settings,
        engine=None if engine is None else engine.value,
        progress=console.progress(),
    )


def tell_indexed(console: Console, report: IndexReport, collection: Path) -> None:
    """Show what came into a collection; ends with an exit code of its own if not all could."""
    from annclust.cli.documents import index_document
    from annclust.cli.listings import index_lines, unreadable_lines

    console.show(index_document(report), lambda: index_lines(report, collection))
    for line in unreadable_lines(report.unreadable, all_of_them=console.verbose):
        console.note(line)
    if report.unreadable:
        raise typer.Exit(EXIT_UNREADABLE)

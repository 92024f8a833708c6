"""The commands that move photos to the trash, and back: `purge plan`, `apply`, `undo`, `list`,
`empty`.
"""

from __future__ import annotations

import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli.console import Console, shown
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    EXIT_UNREADABLE,
    CollectionOption,
    MemoryOption,
    ShownLevel,
    ThreadsOption,
    command,
    open_collection,
    place,
    size_of,
)
from annclust.errors import UsageError

if TYPE_CHECKING:
    from annclust.purge.plan import Plan

PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="A file of `purge plan`.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    """Add the command `purge` with what it can do."""
    purge = typer.Typer(
        help="Keep the best photo of each group; move the rest to a trash; take it back.",
        rich_markup_mode=None,
        no_args_is_help=True,
    )
    for add in (_add_plan, _add_apply, _add_undo, _add_list, _add_empty):
        add(purge)
    app.add_typer(purge, name="purge")


def _add_plan(purge: typer.Typer) -> None:
    @command(purge, in_batches=True)
    def plan(
        console: Console,
        collection: CollectionOption = DEFAULT_COLLECTION,
        level: Annotated[
            ShownLevel, typer.Option(help="What the groups are of: one photo of each stays.")
        ] = ShownLevel.SHOTS,
        output: Annotated[
            Path | None,
            typer.Option(
                "--output",
                "-o",
                metavar="PATH",
                help="File for the plan; without it, it is shown only.",
                parser=place,
            ),
        ] = None,
        reference: Annotated[
            list[Path] | None,
            typer.Option(
                metavar="DIR", help="Never touch what is in this folder; repeatable.", parser=place
            ),
        ] = None,
        threads: ThreadsOption = None,
        memory: MemoryOption = None,
    ) -> None:
        """Say which photos would go to the trash, and why; nothing is touched."""
        from annclust.cli.purge_listings import plan_lines
        from annclust.pipeline.exporting import write_whole
        from annclust.purge.plan_file import plan_bytes, plan_document
        from annclust.settings import IndexingSettings

        settings = IndexingSettings.within(threads=threads, memory=size_of(memory))
        with open_collection(collection, console, settings=settings) as opened:
            found = opened.plan_purge(level.value, reference=reference or ())
        if output is not None:
            content = plan_bytes(found)
            write_whole(output, lambda file: file.write(content))
        console.show(
            plan_document(found),
            lambda: plan_lines(found, output, collection, all_of_them=console.verbose),
        )


def _add_apply(purge: typer.Typer) -> None:
    @command(purge, in_batches=True)
    def apply(
        console: Console,
        plan: PlanArgument,
        collection: CollectionOption = DEFAULT_COLLECTION,
        yes: YesOption = False,
        trash: Annotated[
            Path | None,
            typer.Option(
                metavar="DIR",
                help="One trash for all; .annclust-trash in each folder of photos if left out.",
                parser=place,
            ),
        ] = None,
        across_devices: Annotated[
            bool,
            typer.Option("--across-devices", help="Copy where the trash is on another device."),
        ] = False,
    ) -> None:
        """Move the photos of a plan to the trash; given again, it goes on where it stopped."""
        from annclust.choices import path_of
        from annclust.cli.purge_listings import apply_document, apply_lines
        from annclust.purge.plan_file import read_plan

        read = read_plan(path_of(plan))
        _ask(_question(read), yes=yes or not read.totals.files)
        with open_collection(collection, console) as opened:
            report = opened.apply_purge(read, trash=trash, across_devices=across_devices)
        console.show(apply_document(report), lambda: apply_lines(report, plan, collection))
        if report.not_moved:
            raise typer.Exit(EXIT_UNREADABLE)


def _question(plan: Plan) -> str:
    from annclust.cli.listings import counted, size_text

    totals = plan.totals
    return f"Move {counted(totals.files, 'file')} ({size_text(totals.bytes)}) to the trash?"


def _ask(question: str, *, yes: bool) -> None:
    """Ask a person at a terminal; nobody else can answer."""
    if yes or not _at_terminal():
        return
    if not _confirmed(question):
        typer.echo("nothing was touched", err=True)
        raise typer.Exit(0)


def _at_terminal() -> bool:
    """Whether there is a person to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _confirmed(question: str) -> bool:
    """Whether a person says yes; Ctrl-C stops at once here, as there is no batch to wait for."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return typer.confirm(question, err=True)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    finally:
        signal.signal(signal.SIGINT, before)


def _add_undo(purge: typer.Typer) -> None:
    @command(purge, in_batches=True)
    def undo(
        console: Console,
        plan: Annotated[
            Path | None,
            typer.Argument(metavar="[PLAN]", help="The plan that was applied; the last purge."),
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
    ) -> None:
        """Put back what a purge moved to the trash."""
        from annclust.choices import path_of
        from annclust.cli.purge_listings import undo_document, undo_lines
        from annclust.purge.plan_file import read_plan

        read = None if plan is None else read_plan(path_of(plan))
        with open_collection(collection, console) as opened:
            report = opened.undo_purge(read)
        console.show(undo_document(report), lambda: undo_lines(report, collection))
        if report.not_restored:
            raise typer.Exit(EXIT_UNREADABLE)


def _add_list(purge: typer.Typer) -> None:
    @command(purge, name="list")
    def list_(console: Console, collection: CollectionOption = DEFAULT_COLLECTION) -> None:
        """List what was purged, and what is in the trash."""
        from annclust.cli.purge_listings import purge_document, purge_lines

        with open_collection(collection, console) as opened:
            found = opened.purges()
        console.show([purge_document(each) for each in found], lambda: purge_lines(found))


def _add_empty(purge: typer.Typer) -> None:
    @command(purge, in_batches=True)
    def empty(
        console: Console,
        collection: CollectionOption = DEFAULT_COLLECTION,
        older_than: Annotated[
            str,
            typer.Option(metavar="AGE", help="Only what was purged so long ago: 30d, 12h, 0d."),
        ] = "30d",
        yes: YesOption = False,
    ) -> None:
        """Delete what is in the trash for good."""
        from annclust.cli.listings import counted, size_text
        from annclust.cli.purge_listings import empty_document, empty_lines

        def agree(files: int, size: int) -> None:
            told = f"{counted(files, 'file')} ({size_text(size)})"
            if not (yes or _at_terminal()):
                raise UsageError(f"{told} would be deleted for good: say --yes if they are to be.")
            _ask(f"Delete {told} for good? This cannot be undone.", yes=yes)

        age = age_of(older_than)
        with open_collection(collection, console) as opened:
            report = opened.empty_trash(age, agree=agree)
        console.show(empty_document(report), lambda: empty_lines(report, shown(older_than)))
        if report.kept:
            raise typer.Exit(EXIT_UNREADABLE)


_UNITS = {"d": 86_400, "h": 3_600, "m": 60}


def age_of(text: str) -> timedelta:
    """How long ago: ``30d``, ``12h``, ``0d``.

    Raises UsageError.
    """
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit()) or unit not in _UNITS or len(number) > 6:
        raise UsageError(f"an age is a number of days, hours or minutes, like 30d, not {text!r}.")
    return timedelta(seconds=int(number) * _UNITS[unit])

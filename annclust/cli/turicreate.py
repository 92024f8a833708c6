"""The command for people who come from Turi Create."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from annclust.cli.console import Console
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    CollectionOption,
    ThreadsOption,
    command,
    tell_indexed,
)


def add_to(app: typer.Typer) -> None:
    """Add the command `import-turicreate`."""

    @command(app, in_batches=True)
    def import_turicreate(
        console: Console,
        saved: Annotated[
            Path, typer.Argument(metavar="PATH", help="A saved SFrame or ImageSimilarityModel.")
        ],
        collection: CollectionOption = DEFAULT_COLLECTION,
        model: Annotated[
            str | None,
            typer.Option(
                metavar="NAME",
                help="resnet-50 or squeezenet_v1.1: where features come from that do not say.",
            ),
        ] = None,
        paths: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", help="Text file with the photos' paths by row, one a line."
            ),
        ] = None,
        root: Annotated[
            list[Path] | None,
            typer.Option(
                metavar="DIR",
                help="Folder of photos; repeatable; the one that holds all if not said.",
            ),
        ] = None,
        threads: ThreadsOption = None,
    ) -> None:
        """Make a collection of features that Turi Create computed, without computing them again."""
        from annclust.pipeline.turicreate_import import import_turicreate as run
        from annclust.settings import IndexingSettings

        report = run(
            saved,
            collection,
            model=model,
            photos=None if paths is None else _listed(paths),
            roots=root or (),
            settings=IndexingSettings.within(threads=threads),
            progress=console.progress(),
        )
        tell_indexed(console, report, collection)


def _listed(file: Path) -> list[Path]:
    """The paths in a text file; relative ones count from its folder."""
    from annclust.errors import InputError

    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from error
    if lines and not lines[-1]:
        lines.pop()
    return [file.parent / os.fsdecode(line.removesuffix(b"\r")) for line in lines]

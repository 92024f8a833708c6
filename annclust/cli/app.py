"""The commands of `annclust`; each one parses, calls the library, prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli import clustering, judging, purging, reviewing, similar, turicreate
from annclust.cli.console import Console, shown
from annclust.cli.exports import Exported, Format, export_writer, note_if_out_of_date
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    EXIT_ERROR,
    CollectionOption,
    EngineOption,
    LevelOption,
    MemoryOption,
    ThreadsOption,
    command,
    open_collection,
    place,
    size_of,
    tell_indexed,
)

if TYPE_CHECKING:
    from annclust.settings import Level as LevelName

app = typer.Typer(
    name="annclust",
    help="Group nearly alike photos without a radius, and find look-alikes.",
    epilog="`annclust COMMAND --help` says more about each.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"annclust {version('annclust')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Group nearly alike photos without a radius, and find look-alikes."""
    if context.invoked_subcommand is None:
        from annclust.cli.listings import NEWCOMER

        typer.echo(NEWCOMER)


@command(app, in_batches=True)
def index(
    console: Console,
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PHOTOS]...",
            help="Folders, or URLs of such; all known ones if left out.",
            parser=place,
        ),
    ] = None,
    collection: CollectionOption = DEFAULT_COLLECTION,
    embedder: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Embedder of a new collection; see `annclust models`."),
    ] = None,
    add: Annotated[
        bool,
        typer.Option("--add", help="Embed with another embedder too; what is there stays."),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Leave out names or paths like this; repeatable, remembered, '' for none.",
        ),
    ] = None,
    follow_symlinks: Annotated[
        bool | None,
        typer.Option(
            "--follow-symlinks/--no-follow-symlinks",
            help="Follow links to files and folders; remembered.",
        ),
    ] = None,
    places: Annotated[
        bool | None,
        typer.Option(
            "--places/--no-places", help="Keep where photos were taken, or forget it; remembered."
        ),
    ] = None,
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    engine: EngineOption = None,
    forget_missing: Annotated[
        bool,
        typer.Option("--forget-missing", help="Drop photos of folders that seem to be offline."),
    ] = False,
) -> None:
    """Create or update a collection from folders of photos."""
    from annclust.pipeline.roots import resolve_folder
    from annclust.settings import IndexingSettings
    from annclust.url_path import path_at

    folders = [path_at(os.fsdecode(resolve_folder(folder))) for folder in photos or []]
    settings = IndexingSettings.within(
        threads=threads,
        memory=size_of(memory),
        follow_symlinks=follow_symlinks,
        places=places,
    )
    create = bool(folders)
    with open_collection(
        collection,
        console,
        create=create,
        embedder=embedder,
        add=add,
        settings=settings,
        engine=engine,
    ) as opened:
        report = opened.index(folders, exclude=exclude, forget_missing=forget_missing)
    tell_indexed(console, report, collection)


similar.add_to(app)
clustering.add_to(app)


@command(app)
def export(
    console: Console,
    collection: CollectionOption = DEFAULT_COLLECTION,
    form: Annotated[Format, typer.Option("--format", help="File format.")] = Format.CSV,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File to write; stdout if left out.",
            parser=place,
        ),
    ] = None,
    what: Annotated[
        Exported,
        typer.Option(help="The photos, the graph, the density tree, or the map."),
    ] = Exported.PHOTOS,
    level: LevelOption = None,
) -> None:
    """Write photos and groups, a page of these, the neighbor graph, the density tree or the map."""
    from annclust.cli.documents import path_text
    from annclust.pipeline.exporting import write_whole

    wanted: LevelName | None = None if level is None else level.value
    # With --json, what goes to stdout is JSON whatever the format of files would be.
    chosen = Format.JSON if console.json and output is None else form
    with open_collection(collection, console) as opened:
        write = export_writer(opened, what, chosen, wanted)
        if chosen is Format.HTML:
            note_if_out_of_date(console, opened, wanted)
        if output is None:
            write(sys.stdout.buffer)
            return
        write_whole(output, write)
    written = {"output": path_text(output), "format": form.value, "what": what.value}
    console.show(written, lambda: [f"wrote {shown(output)}"])


@command(app)
def status(console: Console, collection: CollectionOption = DEFAULT_COLLECTION) -> None:
    """Show what is in the collection."""
    from annclust.cli.documents import status_document
    from annclust.cli.listings import status_lines

    with open_collection(collection, console) as opened:
        found = opened.status()
    console.show(status_document(found), lambda: status_lines(found))


@command(app)
def check(
    console: Console,
    collection: CollectionOption = DEFAULT_COLLECTION,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make again what can be made again.")
    ] = False,
) -> None:
    """Check that the collection is as docs/format.md promises."""
    from annclust.cli.documents import check_document
    from annclust.cli.listings import check_lines
    from annclust.errors import CollectionDamagedError
    from annclust.pipeline.checking import damaged_beyond_opening

    try:
        with open_collection(collection, console) as opened:
            report = opened.check(repair=repair)
    except CollectionDamagedError as error:
        report = damaged_beyond_opening(error)
    console.show(check_document(report), lambda: check_lines(report, all_of_them=console.verbose))
    if not report.ok:
        raise typer.Exit(EXIT_ERROR)


@command(app)
def compact(
    console: Console,
    collection: CollectionOption = DEFAULT_COLLECTION,
    forget: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Drop the vectors of this embedder, not in use, too."),
    ] = None,
) -> None:
    """Drop what is left of removed photos."""
    from dataclasses import asdict

    from annclust.cli.listings import compact_lines

    with open_collection(collection, console) as opened:
        report = opened.compact(forget=forget)
    if forget is not None and report.forgotten is None:
        console.note(f"there were no vectors of {forget} to forget")
    console.show(asdict(report), lambda: compact_lines(report))


@command(app)
def use(
    console: Console,
    embedder: Annotated[
        str | None,
        typer.Argument(metavar="[EMBEDDER]", help="See the photos through this one from now on."),
    ] = None,
    collection: CollectionOption = DEFAULT_COLLECTION,
) -> None:
    """List the embedders whose vectors the collection has, or use another one of them."""
    from annclust.cli.documents import use_document
    from annclust.cli.listings import use_lines

    with open_collection(collection, console) as opened:
        if embedder is not None:
            opened.use(embedder)
        found = opened.status().embedders
    console.show(use_document(found), lambda: use_lines(found, collection))


@command(app)
def models(console: Console) -> None:
    """List the embedders that can be used."""
    from dataclasses import asdict

    from annclust.cli.listings import model_lines
    from annclust.embedding.model_cache import cache_directory
    from annclust.embedding.registry import describe_embedders

    found = describe_embedders(cache_directory())
    console.show([asdict(each) for each in found], lambda: model_lines(found))


@command(app, in_batches=True)
def demo(
    console: Console,
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="New folder for the album.")
    ] = Path("album"),
) -> None:
    """Draw a small album of photos to try everything on."""
    from annclust.cli.documents import path_text
    from annclust.cli.listings import demo_lines
    from annclust.demo_album import draw_album

    photos = draw_album(folder, progress=console.progress())
    document = {"path": path_text(folder), "images": len(photos)}
    console.show(document, lambda: demo_lines(folder, len(photos)))


judging.add_to(app)
purging.add_to(app)
reviewing.add_to(app)
turicreate.add_to(app)

"""The commands that group photos, and list the groups."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli.console import Console
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    MOST_PHOTOS,
    MOST_SAMPLES,
    CollectionOption,
    EngineOption,
    Level,
    MemoryOption,
    ShownLevel,
    ThreadsOption,
    command,
    open_collection,
    size_of,
)

if TYPE_CHECKING:
    from annclust.settings import ShownLevel as ShownLevelName


class Method(StrEnum):
    """How clusters are selected from the tree."""

    EOM = "eom"
    LEAF = "leaf"


def add_to(app: typer.Typer) -> None:
    """Add the commands `cluster` and `clusters`."""
    _add_cluster(app)
    _add_clusters(app)


def _add_cluster(app: typer.Typer) -> None:
    @command(app, in_batches=True)
    def cluster(
        console: Console,
        collection: CollectionOption = DEFAULT_COLLECTION,
        level: Annotated[
            Level | None,
            typer.Option(
                help="shots (default): the same moment; scenes: what belongs together; themes: what"
                " is alike at all; density: HDBSCAN's clusters."
            ),
        ] = None,
        granularity: Annotated[
            float | None,
            typer.Option(
                metavar="G",
                min=0,
                help="Look finer or coarser: shots are at 1, scenes at 2, themes at 3.",
            ),
        ] = None,
        min_cluster_size: Annotated[
            int | None,
            typer.Option(
                metavar="N",
                min=2,
                max=MOST_PHOTOS,
                help="Fewest photos that make a group; 2 if left out, 5 for density.",
            ),
        ] = None,
        min_samples: Annotated[
            int | None,
            typer.Option(
                metavar="N",
                min=1,
                max=MOST_SAMPLES,
                help="Neighbors that make a dense place; 1 if left out, --min-cluster-size of"
                " density.",
            ),
        ] = None,
        method: Annotated[
            Method | None,
            typer.Option(
                help="Which branches are groups: eom (default): those that last longest; leaf:"
                " ends."
            ),
        ] = None,
        times: Annotated[
            bool,
            typer.Option("--times/--no-times", help="Whether times and places in files count."),
        ] = True,
        threads: ThreadsOption = None,
        memory: MemoryOption = None,
        engine: EngineOption = None,
    ) -> None:
        """Group the photos; there is no radius to choose."""
        from annclust.cli.documents import clustering_document
        from annclust.cli.listings import capped_lines, clustering_lines
        from annclust.settings import IndexingSettings

        settings = IndexingSettings.within(threads=threads, memory=size_of(memory))
        with open_collection(collection, console, settings=settings, engine=engine) as opened:
            opened.cluster(
                None if level is None else level.value,
                granularity=granularity,
                times=times,
                min_cluster_size=min_cluster_size,
                min_samples=min_samples,
                method=None if method is None else method.value,
            )
            report = opened.last_clustering()
        console.show(clustering_document(report), lambda: clustering_lines(report))
        for line in capped_lines(report):
            console.note(line)


def _add_clusters(app: typer.Typer) -> None:
    @command(app)
    def clusters(
        console: Console,
        number: Annotated[
            int | None, typer.Argument(metavar="[ID]", help="Show the photos of this group.")
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
        level: Annotated[
            ShownLevel | None,
            typer.Option(
                help="Exact copies, or groups of this level; of the last one if left out."
            ),
        ] = None,
    ) -> None:
        """List the groups, or the photos of one."""
        from annclust.cli.documents import cluster_document
        from annclust.cli.listings import cluster_lines, cluster_table, out_of_date_line

        with open_collection(collection, console) as opened:
            name: ShownLevelName = opened.last_clustering().level if level is None else level.value
            found = (
                opened.clusters(name) if number is None else [opened.cluster_of_id(number, name)]
            )
            changed = opened.changed_since_clustering(name)
        if changed is not None:
            console.note(out_of_date_line(collection, name, changed))
        console.show(
            [cluster_document(each) for each in found],
            lambda: (
                cluster_table(found, name, all_of_them=console.verbose)
                if number is None
                else cluster_lines(found[0])
            ),
        )

"""The command that finds look-alikes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annclust.cli.console import Console, error_line
from annclust.cli.shared_options import (
    DEFAULT_COLLECTION,
    EXIT_UNREADABLE,
    MOST_PHOTOS,
    CollectionOption,
    command,
    open_collection,
    place,
)

if TYPE_CHECKING:
    from annclust.collection import Collection
    from annclust.pipeline.reports import Match


def add_to(app: typer.Typer) -> None:
    """Add the command `similar`."""

    @command(app)
    def similar(
        console: Console,
        images: Annotated[
            list[Path] | None,
            typer.Argument(
                metavar="[PHOTO]...", help="Photos, of the collection or not.", parser=place
            ),
        ] = None,
        collection: CollectionOption = DEFAULT_COLLECTION,
        text: Annotated[
            list[str] | None,
            typer.Option(
                metavar="TEXT", help="What photos show, if the embedder knows text; repeatable."
            ),
        ] = None,
        number: Annotated[
            int,
            typer.Option(
                "--number",
                "-n",
                metavar="N",
                min=1,
                max=MOST_PHOTOS,
                help="How many photos to show.",
            ),
        ] = 10,
    ) -> None:
        """Find the photos that look most like a photo, or show what a text says."""
        from annclust.cli.documents import similar_document
        from annclust.cli.listings import similar_lines

        asked: list[Path | str] = [*(images or ()), *(text or ())]
        if not asked:
            raise typer.BadParameter("Give a photo, or a text with --text.")
        with open_collection(collection, console) as opened:
            found = _answers(opened, images or [], text or [], number)
        console.show(
            [similar_document(query, matches) for query, matches in found],
            lambda: (
                line
                for query, matches in found
                for line in similar_lines(query, matches, several=len(asked) > 1)
            ),
        )
        if len(found) < len(asked):
            raise typer.Exit(EXIT_UNREADABLE)


def _answers(
    collection: Collection, images: list[Path], texts: list[str], number: int
) -> list[tuple[Path | str, list[Match]]]:
    """The matches of each query; of several images, those that cannot be read are named."""
    from annclust.errors import UnreadableImageError

    found: list[tuple[Path | str, list[Match]]] = []
    for image in images:
        try:
            found.append((image, collection.similar(image, number)))
        except UnreadableImageError as error:
            if len(images) + len(texts) == 1:
                raise
            error_line(str(error))
    found += [(text, collection.similar(k=number, text=text)) for text in texts]
    return found

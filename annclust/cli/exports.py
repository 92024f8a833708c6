"""Exports: which part of a collection `export` writes, and in which form."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from annclust.errors import UsageError
from annclust.settings import Level

if TYPE_CHECKING:
    from annclust.cli.console import Console
    from annclust.collection import Collection
    from annclust.pipeline.exporting import Table


class Format(StrEnum):
    """File formats of `export`."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    SVG = "svg"
    HTML = "html"


class Exported(StrEnum):
    """What `export` writes."""

    PHOTOS = "photos"
    GRAPH = "graph"
    TREE = "tree"
    MAP = "map"


def export_writer(
    collection: Collection, what: Exported, form: Format, level: Level | None
) -> Callable[[BinaryIO], object]:
    """Give what writes a part of a collection to an open file.

    Raises
    ------
    UsageError
        If the form is a picture, and not of the tree; or a page, and not of the photos.
    NothingClusteredError
        If the tree is wanted and there is none.
    """
    if form is Format.SVG:
        if what is not Exported.TREE:
            raise UsageError("svg is a picture of the density tree: add --what tree.")
        picture = collection.tree_svg(level).encode()
        return lambda file: file.write(picture)
    if form is Format.HTML:
        if what is not Exported.PHOTOS:
            raise UsageError(f"html is a page of groups of photos: leave out --what {what.value}.")
        return lambda file: collection.write_html(file, level)
    from annclust.pipeline.exporting import write_table

    table = _table(collection, what, level)
    match form:
        case Format.CSV:
            return lambda file: write_table(table, "csv", file)
        case Format.JSON:
            return lambda file: write_table(table, "json", file)
        case Format.PARQUET:
            return lambda file: write_table(table, "parquet", file)


def note_if_out_of_date(console: Console, collection: Collection, level: Level | None) -> None:
    """Say so if something changed since the groups were made.

    Raises
    ------
    NothingClusteredError
        If they never were.
    """
    from annclust.cli.listings import out_of_date_line

    changed = collection.changed_since_clustering(level)
    if changed is not None:
        name = level or collection.last_clustering().level
        console.note(out_of_date_line(collection.path, name, changed))


def _table(collection: Collection, what: Exported, level: Level | None) -> Table:
    match what:
        case Exported.PHOTOS:
            return collection.photo_table(level)
        case Exported.GRAPH:
            return collection.edge_table()
        case Exported.TREE:
            return collection.tree_table(level)
        case Exported.MAP:
            return collection.map_table(level)

"""Exporting: the collection as a table that other programs read."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from annclust.arrays import Nodes
from annclust.choices import path_of
from annclust.errors import InputError, OutputError
from annclust.neighbor_graph import NeighborGraph
from annclust.photo_map.places import Places
from annclust.storage.durable import published
from annclust.storage.records import ExportRow

ExportFormat = Literal["csv", "json", "parquet"]

Cell = str | int | float | bool | None
Record = Mapping[str, Cell]
"""One row of a table, by column."""


@dataclass(frozen=True, slots=True)
class Table:
    """Records of the same columns; they can be read once."""

    columns: tuple[str, ...]
    records: Iterable[Record]


def photo_table(rows: Iterable[ExportRow]) -> Table:
    """One record a photo; `cluster` and `probability` are None outside of any cluster."""
    columns = ("id", "path", "cluster", "probability", "representative", "digest")
    return Table(columns, map(_photo_record, rows))


def _photo_record(row: ExportRow) -> Record:
    return {
        "id": row.id,
        "path": os.fsdecode(row.path),
        "cluster": row.cluster,
        "probability": row.probability,
        "representative": row.representative,
        "digest": row.digest.hex(),
    }


def edge_table(graph: NeighborGraph, ids: Nodes) -> Table:
    """One record an edge of the neighbor graph, by photo and nearest first.

    Parameters
    ----------
    graph : NeighborGraph
    ids : ndarray of shape (n,), int64
        Photo of each node.
    """
    return Table(("source", "target", "distance"), _edge_records(graph, ids))


def _edge_records(graph: NeighborGraph, ids: Nodes) -> Iterator[Record]:
    for node, neighbors in enumerate(graph.neighbors):
        known = neighbors >= 0
        targets = ids[neighbors[known]].tolist()
        distances = graph.distances[node][known].tolist()
        for target, distance in zip(targets, distances, strict=True):
            yield {"source": int(ids[node]), "target": target, "distance": distance}


def map_table(ids: Nodes, places: Places, rows: Iterable[ExportRow]) -> Table:
    """One record a photo that is on the map, by id; `cluster` is None outside of any cluster.

    Parameters
    ----------
    ids : ndarray of shape (m,), int64
        Of the photos on the map, ascending.
    places : ndarray of shape (m, 2), float32
    rows : iterable of ExportRow
        Of all photos, by id.
    """
    return Table(("id", "path", "x", "y", "cluster"), _map_records(ids, places, rows))


def _map_records(ids: Nodes, places: Places, rows: Iterable[ExportRow]) -> Iterator[Record]:
    place_of = dict(zip(ids.tolist(), places.tolist(), strict=True))
    for row in rows:
        if row.id in place_of:
            x, y = (round(each, 6) for each in place_of[row.id])
            path = os.fsdecode(row.path)
            yield {"id": row.id, "path": path, "x": x, "y": y, "cluster": row.cluster}


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let a file be written that appears only when it is whole.

    A link is followed; what is no ordinary file (a pipe, a device) is written to as it stands.

    Raises
    ------
    OutputError
        If the system refuses.
    """
    target = path_of(path).resolve()
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as file:
                write(file)
            return
        with published(target) as beside, beside.open("wb") as file:
            write(file)
    except OSError as error:
        raise OutputError(path, reason=error.strerror or str(error)) from error


def write_table(table: Table, form: ExportFormat, file: BinaryIO) -> None:
    """Write a table to an open file.

    Names that are not UTF-8 keep their bytes in CSV, and are escaped elsewhere.

    Raises
    ------
    InputError
        If Parquet is asked for and pyarrow is not installed.
    """
    match form:
        case "csv":
            _write_csv(table, file)
        case "json":
            file.write(json.dumps(list(table.records), indent=1).encode() + b"\n")
        case "parquet":
            _write_parquet(table, file)


def _write_csv(table: Table, file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(table.columns)
    for record in table.records:
        cells = [_cell(record[column]) for column in table.columns]
        # Readers take a lone carriage return for the end of a line; `csv` does not see to that.
        tricky = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if tricky else plain).writerow(cells)
    text.flush()
    text.detach()


def _cell(value: Cell) -> Cell:
    return str(value).lower() if isinstance(value, bool) else value


def _write_parquet(table: Table, file: BinaryIO) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            "Parquet needs pyarrow. Install it with: pip install 'annclust[parquet]'"
        ) from error
    columns: dict[str, list[Cell]] = {name: [] for name in table.columns}
    for record in table.records:
        for name, cells in columns.items():
            cells.append(_portable(record[name]))
    pyarrow.parquet.write_table(pyarrow.table(columns), file)


def _portable(value: Cell) -> Cell:
    """Parquet's text is UTF-8 alone: odd bytes of a name are shown escaped."""
    return (
        os.fsencode(value).decode("utf-8", "backslashreplace") if isinstance(value, str) else value
    )

from __future__ import annotations

import csv
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.errors import OutputError
from annclust.neighbor_graph import NeighborGraph
from annclust.pipeline.exporting import (
    ExportFormat,
    Table,
    edge_table,
    photo_table,
    write_table,
    write_whole,
)
from annclust.storage.records import ExportRow

ODD = Path(os.fsdecode(b"/photos/caf\xe9, \xc3\xa4.jpg"))
ROWS = (
    ExportRow(ImageId(1), Path("/photos/a.jpg"), b"\x01\xff", 7, 0.5, True),
    ExportRow(ImageId(2), ODD, b"\x02\xff", None, None, False),
)


def write_file(table: Table, form: ExportFormat, path: Path) -> None:
    write_whole(path, lambda file: write_table(table, form, file))


def written(form: str) -> bytes:
    file = io.BytesIO()
    write_table(photo_table(ROWS), form, file)  # type: ignore[arg-type]
    return file.getvalue()


def test_csv_has_a_line_a_photo_and_keeps_the_bytes_of_names() -> None:
    assert written("csv").split(b"\n") == [
        b"id,path,cluster,probability,representative,digest",
        b"1,/photos/a.jpg,7,0.5,true,01ff",
        b'2,"/photos/caf\xe9, \xc3\xa4.jpg",,,false,02ff',
        b"",
    ]


def test_json_is_one_list_from_which_the_bytes_of_names_come_back() -> None:
    first, second = json.loads(written("json"))
    assert first["cluster"] == 7
    assert second["cluster"] is None
    assert os.fsencode(second["path"]) == os.fsencode(ODD)


def test_parquet_has_typed_columns_and_escaped_names() -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    table = parquet.read_table(io.BytesIO(written("parquet"))).to_pylist()
    assert [row["cluster"] for row in table] == [7, None]
    assert table[1]["path"] == "/photos/caf\\xe9, ä.jpg"


def test_edges_are_named_by_photo() -> None:
    graph = NeighborGraph(
        np.array([[1, -1], [0, -1]], np.int32), np.array([[0.5, np.inf]] * 2, np.float32)
    )
    table = edge_table(graph, np.array([10, 20]))
    assert list(table.records) == [
        {"source": 10, "target": 20, "distance": 0.5},
        {"source": 20, "target": 10, "distance": 0.5},
    ]


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "photos.csv"
    write_file(photo_table(ROWS), "csv", path)
    assert path.read_bytes() == written("csv")
    with pytest.raises(OutputError, match="none"):
        write_file(photo_table(ROWS), "csv", tmp_path / "none" / "photos.csv")
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    write_file(photo_table(ROWS), "csv", link)
    assert link.is_symlink()
    assert target.read_bytes() == written("csv")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(pipe.read_bytes)
        write_file(photo_table(ROWS), "csv", pipe)
        assert reading.result(timeout=30) == written("csv")
    assert pipe.is_fifo()


def test_a_carriage_return_in_a_name_does_not_end_the_row() -> None:
    file = io.BytesIO()
    row = replace(ROWS[0], path=Path("/photos/a\rb.jpg"))
    write_table(photo_table([row]), "csv", file)
    text = io.StringIO(file.getvalue().decode(), newline="")
    (_, cells) = csv.reader(text)
    assert cells[1] == "/photos/a\rb.jpg"

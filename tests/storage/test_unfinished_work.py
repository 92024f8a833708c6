from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annclust.storage import layout
from annclust.storage.unfinished_work import UnfinishedWork

PART = np.arange(12, dtype=np.int32).reshape(3, 4)


def test_a_part_comes_back_as_it_was_put(tmp_path: Path) -> None:
    shelf = UnfinishedWork(tmp_path, "rows=1")
    assert shelf.get("join-0") is None
    shelf.put("join-0", PART)
    shelf.put("join-0", PART + 1)
    found = UnfinishedWork(tmp_path, "rows=1").get("join-0")
    assert found is not None
    assert (found.dtype, found.tolist()) == (np.int32, (PART + 1).tolist())


def test_parts_of_other_work_are_dropped_and_other_files_are_not(tmp_path: Path) -> None:
    UnfinishedWork(tmp_path, "rows=1").put("join-0", PART)
    (tmp_path / "work-of-art.jpg").touch()
    other = UnfinishedWork(tmp_path, "rows=2")
    assert other.get("join-0") is None
    assert [path.name for path in tmp_path.iterdir()] == ["work-of-art.jpg"]


@pytest.mark.parametrize("size", [0, 8, 100, -1])
def test_a_part_that_is_not_whole_is_none(tmp_path: Path, size: int) -> None:
    shelf = UnfinishedWork(tmp_path, "rows=1")
    shelf.put("join-0", PART)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:size])
    assert shelf.get("join-0") is None


def test_a_part_with_a_wrong_byte_is_none(tmp_path: Path) -> None:
    shelf = UnfinishedWork(tmp_path, "rows=1")
    shelf.put("join-0", PART)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    assert shelf.get("join-0") is None


def test_clearing_drops_what_begins_so(tmp_path: Path) -> None:
    shelf = UnfinishedWork(tmp_path, "rows=1")
    for name in ("join-0", "join-16384", "measure-0"):
        shelf.put(name, PART)
    shelf.clear("join")
    assert shelf.get("join-16384") is None
    assert shelf.get("measure-0") is not None
    shelf.clear()
    assert not list(tmp_path.iterdir())


def test_its_files_are_known_and_half_written_ones_may_be_removed(tmp_path: Path) -> None:
    UnfinishedWork(tmp_path, "rows=1").put("join-0", PART)
    (path,) = tmp_path.iterdir()
    assert layout.is_work_file(path.name)
    assert not layout.may_be_removed(path.name)
    assert layout.may_be_removed(path.name + layout.UNFINISHED)


def test_where_the_disk_refuses_work_goes_on_without_it(tmp_path: Path) -> None:
    shelf = UnfinishedWork(tmp_path, "rows=1")
    shelf.put("join-0", PART)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()  # in the place of the part
    shelf.put("join-0", PART)
    assert shelf.get("join-0") is None
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    shelf.clear()
    UnfinishedWork(tmp_path / "nowhere", "rows=1").put("join-0", PART)

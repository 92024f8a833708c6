from __future__ import annotations

import errno
import os
from pathlib import Path

import apsw
import pytest
import xxhash

from annclust.errors import CollectionDamagedError, StorageError
from annclust.storage.durable import file_digest, published, remove_file, storage_errors, write_at
from tests.storage.conftest import limited_file_size


def test_a_published_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with published(path) as beside:
        beside.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with storage_errors(path), published(path) as beside:
            beside.write_bytes(b"half")
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(StorageError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "input/output"),
        (errno.ENOENT, "No such file"),
    ],
)
def test_errors_of_the_system_are_told_in_words(number: int, reason: str) -> None:
    with pytest.raises(StorageError, match=reason) as failure, storage_errors(Path("file")):
        raise OSError(number, os.strerror(number))
    assert failure.value.path == Path("file")


def test_an_error_without_a_number_is_told_too() -> None:
    with pytest.raises(StorageError, match="strange"), storage_errors(Path("file")):
        raise OSError("strange")


def test_errors_of_sqlite_are_told_in_words(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "catalog.sqlite"
    with pytest.raises(StorageError, match="cannot be opened"), storage_errors(missing):
        apsw.Connection(str(missing))
    with pytest.raises(StorageError, match="no such table"), storage_errors(missing):
        apsw.Connection(":memory:").execute("SELECT * FROM t")


def test_a_damaged_database_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"not a database" * 100)
    db = apsw.Connection(str(path))
    with pytest.raises(CollectionDamagedError, match="not a database"), storage_errors(path):
        db.execute("PRAGMA user_version")
    db.close()


def test_all_bytes_are_written_where_they_belong(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        write_at(descriptor, memoryview(b"world"), 6)
        write_at(descriptor, memoryview(b"hello "), 0)
        with limited_file_size(13), pytest.raises(OSError, match="too large"):
            write_at(descriptor, memoryview(b"!" * 10), 11)
    finally:
        os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"hello world!!"


def test_a_file_digest_is_xxh3_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10_000_000)
    assert file_digest(path) == xxhash.xxh3_128_digest(b"x" * 10_000_000)


def test_files_and_links_are_removed_and_directories_stay(tmp_path: Path) -> None:
    folder, file, link = tmp_path / "folder", tmp_path / "file", tmp_path / "link"
    folder.mkdir()
    file.write_bytes(b"1")
    link.symlink_to(folder)
    for path in (folder, file, link, tmp_path / "nothing"):
        remove_file(path)
    assert [*tmp_path.iterdir()] == [folder]

"""Files are moved whole, never in the place of others, within a disk and to another one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from annclust.purge.file_moves import (
    copy_beside,
    look_at,
    make_folders,
    move,
    remove_empty_folders,
    set_time,
)
from tests.purge.conftest import SmallDisk

LONGEST = "ü" * 127 + "x"
"""A name of 255 bytes."""


def photo(path: Path, content: bytes = b"picture") -> Path:
    """A file as a camera left it."""
    path.write_bytes(content)
    path.chmod(0o640)
    os.setxattr(path, "user.rating", b"5")
    os.utime(path, ns=(10**18 + 1, 10**18 + 2))
    return path


def facts(path: Path) -> tuple[bytes, int, int, int, bytes]:
    state = path.stat()
    rating = os.getxattr(path, "user.rating")
    return path.read_bytes(), state.st_mtime_ns, state.st_mode, state.st_uid, rating


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("name", ["plain.jpg", LONGEST, os.fsdecode(b"\xff\n.jpg")])
def test_a_file_is_moved_with_its_bytes_names_and_times(tmp_path: Path, name: str) -> None:
    source, target = photo(tmp_path / name), tmp_path / "trash" / name
    make_folders(target.parent)
    before = facts(source)
    move(source, target, seen=look_at(source))
    assert facts(target) == before
    assert not source.exists()


@pytest.mark.parametrize("name", ["plain.jpg", LONGEST])
def test_a_file_is_copied_to_another_disk_with_all_that_it_was(
    tmp_path: Path, small_disk: SmallDisk, name: str
) -> None:
    source = photo(tmp_path / name, bytes(range(256)) * 8192)
    before = facts(source)
    with small_disk() as disk:
        with pytest.raises(OSError, match="cross-device") as refused:
            move(source, disk / name)
        assert refused.value.errno == errno.EXDEV
        move(source, disk / name, token="abc", seen=look_at(source))
        assert not source.exists()
        assert facts(disk / name) == before
        assert names(disk) == [name]
        move(disk / name, source, token="abc")
        assert facts(source) == before
        assert names(disk) == []


def test_a_copy_that_does_not_fit_leaves_no_trace(tmp_path: Path, small_disk: SmallDisk) -> None:
    source = photo(tmp_path / "large.jpg", bytes(300_000))
    with small_disk("128k") as disk:
        with pytest.raises(OSError, match="No space left"):
            move(source, disk / "large.jpg", token="abc")
        assert names(disk) == []
    assert source.stat().st_size == 300_000


@pytest.mark.parametrize("across", [False, True])
def test_nothing_is_overwritten(tmp_path: Path, small_disk: SmallDisk, across: bool) -> None:
    source = photo(tmp_path / "one.jpg")
    with small_disk() as disk:
        target = photo((disk if across else tmp_path) / "other.jpg", b"somebody's")
        with pytest.raises(FileExistsError):
            move(source, target, token="abc")
        assert (source.read_bytes(), target.read_bytes()) == (b"picture", b"somebody's")
        assert len(names(target.parent)) == (1 if across else 3)


def test_two_names_of_one_file_stay_two(tmp_path: Path) -> None:
    source, target = photo(tmp_path / "one.jpg"), tmp_path / "other.jpg"
    target.hardlink_to(source)
    with pytest.raises(FileExistsError):
        move(source, target)
    assert source.stat().st_nlink == 2


@pytest.mark.parametrize("across", [False, True])
def test_what_is_not_what_was_seen_is_told(
    tmp_path: Path, small_disk: SmallDisk, across: bool
) -> None:
    source = photo(tmp_path / "one.jpg")
    seen = look_at(source)
    source.unlink()
    photo(source, b"another one")
    with small_disk() as disk:
        target = (disk if across else tmp_path) / "trash.jpg"
        with pytest.raises(OSError, match="it changed while it was moved"):
            move(source, target, token="abc", seen=seen)
        there = target if target.exists() else source
        assert there.read_bytes() == b"another one"


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(OSError, match="no ordinary file"):
        look_at(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic links"):
        look_at(tmp_path / "link")


def test_reading_leaves_the_time_of_access(tmp_path: Path) -> None:
    path = photo(tmp_path / "one.jpg")
    look_at(path)
    assert path.stat().st_atime_ns == 10**18 + 1


def test_a_time_is_given_back(tmp_path: Path) -> None:
    path = photo(tmp_path / "one.jpg")
    set_time(path, 5)
    state = path.stat()
    assert (state.st_mtime_ns, state.st_atime_ns) == (5, 10**18 + 1)


def test_a_copy_has_a_name_of_its_own_that_fits(tmp_path: Path) -> None:
    one, other = copy_beside(tmp_path / LONGEST, "abc"), copy_beside(tmp_path / "x", "abc")
    assert one != other != copy_beside(tmp_path / "x", "def")
    assert len(os.fsencode(one.name)) == len(other.name) < 60


def test_folders_are_removed_as_far_as_they_are_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    make_folders(folder, mode=0o700)
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "a" / "stays").write_text("x")
    remove_empty_folders(folder, up_to=tmp_path)
    assert names(tmp_path / "a") == ["stays"]

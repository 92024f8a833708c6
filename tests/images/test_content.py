from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from blake3 import blake3

from annclust.images.content import UnreadableFileError, describe_os_error, read_content

LIMIT = 1 << 20


def refusal(path: Path, *, max_bytes: int = LIMIT) -> tuple[str, bool]:
    with pytest.raises(UnreadableFileError) as caught:
        read_content(os.fsencode(path), max_bytes=max_bytes)
    return caught.value.reason, caught.value.retry


def test_content_is_all_bytes_their_digest_and_the_time_of_change(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    content = read_content(os.fsencode(path), max_bytes=LIMIT)
    assert content.data == b"content"
    assert content.digest() == blake3(b"content").digest()
    assert content.modified_ns == path.stat().st_mtime_ns


def test_an_empty_file_has_content_too(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert read_content(os.fsencode(tmp_path / "a.jpg"), max_bytes=LIMIT).data == b""


def test_a_file_that_is_gone_may_come_back(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.jpg") == ("it vanished", True)


def test_a_link_is_only_read_when_asked(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"content")
    link = tmp_path / "link.jpg"
    link.symlink_to("a.jpg")
    assert refusal(link) == ("it is a symbolic link", True)
    content = read_content(os.fsencode(link), max_bytes=LIMIT, follow_symlinks=True)
    assert content.data == b"content"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert refusal(tmp_path / "pipe.jpg") == ("not an ordinary file", True)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == ("not an ordinary file", True)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    path.touch()
    os.truncate(path, 1 << 40)  # of holes
    assert refusal(path) == ("1099512 MB are more than the limit of 1", False)


def test_a_file_whose_bytes_the_disk_does_not_give_may_be_readable_another_time() -> None:
    memory = Path("/proc/self/mem")  # an ordinary file, whose first bytes are an I/O error
    assert refusal(memory) == ("input/output error", True)


def test_a_file_from_before_1970_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.jpg"
    path.write_bytes(b"content")
    os.utime(path, ns=(0, -5_000_000_000))
    assert read_content(os.fsencode(path), max_bytes=LIMIT).modified_ns == -5_000_000_000


def test_a_file_that_grows_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "growing.jpg"
    path.write_bytes(bytes(LIMIT // 2))
    refused = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not refused.is_set():
                file.write(b"more")
                os.truncate(path, LIMIT // 2)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reason = _first_refusal(path)
    finally:
        refused.set()
        writer.join()
    assert reason == "it changed while it was read"


def _first_refusal(path: Path) -> str:
    for _ in range(100_000):
        try:
            read_content(os.fsencode(path), max_bytes=LIMIT)
        except UnreadableFileError as error:
            return error.reason
    return "never refused"


def test_reasons_begin_small_and_say_what_matters() -> None:
    assert describe_os_error(PermissionError(errno.EACCES, "Permission denied")) == (
        "permission denied"
    )
    assert describe_os_error(OSError("Strange")) == "strange"

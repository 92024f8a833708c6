from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from annclust.images.thumbnail_files import ThumbnailFiles
from tests.images.test_picture import file_of

WEBP = file_of("WebP")
OTHER = file_of("WebP", (50, 40))
DIGEST, ANOTHER = bytes(range(32)), bytes(32)


@pytest.fixture
def files(tmp_path: Path) -> ThumbnailFiles:
    return ThumbnailFiles(tmp_path / "cache")


def the_file(tmp_path: Path) -> Path:
    """The only file that is kept."""
    (path,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    return path


def test_what_is_kept_is_read_again(files: ThumbnailFiles, tmp_path: Path) -> None:
    assert files.read(DIGEST) is None
    files.keep(DIGEST, WEBP)
    assert files.read(DIGEST) == WEBP
    assert files.read(ANOTHER) is None
    assert the_file(tmp_path).relative_to(tmp_path / "cache").as_posix() == (
        f"thumbnails/00/{DIGEST.hex()}.webp"
    )


def test_what_is_kept_again_takes_the_place_of_the_first(files: ThumbnailFiles) -> None:
    files.keep(DIGEST, OTHER)
    files.keep(DIGEST, WEBP)
    assert files.read(DIGEST) == WEBP
    assert files.bytes_used() == len(WEBP)


@pytest.mark.parametrize(
    "damage",
    [b"", WEBP[:10], WEBP[:-1], WEBP + b"\0", b"x" + WEBP[1:], file_of("JPEG"), bytes(10**6)],
)
def test_a_damaged_file_is_as_good_as_none(
    files: ThumbnailFiles, tmp_path: Path, damage: bytes
) -> None:
    files.keep(DIGEST, WEBP)
    the_file(tmp_path).write_bytes(damage)
    assert files.read(DIGEST) is None
    files.keep(DIGEST, WEBP)
    assert files.read(DIGEST) == WEBP


def test_nobody_else_may_look(files: ThumbnailFiles, tmp_path: Path) -> None:
    files.keep(DIGEST, WEBP)
    folder = the_file(tmp_path).parents[1]
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_a_cache_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = ThumbnailFiles(tmp_path / "file")
    files.keep(DIGEST, WEBP)
    assert files.read(DIGEST) is None
    assert files.bytes_used() == 0
    files.clear()


def test_a_folder_in_the_place_of_a_file_does_no_harm(
    files: ThumbnailFiles, tmp_path: Path
) -> None:
    files.keep(DIGEST, WEBP)
    path = the_file(tmp_path)
    path.unlink()
    path.mkdir()
    assert files.read(DIGEST) is None
    files.keep(DIGEST, WEBP)
    assert list(path.parent.iterdir()) == [path]  # nothing is left beside


def test_clearing_removes_thumbnails_and_nothing_else(
    files: ThumbnailFiles, tmp_path: Path
) -> None:
    files.keep(DIGEST, WEBP)
    files.keep(ANOTHER, OTHER)
    assert files.bytes_used() == len(WEBP) + len(OTHER)
    model = tmp_path / "cache" / "model.onnx"
    model.write_bytes(b"model")
    stray = tmp_path / "cache" / "thumbnails" / "00" / "notes.txt"
    stray.write_text("mine")
    left_over = stray.with_name(f"{DIGEST.hex()}.webp.0123.part")
    left_over.write_bytes(WEBP[:9])
    files.clear()
    assert files.read(DIGEST) is None
    assert files.bytes_used() == 0
    assert (model.exists(), stray.exists(), left_over.exists()) == (True, True, False)
    files.keep(DIGEST, WEBP)
    assert files.read(DIGEST) == WEBP


def test_many_may_keep_and_read_one_at_once(files: ThumbnailFiles) -> None:
    wrong: list[bytes | None] = []

    def work() -> None:
        for turn in range(50):
            files.keep(DIGEST, (WEBP, OTHER)[turn % 2])
            seen = files.read(DIGEST)
            if seen not in (WEBP, OTHER):
                wrong.append(seen)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_link_for_a_cache_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    ThumbnailFiles(tmp_path / "link").keep(DIGEST, WEBP)
    assert ThumbnailFiles(tmp_path / "real").read(DIGEST) == WEBP

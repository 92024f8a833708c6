"""A disk that is full, or read-only, as the system itself reports it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from annclust.collection import Collection
from tests.albums import album

Mount = Callable[..., AbstractContextManager[Path]]


@pytest.fixture
def mounted(tmp_path: Path) -> Mount:
    """Mount something for the length of a block, where this user may mount."""

    @contextmanager
    def mount(*arguments: object) -> Iterator[Path]:
        place = tmp_path / "mounted"
        place.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", *map(str, arguments), place], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("this user may not mount")
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)

    return mount


def annclust(*arguments: object) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "annclust", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=os.environ,
    )  # fmt: skip


@pytest.mark.parametrize("kilobytes", [40, 120, 200, 260])
def test_a_full_disk_is_reported_and_what_was_stored_stays(
    tmp_path: Path, mounted: Mount, kilobytes: int
) -> None:
    photos = album(tmp_path / "photos", groups=20, shots=8)
    with mounted("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs") as disk:
        path = disk / "c.annclust"
        done = annclust("index", photos, "-c", path, "--embedder", "color-histogram")
        assert (done.returncode, done.stdout) == (1, "")
        assert "full" in done.stderr  # SQLite calls some of these an input/output error
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        done = annclust("index", photos, "-c", path, "--embedder", "color-histogram")
        assert done.returncode == 0, done.stderr
        with Collection(path, create=False) as collection:
            assert collection.status().images == 160
            assert collection.check().ok


def test_a_collection_on_a_read_only_disk_is_read_and_not_written(
    tmp_path: Path, mounted: Mount
) -> None:
    photos = album(tmp_path / "photos")
    source = tmp_path / "source"
    source.mkdir()
    path = source / "c.annclust"
    assert annclust("index", photos, "-c", path, "--embedder", "color-histogram").returncode == 0
    assert annclust("cluster", "-c", path).returncode == 0
    with mounted("--bind", source) as disk:
        subprocess.run(["mount", "-o", "remount,ro,bind", disk], check=True)
        seen, query = disk / "c.annclust", photos / "burst 0" / "IMG_00.jpg"
        for command in (["status"], ["clusters"], ["similar", query], ["export"], ["check"]):
            done = annclust(*command, "-c", seen)
            assert done.returncode == 0, done.stderr
        for command in (["index"], ["cluster"]):
            done = annclust(*command, "-c", seen)
            assert (done.returncode, done.stdout) == (1, "")
            assert "read-only" in done.stderr
            assert len(done.stderr.splitlines()) == 1
        new = annclust("index", photos, "-c", disk / "new", "--embedder", "color-histogram")
        assert new.returncode == 1
        assert "read-only" in new.stderr

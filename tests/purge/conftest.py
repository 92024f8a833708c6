"""What tests of purges share: an album that is indexed, and disks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from annclust.collection import Collection
from tests.purge.purges import Photos

SmallDisk = Callable[..., AbstractContextManager[Path]]


@pytest.fixture
def known(collection: Collection, photos: Path) -> Photos:
    """An album of three bursts of four shots, indexed."""
    collection.index([photos])
    return Photos.of(collection)


@pytest.fixture
def small_disk(tmp_path: Path) -> SmallDisk:
    """Another disk, of some KB, where this user may mount."""

    @contextmanager
    def mounted(size: str = "4m") -> Iterator[Path]:
        place = tmp_path / "disk"
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("this user may not mount")
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)

    return mounted

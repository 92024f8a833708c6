"""Stores on a temporary disk."""

from __future__ import annotations

import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.embedding.embedder import EmbedderSpec
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

DIMENSION = 8
SPEC = EmbedderSpec("test", "1", DIMENSION)


def content(number: int, *, like: int | None = None) -> EmbeddedContent:
    """A content of its own digest; its vector is that of content `like`."""
    direction = np.random.default_rng(number if like is None else like).normal(size=DIMENSION)
    vector = (direction / np.linalg.norm(direction)).astype(np.float32)
    return EmbeddedContent(number.to_bytes(32, "big"), 100 + number, 640, 480, "JPEG", vector)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "trip.annclust"


@pytest.fixture
def writer(directory: Path) -> Iterator[StoreWriter]:
    with StoreWriter.create(directory, SPEC) as opened:
        yield opened


def add_photos(writer: StoreWriter, *numbers: int) -> list[int]:
    """Add one photo for each content, all under one root."""
    with writer.catalog.transaction():
        root = writer.catalog.add_root(b"/photos", 1)
        return [
            writer.catalog.add_image(
                root.id, b"%d.jpg" % number, 100 + number, 0, number.to_bytes(32, "big")
            )
            for number in numbers
        ]


def store_groups(writer: StoreWriter, groups: dict[int, int], representative: int) -> None:
    """Put rows into groups, for all of which one photo stands."""
    with writer.catalog.transaction():
        writer.catalog.add_clustering(
            "shots",
            settings="{}",
            summary="{}",
            members=[(row, group, 1.0) for row, group in groups.items()],
            representatives=dict.fromkeys(groups.values(), ImageId(representative)),
            next_cluster=9,
        )


@contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """Let no file of this process grow past `size`: as good as a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


ReadOnlyDisk = Callable[[Path], AbstractContextManager[Path]]


@pytest.fixture
def read_only_disk(tmp_path: Path) -> ReadOnlyDisk:
    """Show a folder through a read-only mount, where this user may mount."""

    @contextmanager
    def mounted(folder: Path) -> Iterator[Path]:
        place = tmp_path / "mounted"
        place.mkdir()
        bind = subprocess.run(["mount", "--bind", folder, place], capture_output=True, check=False)
        if bind.returncode:
            pytest.skip("this user may not mount")
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
            yield place
        finally:
            subprocess.run(["umount", place], check=True)

    return mounted

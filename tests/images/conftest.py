"""What the tests of reading and decoding share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from annclust.images.decode_workers import DecodeWorkers
from tests.images.samples import GEOMETRY, ONE_WORKER, PHOTO, endless_jpeg


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    return path


@pytest.fixture(scope="session")
def endless_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes so long to decode that there is time to do something to its worker."""
    path = tmp_path_factory.mktemp("endless") / "endless.jpg"
    path.write_bytes(endless_jpeg())
    return path


@pytest.fixture(scope="module")
def workers() -> Iterator[DecodeWorkers]:
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as running:
        yield running

"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from annclust.collection import Collection
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from tests.albums import album
from tests.object_storage import ENVIRONMENT, Bucket, Server

settings.register_profile("noisy cores", deadline=None)
settings.load_profile("noisy cores")

SHARED_PHOTOS = Path(__file__).parents[1].parent / "shared" / "photos"


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """The labelled photos beside the repository, where somebody put them."""
    if not SHARED_PHOTOS.is_dir():
        pytest.skip("the labelled photos are not beside the repository")
    return SHARED_PHOTOS


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """An album of three bursts of four shots."""
    return album(tmp_path / "photos")


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """An empty collection of the shipped, tiny embedder, with one decoding worker."""
    settings = IndexingSettings(decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1))
    with Collection(tmp_path / "c.annclust", embedder="color-histogram", settings=settings) as made:
        yield made


@pytest.fixture(scope="session")
def object_storage() -> Iterator[Server]:
    """A server that speaks S3, where what it takes is installed."""
    for library in ("moto.moto_server.werkzeug_app", "boto3", "s3fs"):
        pytest.importorskip(library, reason=f"{library} is not installed: pip install '.[dev]'")
    server = Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(object_storage: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which this process and all that it starts find by their environment."""
    for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": object_storage.url}).items():
        monkeypatch.setenv(name, value)
    made = Bucket(object_storage)
    object_storage.asked.clear()
    yield made
    object_storage.refused = None

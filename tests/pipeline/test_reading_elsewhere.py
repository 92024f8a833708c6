"""Photos that others read, decode and embed come into a collection as those that are read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Pixels, Vectors
from annclust.collection import Collection
from annclust.embedding.embedder import Unembeddable, UnembeddableError
from annclust.errors import EngineError
from annclust.images.decoded_image import DecodedImage
from annclust.images.read_jobs import ReadJob, ReadResult
from annclust.pipeline.reading_elsewhere import embedded, read_shard, reading_orders
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings, ScanSettings
from annclust.storage.store import Store
from tests.albums import save
from tests.engines import Elsewhere

SETTINGS = IndexingSettings(
    scan=ScanSettings((), follow_symlinks=False),
    decode=DecodeSettings(workers=1),
    embed=EmbedSettings(threads=1),
)


def stored(path: Path) -> list[tuple[object, ...]]:
    """All that a collection knows of its photos, with their vectors."""
    with Store(path) as store:
        images = store.catalog.images_by_id([row.id for row in store.catalog.export("")])
        vectors = store.vectors()
        return sorted(
            (
                *(image.path, image.digest, image.size, image.modified_ns),
                vectors.stored[image.row].tobytes(),
                str(store.catalog.capture_of(image.digest)),
            )
            for image in images
        )


@pytest.fixture
def album(photos: Path) -> Path:
    """Photos, a copy, a damaged file, and one that is none."""
    (photos / "copy.jpg").write_bytes((photos / "burst 0" / "IMG_00.jpg").read_bytes())
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    save(photos / "burst 0" / "odd.png", 40)
    return photos


@pytest.mark.parametrize("embedder", ["color-histogram", "efficientnet-lite0"])
def test_what_others_read_is_what_would_be_read_here(
    tmp_path: Path, album: Path, embedder: str
) -> None:
    with Collection(tmp_path / "here.annclust", embedder=embedder, settings=SETTINGS) as here:
        expected = here.index(album)
    settings = SETTINGS.on(Elsewhere())
    with Collection(tmp_path / "there.annclust", embedder=embedder, settings=settings) as there:
        found = there.index(album)
        assert there.index().embedded == 0
    assert stored(there.path) == stored(here.path)
    assert replace(found, seconds=0) == replace(expected, seconds=0)
    assert found.embedded == 13


def test_a_folder_that_is_away_keeps_nobody_from_reading_the_others(
    tmp_path: Path, album: Path
) -> None:
    other = save(tmp_path / "other" / "a.jpg", 50).parent
    settings = SETTINGS.on(Elsewhere())
    path = tmp_path / "c.annclust"
    with Collection(path, embedder="color-histogram", settings=settings) as collection:
        collection.index([album, other])
        other.rename(tmp_path / "away")
        save(album / "new.jpg", 51)
        report = collection.index()
    assert (report.embedded, report.removed, len(report.offline)) == (1, 0, 1)


def test_who_cannot_see_the_photos_says_so(tmp_path: Path) -> None:
    spec = Collection(tmp_path / "c.annclust", embedder="color-histogram").embedder
    orders = reading_orders(spec, SETTINGS, [b"/no/such/folder"])
    with pytest.raises(EngineError, match="cannot see the photos: there is no /no/such/folder"):
        read_shard(orders, [ReadJob(0, b"/no/such/folder/a.jpg")])


def test_who_has_another_model_says_so(tmp_path: Path, album: Path) -> None:
    spec = Collection(tmp_path / "c.annclust", embedder="color-histogram").embedder
    orders = reading_orders(replace(spec, revision="another"), SETTINGS, [str(album).encode()])
    with pytest.raises(EngineError, match="have to be the same everywhere"):
        read_shard(orders, [ReadJob(0, str(album / "copy.jpg").encode())])


class Particular:
    """Embeds everything but what is red."""

    def embed(self, images: Sequence[Pixels]) -> Vectors:
        red = [at for at, image in enumerate(images) if image[0, 0, 0] == 255]
        if red:
            raise UnembeddableError({at: Unembeddable("it is red", retry=False) for at in red})
        return np.array([[float(image[0, 0, 1])] for image in images], dtype=np.float32)


def read(key: int, red: int, green: int) -> ReadResult:
    pixels = np.full((2, 2, 3), (red, green, 0), dtype=np.uint8)
    digest = bytes([red, green])
    return ReadResult(key, digest, 10, key, DecodedImage(pixels, 2, 2, "PNG"))


def test_what_the_embedder_refuses_is_told_of_each_file_and_the_others_are_embedded() -> None:
    broken = ReadResult(4, reason="it is torn")
    results = [
        read(0, 0, 1),
        read(1, 255, 2),
        read(2, 0, 3),
        read(3, 255, 2),
        broken,
        read(5, 0, 1),
    ]
    found = embedded(results, Particular(), batch=2)  # type: ignore[arg-type]
    assert [result.key for result, _ in found] == list(range(6))
    reasons = [result.reason for result, _ in found]
    assert reasons == [None, "it is red", None, "it is red", "it is torn", None]
    vectors = [None if content is None else content.vector.tolist() for _, content in found]
    assert vectors == [[1.0], None, [3.0], None, None, [1.0]]
    assert all(result.image is None for result, _ in found)

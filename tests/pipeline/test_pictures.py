"""Pictures of a collection's photos, for many who look at once."""

from __future__ import annotations

import io
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annclust.collection import Collection
from annclust.errors import PhotoGoneError, UnknownPhotoError, UnreadableImageError
from annclust.images.digest import digest_of
from annclust.images.thumbnail_files import ThumbnailFiles
from annclust.pipeline.pictures import Pictures
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from tests.albums import picture, save
from tests.images.samples import PHOTO, difference, png_that_promises
from tests.images.watching import eventually
from tests.pipeline.test_captures import away


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    save(folder / "a.jpg", 1)
    save(folder / "b.jpg", 2)
    picture(3, (3000, 2000)).save(folder / "large.jpg")
    return folder


@pytest.fixture
def photos(collection: Collection, folder: Path) -> dict[str, ImageRecord]:
    collection.index([folder])
    with Store(collection.path) as store:
        found = store.catalog.images_by_id([row.id for row in store.catalog.export("")])
        return {photo.full_path.name: photo for photo in found}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def pictures(cache: Path) -> Iterator[Pictures]:
    with Pictures(DecodeSettings(), cache) as opened:
        yield opened


def opened(encoded: bytes) -> Image.Image:
    return Image.open(io.BytesIO(encoded))


def test_photos_are_shown_in_three_sizes(
    pictures: Pictures, photos: dict[str, ImageRecord]
) -> None:
    large = photos["large.jpg"]
    shown = [
        opened(each)
        for each in (
            pictures.thumbnail(large),
            pictures.picture(large),
            pictures.picture(large, full=True),
        )
    ]
    assert [each.size for each in shown] == [(320, 213), (2048, 1365), (3000, 2000)]
    assert [each.format for each in shown] == ["WEBP", "WEBP", "JPEG"]
    small = opened(pictures.thumbnail(photos["a.jpg"])).convert("RGB")
    assert difference(np.asarray(small), np.asarray(picture(1))) < 8


def test_thumbnails_outlive_who_made_them(
    photos: dict[str, ImageRecord], cache: Path, folder: Path
) -> None:
    with Pictures(DecodeSettings(), cache) as pictures:
        first = pictures.thumbnail(photos["a.jpg"])
    folder.rename(folder.with_name("unplugged"))
    with Pictures(DecodeSettings(), cache) as pictures:
        assert pictures.thumbnail(photos["a.jpg"]) == first
        with pytest.raises(PhotoGoneError, match="not there any more"):
            pictures.thumbnail(photos["b.jpg"])


def test_a_damaged_thumbnail_is_made_again(photos: dict[str, ImageRecord], cache: Path) -> None:
    photo = photos["a.jpg"]
    with Pictures(DecodeSettings(), cache) as pictures:
        first = pictures.thumbnail(photo)
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    file.write_bytes(first[:100])
    with Pictures(DecodeSettings(), cache) as pictures:
        assert pictures.thumbnail(photo) == first
    assert file.read_bytes() == first


def test_a_cache_that_cannot_be_written_only_costs_time(
    photos: dict[str, ImageRecord], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with Pictures(DecodeSettings(), tmp_path / "file") as pictures:
        assert opened(pictures.thumbnail(photos["a.jpg"])).size == (96, 72)


def test_a_photo_that_was_changed_is_told_and_not_shown(
    pictures: Pictures, photos: dict[str, ImageRecord]
) -> None:
    photo = photos["a.jpg"]
    for show in (pictures.thumbnail, pictures.picture):
        show(photo)
        shutil.copy(photos["b.jpg"].full_path, photo.full_path)
        with pytest.raises(UnknownPhotoError, match="changed since it was indexed"):
            show(photo)
        save(photo.full_path, 1)  # as it was, but for its time
        assert opened(show(photo)).size == (96, 72)


def test_also_one_that_looks_as_it_did(pictures: Pictures, photos: dict[str, ImageRecord]) -> None:
    photo = photos["a.jpg"]
    away(photo.full_path)
    with pytest.raises(UnknownPhotoError):
        pictures.thumbnail(photo)


def test_a_link_to_something_else_is_not_followed_to_another_content(
    pictures: Pictures, photos: dict[str, ImageRecord], tmp_path: Path
) -> None:
    secret = save(tmp_path / "secret.jpg", 9)
    path = photos["a.jpg"].full_path
    path.unlink()
    path.symlink_to(secret)
    for show in (pictures.thumbnail, pictures.picture):
        with pytest.raises(UnknownPhotoError):
            show(photos["a.jpg"])


@pytest.mark.parametrize("instead", ["nothing", "a file for a folder", "a folder", "a pipe"])
def test_a_photo_that_is_gone_is_told(
    pictures: Pictures, photos: dict[str, ImageRecord], folder: Path, instead: str
) -> None:
    photo = photos["a.jpg"]
    photo.full_path.unlink()
    expected: type[Exception] = PhotoGoneError
    if instead == "a file for a folder":
        shutil.rmtree(folder)
        folder.touch()
    elif instead != "nothing":
        expected = UnreadableImageError
        photo.full_path.mkdir() if instead == "a folder" else os.mkfifo(photo.full_path)
    for show in (pictures.thumbnail, pictures.picture):
        with pytest.raises(expected):
            show(photo)


def test_a_photo_that_cannot_be_decoded_is_told_and_the_next_one_is_shown(
    pictures: Pictures, photos: dict[str, ImageRecord]
) -> None:
    bomb = photos["a.jpg"].full_path
    for data in (png_that_promises(17_000, 17_000), PHOTO[:300], b"text"):
        bomb.write_bytes(data)
        hostile = replace(photos["a.jpg"], digest=digest_of(bomb))
        for show in (pictures.thumbnail, pictures.picture):
            with pytest.raises(UnreadableImageError):
                show(hostile)
    assert opened(pictures.thumbnail(photos["b.jpg"])).size == (96, 72)


def test_a_worker_that_dies_costs_nothing(
    pictures: Pictures, photos: dict[str, ImageRecord]
) -> None:
    pictures.thumbnail(photos["a.jpg"])
    for pid in eventually(lambda: pictures._workers.pids):
        os.kill(pid, signal.SIGKILL)
    assert opened(pictures.picture(photos["b.jpg"])).size == (96, 72)


def test_many_may_look_at_once(
    pictures: Pictures, photos: dict[str, ImageRecord], cache: Path
) -> None:
    wanted = [photo for photo in photos.values() for _ in range(20)]
    with ThreadPoolExecutor(16) as threads:
        shown = list(threads.map(pictures.thumbnail, wanted))
        large = list(threads.map(pictures.picture, wanted))
    assert len(set(shown)) == len(set(large)) == len(photos)
    assert ThumbnailFiles(cache).bytes_used() == sum(map(len, set(shown)))

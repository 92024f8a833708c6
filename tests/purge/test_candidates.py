"""Photos of a collection as keep-best sees them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.images.capture import Capture
from annclust.pipeline.examinations import examine_photos
from annclust.purge.candidate import Candidate, Known
from annclust.purge.candidates import candidates_of
from annclust.purge.keep_best import rank
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from tests.albums import picture, save
from tests.pipeline.test_captures import as_of_old, shoot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    shoot(folder / "shot.jpg", 1)
    shutil.copy(folder / "shot.jpg", folder / "copy.jpg")
    picture(1).save(folder / "plain.png")
    save(folder / "worn.jpg", 1, quality=20)
    return folder


def candidates(path: Path) -> dict[str, Candidate]:
    """By the name of the first photo of each content."""
    with Store(path) as store:
        photos = photos_of(store)
        found = candidates_of(store, photos, examine_photos(store, photos, DecodeSettings()))
        return {photo.full_path.name: found[photo.digest] for photo in photos}


def photos_of(store: Store) -> list[ImageRecord]:
    return store.catalog.images_by_id([row.id for row in store.catalog.export("")])


def test_all_that_is_known_of_a_photo_comes_together(collection: Collection, folder: Path) -> None:
    collection.index([folder])
    found = candidates(collection.path)
    assert found["copy.jpg"] == found["shot.jpg"]
    shot, plain = found["shot.jpg"], found["plain.png"]
    assert (shot.format, plain.format) == ("JPEG", "PNG")
    assert shot.size == (folder / "shot.jpg").stat().st_size
    assert (shot.examination.width, shot.examination.height) == (96, 72)
    assert shot.capture.iso == 100
    assert (shot.has_camera, plain.has_camera) == (Known.YES, Known.NO)
    assert (shot.examination.jpeg_quality, plain.examination.jpeg_quality) == (75, None)


def test_the_best_of_a_collection_s_photos_can_be_found(
    collection: Collection, folder: Path
) -> None:
    collection.index([folder])
    found = candidates(collection.path)
    best = rank([found["worn.jpg"], found["shot.jpg"]]).photos[0]
    assert best.place == 1


def test_what_nobody_has_read_yet_is_not_known(collection: Collection, folder: Path) -> None:
    collection.index([folder])
    as_of_old(collection.path)
    shot = candidates(collection.path)["shot.jpg"]
    assert (shot.capture, shot.has_camera) == (Capture(), Known.UNREAD)


def test_photos_that_were_not_measured_are_left_out(collection: Collection, folder: Path) -> None:
    collection.index([folder])
    with Store(collection.path) as store:
        photos = photos_of(store)
        reasons = dict.fromkeys((photo.digest for photo in photos), "it vanished")
        assert candidates_of(store, photos, reasons) == {}
        assert candidates_of(store, photos, {}) == {}

"""What photos' pixels tell: measured once for each content, and kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annclust.collection import Collection
from annclust.images.examination import Examination
from annclust.images.examining import REVISION, examine
from annclust.pipeline.examinations import (
    Outcome,
    examine_photos,
    store_examinations,
    stored_examinations,
)
from annclust.progress import SILENT, StoppedError
from annclust.settings import DecodeSettings
from annclust.storage.records import ExaminationRecord, ImageRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.albums import save
from tests.images.samples import png_that_promises
from tests.pipeline.test_captures import away
from tests.stopping import StopAt

ONE = DecodeSettings(workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos; one of them has a copy."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        save(folder / name, seed)
    shutil.copy(folder / "a.jpg", folder / "copy of a.jpg")
    return folder


@pytest.fixture
def path(collection: Collection, folder: Path) -> Path:
    """The collection of these photos."""
    collection.index([folder])
    return collection.path


def photos_of(store: Store) -> list[ImageRecord]:
    return store.catalog.images_by_id([row.id for row in store.catalog.export("")])


def named(store: Store, outcomes: dict[bytes, Outcome]) -> dict[str, Outcome]:
    """Outcomes by the name of the photo."""
    photos = photos_of(store)
    return {p.full_path.name: outcomes[p.digest] for p in photos if p.digest in outcomes}


def expected(path: Path) -> Examination:
    picture = Image.open(path)
    return examine(np.asarray(picture), jpeg_table=picture.quantization[0])  # type: ignore[attr-defined]


def test_photos_are_measured_by_content(path: Path, folder: Path) -> None:
    asked: list[bytes] = []
    with Store(path) as store:
        found = examine_photos(
            store, photos_of(store), ONE, on_outcome=lambda digest, _: asked.append(digest)
        )
        assert len(asked) == len(set(asked)) == 3
        assert named(store, found) == {each.name: expected(each) for each in folder.iterdir()}


def test_a_reader_stores_nothing_and_a_writer_does(path: Path) -> None:
    with Store(path) as store:
        photos = photos_of(store)
        found = examine_photos(store, photos, ONE)
        assert stored_examinations(store, found) == {}
    with StoreWriter(path) as writer:
        assert examine_photos(writer, photos, ONE) == found
        assert stored_examinations(writer, found) == found


def test_what_is_stored_is_not_measured_again(path: Path, folder: Path) -> None:
    with StoreWriter(path) as writer:
        photos = photos_of(writer)
        found = examine_photos(writer, photos, ONE)
        shutil.rmtree(folder)
        assert examine_photos(writer, photos, ONE) == found
        assert examine_photos(writer, [], ONE) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"revision": REVISION + 1},
        {"revision": REVISION - 1},
        {"measured": "{}"},
        {"measured": "[]"},
        {"measured": "no JSON"},
        {"maps": bytes(3)},
    ],
)
def test_what_was_measured_otherwise_or_cannot_be_is_measured_again(
    path: Path, wrong: dict[str, object]
) -> None:
    with StoreWriter(path) as writer:
        photos = photos_of(writer)
        found = examine_photos(writer, photos, ONE)
        kept = writer.catalog.examinations(found)
        with writer.catalog.transaction():
            writer.catalog.add_examinations(replace(each, **wrong) for each in kept.values())
        assert stored_examinations(writer, found) == {}
        assert examine_photos(writer, photos, ONE) == found
        assert writer.catalog.examinations(found) == kept


@pytest.mark.parametrize("gone", ["a.jpg", "copy of a.jpg"])
def test_of_several_copies_one_that_can_be_read_is_enough(
    path: Path, folder: Path, gone: str
) -> None:
    before = expected(folder / "a.jpg")
    away(folder / gone)
    with Store(path) as store:
        found = named(store, examine_photos(store, photos_of(store), ONE))
    assert found["a.jpg"] == found["copy of a.jpg"] == before


def test_a_photo_that_cannot_be_measured_has_a_reason(path: Path, folder: Path) -> None:
    away(folder / "b.jpg")
    (folder / "c.jpg").unlink()
    with StoreWriter(path) as writer:
        outcomes = examine_photos(writer, photos_of(writer), ONE)
        found = named(writer, outcomes)
        assert isinstance(found["a.jpg"], Examination)
        assert found["b.jpg"] == "it changed since it was indexed"
        assert found["c.jpg"] == "it vanished"
        assert len(stored_examinations(writer, outcomes)) == 1


def test_a_photo_that_became_a_bomb_is_not_decoded(path: Path, folder: Path) -> None:
    (folder / "b.jpg").write_bytes(png_that_promises(17_000, 17_000))
    with Store(path) as store:
        found = named(store, examine_photos(store, photos_of(store), ONE))
    assert found["b.jpg"] == "it changed since it was indexed"


class StopExamining(StopAt):
    """Stops at the n-th photo that is examined."""

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator:
        with SILENT.stage(title, total, unit=unit):
            yield self


def test_what_was_measured_before_a_stop_stays(path: Path) -> None:
    with StoreWriter(path) as writer:
        photos = photos_of(writer)
        with pytest.raises(StoppedError):
            examine_photos(writer, photos, ONE, progress=StopExamining(2))
        assert len(stored_examinations(writer, digests(photos))) == 2


def digests(photos: Iterable[ImageRecord]) -> set[bytes]:
    return {photo.digest for photo in photos}


def test_many_are_stored_batch_by_batch(tmp_path: Path, path: Path) -> None:
    with StoreWriter(path) as writer:
        (one, *_) = digests(photos_of(writer))
        seen = expected(tmp_path / "photos" / "b.jpg")
        assert store_examinations(writer, {one: seen, bytes(32): "it vanished"}) == 1
        assert store_examinations(writer, {bytes(32): "it vanished"}) == 0
        assert stored_examinations(writer, [one, bytes(32)]) == {one: seen}


# For a reader that stays open


def test_a_record_of_another_collection_means_nothing(path: Path) -> None:
    with StoreWriter(path) as writer:
        with writer.catalog.transaction():
            writer.catalog.add_examinations([ExaminationRecord(bytes(32), REVISION, "{}", b"")])
        assert stored_examinations(writer, [bytes(32)]) == {}

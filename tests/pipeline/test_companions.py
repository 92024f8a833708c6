"""Raw photos and videos that belong to photos: from the scan to what is shown."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from annclust.arrays import Pixels, Vectors
from annclust.collection import Collection
from annclust.embedding.embedder import Unembeddable, UnembeddableError
from annclust.embedding.onnx_model import OnnxModel
from annclust.images.decode_workers import DecodeWorkers, ReadJob, ReadResult
from annclust.images.formats import RAW_NEEDS_AN_EXTRA
from annclust.pipeline.reports import Photo
from annclust.storage.store import Store
from scripts.faults.hostile.raw_photos import dng
from tests.albums import picture, save
from tests.embedding.networks import save_network, say

NOON = 1_700_000_000


def raw(path: Path, seed: int, *, time: float = NOON) -> Path:
    """A raw photo that was taken then."""
    path.write_bytes(dng(picture(seed)))
    return at(path, time)


def video(path: Path, *, time: float = NOON) -> Path:
    path.write_bytes(b"\0\0\0\x14ftypqt  moving")
    return at(path, time)


def at(path: Path, time: float = NOON) -> Path:
    os.utime(path, (time, time))
    return path


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """Two photos: one with a raw photo, one with a video; a raw photo and a video by themselves."""
    folder = tmp_path / "trip"
    at(save(folder / "a.jpg", 1), NOON + 1)
    raw(folder / "a.dng", 1)
    at(save(folder / "b.jpg", 2))
    video(folder / "B.MOV")
    raw(folder / "c.dng", 3)
    video(folder / "d.mp4")
    return folder


def companions(collection: Collection) -> dict[str, list[str]]:
    """Names of the files that belong to photos, by the photo's name."""
    with Store(collection.path) as store:
        found = store.catalog.companions()
        paths = {row.id: row.path for row in store.catalog.export("")}
    return {paths[image].name: [path.name for path in files] for image, files in found.items()}


TOGETHER = {"a.jpg": ["a.dng"], "b.jpg": ["B.MOV"]}


def test_what_is_of_one_shot_is_one_photo(collection: Collection, trip: Path) -> None:
    report = collection.index([trip])
    assert (report.images, report.added, report.companions, report.skipped) == (3, 3, 2, 1)
    assert report.unreadable == ()
    assert companions(collection) == TOGETHER
    assert collection.status().companions == 2
    again = collection.index()
    assert (again.added, again.removed, again.embedded, again.companions) == (0, 0, 0, 2)


def test_groups_name_what_belongs_to_their_photos(collection: Collection, trip: Path) -> None:
    shutil.copy2(trip / "a.jpg", trip / "same.jpg")
    collection.index([trip])
    (group,) = collection.clusters("copies")
    (first, second) = group.members
    assert (first.path, first.companions) == (trip / "a.jpg", (trip / "a.dng",))
    assert second == Photo(second.id, trip / "same.jpg")
    collection.cluster()
    of_it = {p.path.name: p.companions for c in collection.clusters() for p in c.members}
    assert of_it["a.jpg"] == (trip / "a.dng",)


def test_what_is_left_alone_becomes_a_photo(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    (trip / "a.jpg").unlink()
    (trip / "b.jpg").unlink()
    doubtful = collection.index()
    assert (doubtful.images, doubtful.added, len(doubtful.offline)) == (4, 1, 1)
    assert companions(collection) == {"b.jpg": ["B.MOV"]}
    report = collection.index(forget_missing=True)
    assert (report.images, report.removed, report.companions, report.skipped) == (2, 2, 0, 2)
    assert companions(collection) == {}


def test_a_raw_photo_that_gets_company_is_none_of_its_own_any_more(
    collection: Collection, trip: Path
) -> None:
    collection.index([trip])
    at(save(trip / "c.jpg", 3))
    report = collection.index()
    assert (report.images, report.added, report.removed, report.companions) == (3, 1, 1, 3)
    assert report.offline == ()
    assert companions(collection) == TOGETHER | {"c.jpg": ["c.dng"]}


def test_a_companion_that_vanishes_is_forgotten(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    (trip / "a.dng").unlink()
    report = collection.index()
    assert (report.images, report.removed, report.companions) == (3, 0, 1)
    assert companions(collection) == {"b.jpg": ["B.MOV"]}


def test_photos_move_with_what_belongs_to_them(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    (trip / "sorted").mkdir()
    for name in ("a.jpg", "a.dng"):
        (trip / name).rename(trip / "sorted" / name)
    report = collection.index()
    assert (report.images, report.moved, report.added, report.removed) == (3, 1, 0, 0)
    assert companions(collection) == TOGETHER
    # Left alone where the photo was, it is a photo itself.
    (trip / "sorted" / "a.jpg").rename(trip / "a.jpg")
    report = collection.index()
    assert (report.images, report.moved, report.added, report.companions) == (4, 1, 1, 1)


def test_a_folder_that_is_offline_keeps_what_belongs_to_its_photos(
    collection: Collection, trip: Path
) -> None:
    collection.index([trip])
    trip.rename(trip.with_name("unplugged"))
    assert collection.index().companions == 2
    trip.with_name("unplugged").rename(trip)
    (trip / "a.jpg").unlink()
    (trip / "a.dng").unlink()
    report = collection.index()  # a third is missing: not believed
    assert (report.images, report.companions, len(report.offline)) == (3, 2, 1)
    assert collection.index(forget_missing=True).companions == 1


def test_the_raw_photo_stands_for_a_photo_that_cannot_be_read(
    collection: Collection, trip: Path
) -> None:
    at(trip / "a.jpg").write_bytes(b"no picture")
    at(trip / "a.jpg")
    report = collection.index([trip])
    assert (report.images, report.added, report.companions) == (3, 3, 1)
    assert [entry.path for entry in report.unreadable] == [trip / "a.jpg"]
    again = collection.index()
    assert (again.images, again.added, again.removed, again.companions) == (3, 0, 0, 1)
    at(save(trip / "a.jpg", 1))
    mended = collection.index()
    assert (mended.images, mended.added, mended.removed, mended.unreadable) == (3, 1, 1, ())
    assert companions(collection) == TOGETHER


def test_a_photo_that_is_edited_keeps_what_belongs_to_it(
    collection: Collection, trip: Path
) -> None:
    collection.index([trip])
    at(save(trip / "a.jpg", 1, quality=80), NOON + 3600)
    at(save(trip / "b.jpg", 2, quality=80), NOON + 3600)
    report = collection.index()
    assert (report.images, report.changed, report.added, report.removed) == (3, 2, 0, 0)
    assert companions(collection) == TOGETHER
    (trip / "sorted").mkdir()
    for name in ("a.jpg", "a.dng"):
        (trip / name).rename(trip / "sorted" / name)
    assert collection.index().moved == 1
    assert companions(collection) == TOGETHER


def test_a_photo_that_cannot_be_read_for_now_is_waited_for(
    collection: Collection, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(save(trip / "e.jpg", 7))
    video(trip / "e.mov")
    raw(trip / "e.dng", 7)
    with monkeypatch.context() as locked:
        _refuse_to_read(locked, trip / "e.jpg")
        for scan in range(2):
            report = collection.index([trip])
            assert (report.images, report.companions, report.skipped) == (4, 3, 1)
            assert (report.removed, len(report.unreadable), scan) == (0, 1, scan)
            assert companions(collection) == TOGETHER | {"e.dng": ["e.mov"]}
    report = collection.index()
    assert (report.images, report.added, report.removed, report.companions) == (4, 1, 1, 4)
    assert collection.index().removed == 0
    with monkeypatch.context() as locked:  # what is known already stays
        at(save(trip / "e.jpg", 7, quality=80), NOON + 60)
        _refuse_to_read(locked, trip / "e.jpg")
        report = collection.index()
    assert (report.images, report.removed, report.companions) == (4, 0, 4)


def _refuse_to_read(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    run = DecodeWorkers.run

    def refusing(workers: DecodeWorkers, jobs: Iterable[ReadJob]) -> Iterator[ReadResult]:
        jobs = list(jobs)
        locked = {job.key for job in jobs if job.path == os.fsencode(path)}
        for result in run(workers, jobs):
            denied = ReadResult(result.key, reason="permission denied", retry=True)
            yield denied if result.key in locked else result

    monkeypatch.setattr(DecodeWorkers, "run", refusing)


def test_an_embedder_that_refuses_a_photo_takes_nothing_from_it(
    collection: Collection, trip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.index([trip])
    collection.close()
    model = save_network(tmp_path / "eyes.onnx", side=8, outputs=["places"])
    say(model, resize="squash", scale=1, mean=127.5, std=127.5, pooling="mean")
    embed = OnnxModel.embed
    refused: list[bytes] = []

    def refusing(embedder: OnnxModel, images: Sequence[Pixels]) -> Vectors:
        first = images[0].tobytes() if images else b""
        refused.append(first)  # the first one of all is a.jpg
        if first == refused[0]:
            raise UnembeddableError({0: Unembeddable("too red", retry=False)})
        return embed(embedder, images)

    monkeypatch.setattr(OnnxModel, "embed", refusing)
    for _ in range(2):
        with Collection(
            collection.path, embedder=f"onnx:{model}", add=True, settings=collection.settings
        ) as added:
            report = added.index()
        assert (report.images, report.companions, report.waiting, report.removed) == (3, 2, 1, 0)
        assert [entry.path.name for entry in report.unreadable] == ["a.jpg"]
        assert companions(collection) == TOGETHER


def test_compaction_drops_what_belonged_to_removed_photos(
    collection: Collection, trip: Path
) -> None:
    collection.index([trip])
    collection.index(forget_missing=True)
    shutil.rmtree(trip)
    collection.index([save(trip.with_name("other") / "x.jpg", 5).parent], forget_missing=True)
    collection.index(forget_missing=True)
    collection.compact()
    assert collection.check().ok
    assert companions(collection) == {}


def test_raw_photos_wait_for_rawpy(
    collection: Collection, trip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        (tmp_path / "without").mkdir()
        (tmp_path / "without" / "rawpy.py").write_text("raise ImportError")
        without.syspath_prepend(tmp_path / "without")
        report = collection.index([trip])
    assert (report.images, report.companions) == (2, 2)
    assert [(e.path.name, e.reason) for e in report.unreadable] == [("c.dng", RAW_NEEDS_AN_EXTRA)]
    report = collection.index()
    assert (report.images, report.added, report.unreadable) == (3, 1, ())

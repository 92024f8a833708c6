"""How photos were taken: from their files into the catalog."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from annclust.collection import Collection
from annclust.images.capture import Capture
from annclust.progress import SILENT, StoppedError
from annclust.settings import DecodeSettings, EmbedSettings, IndexingSettings
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.albums import picture, save
from tests.cli.test_commands import document, run
from tests.stopping import StopAt

NOON = datetime(2024, 5, 6, 12)
NOON_NS = 1_714_996_800 * 10**9


def shoot(path: Path, seed: int, *, after: int = 0) -> Path:
    """Take a photo, so many seconds after noon, in Munich."""
    exif = Image.Exif()
    photo, position = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    moment = NOON + timedelta(seconds=after)
    photo[ExifTags.Base.DateTimeOriginal] = moment.strftime("%Y:%m:%d %H:%M:%S")
    photo[ExifTags.Base.ExposureTime] = IFDRational(1, 250)
    photo[ExifTags.Base.ISOSpeedRatings] = 100
    position.update({1: "N", 2: (48.0, 7.5, 0.0), 3: "E", 4: (11.0, 30.0, 0.0)})
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, "JPEG", exif=exif)
    return path


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """Two photos that say how they were taken, and one that does not."""
    folder = tmp_path / "trip"
    shoot(folder / "a.jpg", 1)
    shoot(folder / "b.jpg", 2, after=3)
    save(folder / "c.jpg", 3)
    return folder


def captures(path: Path) -> dict[str, Capture | None]:
    """How each present photo was taken, by name."""
    with Store(path) as store:
        rows = list(store.catalog.export(""))
        return {row.path.name: store.catalog.capture_of(row.digest) for row in rows}


def as_of_old(path: Path) -> None:
    """Make a collection one of format 4, which knew nothing of captures."""
    with StoreWriter(path) as store, store.catalog.transaction():
        for table in (
            "capture",
            "decision",
            "past_member",
            "examination",
            "mark",
            "review",
            "purged_file",
            "purge",
        ):
            store.catalog._db.execute(f"DROP TABLE {table}")
        store.catalog._db.execute("DELETE FROM setting WHERE name IN ('next_groups', 'next_map')")
        store.catalog._db.execute("PRAGMA user_version = 4")


TAKEN = {
    "a.jpg": Capture(NOON_NS, 48.125, 11.5, exposure_seconds=0.004, iso=100),
    "b.jpg": Capture(NOON_NS + 3 * 10**9, 48.125, 11.5, exposure_seconds=0.004, iso=100),
    "c.jpg": Capture(),
}


def test_indexing_notes_how_photos_were_taken(collection: Collection, trip: Path) -> None:
    shutil.copy(trip / "a.jpg", trip / "copy.jpg")
    collection.index([trip])
    assert captures(collection.path) == TAKEN | {"copy.jpg": TAKEN["a.jpg"]}
    with Store(collection.path) as store:
        found = store.catalog.captures()
        assert len(found.rows) == 3
        assert sorted(found.taken.tolist())[:2] == [NOON_NS / 1e9, NOON_NS / 1e9 + 3]


def test_a_photo_that_changed_was_taken_anew(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    shoot(trip / "c.jpg", 4, after=9)
    collection.index()
    changed = captures(collection.path)["c.jpg"]
    assert changed is not None
    assert changed.taken_ns == NOON_NS + 9 * 10**9


def test_collections_of_old_learn_it_without_embedding_anew(
    collection: Collection, trip: Path
) -> None:
    shutil.copy(trip / "a.jpg", trip / "copy.jpg")
    collection.index([trip])
    as_of_old(collection.path)
    report = collection.index()
    assert (report.embedded, report.added, report.changed) == (0, 0, 0)
    assert captures(collection.path) == TAKEN | {"copy.jpg": TAKEN["a.jpg"]}


def test_what_cannot_be_read_or_is_something_else_now_is_left_for_later(
    collection: Collection, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.index([trip])
    as_of_old(collection.path)
    path, before = trip / "b.jpg", (trip / "b.jpg").read_bytes()
    seen = path.stat()
    path.write_bytes(before[:-1] + b"?")  # as large as before, and as old
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    collection.index()
    assert captures(collection.path) == TAKEN | {"b.jpg": None}
    path.write_bytes(before)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    collection.index()
    assert captures(collection.path) == TAKEN


def away(path: Path, number: int = 1) -> Path:
    """Another photo in the place of one, which looks as large and as old; the first one aside."""
    aside, seen = path.with_suffix(f".{number}"), path.stat()
    path.rename(aside)
    path.write_bytes(bytes(seen.st_size))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    return aside


@pytest.mark.parametrize("gone", [("a.jpg", "b.jpg"), ("b.jpg", "c.jpg"), ("a.jpg", "c.jpg")])
def test_of_several_copies_one_that_can_be_read_is_enough(
    collection: Collection, tmp_path: Path, gone: tuple[str, ...]
) -> None:
    copies = [tmp_path / "copies" / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    shoot(copies[0], 1)
    for copy in copies[1:]:
        shutil.copy(copies[0], copy)
    collection.index([tmp_path / "copies"])
    as_of_old(collection.path)
    for name in gone:
        away(tmp_path / "copies" / name)
    collection.index()
    assert captures(collection.path) == dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), TAKEN["a.jpg"])


def test_what_is_read_of_a_known_photo_is_kept(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    as_of_old(collection.path)
    collection.settings = replace(collection.settings, embed=EmbedSettings(commit_every=1))
    for photo in trip.iterdir():
        os.utime(photo, ns=(1, 1))
    recorded = Recorded()
    collection.progress = recorded
    collection.index()
    assert LEARNING not in recorded.titles
    assert captures(collection.path) == TAKEN


def test_places_are_kept_or_not_until_something_else_is_said(
    collection: Collection, trip: Path
) -> None:
    with_places, usual = replace(collection.settings, places=True), collection.settings
    collection.index([trip])
    collection.settings = replace(usual, places=False)
    assert collection.index().places_dropped == 2
    assert not collection.status().places
    nowhere = {name: taken.without_place() for name, taken in TAKEN.items()}
    assert captures(collection.path) == nowhere
    shoot(trip / "d.jpg", 4)
    collection.settings = usual
    collection.index()
    assert captures(collection.path) == nowhere | {"d.jpg": nowhere["a.jpg"]}
    shoot(trip / "e.jpg", 5)
    collection.settings = with_places
    report = collection.index()
    assert (report.reread, report.embedded) == (4, 1)
    everywhere = {"d.jpg": TAKEN["a.jpg"], "e.jpg": TAKEN["a.jpg"]}
    assert captures(collection.path) == TAKEN | everywhere
    assert collection.status().places
    report = collection.index()
    assert (report.places_dropped, report.reread) == (0, 0)


def test_folders_that_were_not_named_are_asked_for_places_the_next_time(
    collection: Collection, trip: Path, tmp_path: Path
) -> None:
    shoot(tmp_path / "other" / "z.jpg", 9)
    usual = collection.settings
    collection.settings = replace(usual, places=False)
    collection.index([trip, tmp_path / "other"])
    collection.settings = replace(usual, places=True)
    assert collection.index([trip]).reread == 3
    collection.settings = usual
    assert collection.index().reread == 1
    assert captures(collection.path)["z.jpg"] == TAKEN["a.jpg"]
    assert collection.index().reread == 0


@pytest.mark.parametrize(("option", "kept"), [("--no-places", None), ("--places", 48.125)])
def test_the_command_says_whether_places_are_kept(
    tmp_path: Path, trip: Path, option: str, kept: float | None
) -> None:
    path = tmp_path / "said.annclust"
    said = ["index", str(trip), "-c", str(path), "--embedder", "color-histogram", option]
    subprocess.run([sys.executable, "-m", "annclust", *said], check=True, timeout=120)
    done = document("status", "-c", path)
    assert done["places"] is (option == "--places")
    taken = captures(path)["a.jpg"]
    assert taken is not None
    assert (taken.taken_ns, taken.latitude) == (NOON_NS, kept)


def test_what_becomes_of_places_is_said(collection: Collection, trip: Path) -> None:
    path = collection.path
    collection.index([trip])
    assert "2 places dropped" in run("index", "--no-places", "-c", path).stdout
    assert "not kept: where" in run("status", "-c", path).stdout
    assert "3 photos read again" in run("index", "--places", "-c", path).stdout
    assert "places      kept: where" in run("status", "-c", path).stdout


def test_a_root_that_is_not_believed_is_not_asked(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    as_of_old(collection.path)
    (trip / "a.jpg").unlink()
    report = collection.index()
    assert len(report.offline) == 1
    assert set(captures(collection.path).values()) == {None}
    collection.index(forget_missing=True)
    assert captures(collection.path) == {name: TAKEN[name] for name in ("b.jpg", "c.jpg")}


FORMAT_4 = Path(__file__).parents[1] / "storage" / "formats" / "format-4.tar.gz"


def test_a_collection_that_was_made_in_format_4_learns_it(tmp_path: Path) -> None:
    with tarfile.open(FORMAT_4) as archive:
        archive.extractall(tmp_path, filter="data")
    path = tmp_path / "photos.annclust"
    with Store(path) as store:
        assert store.catalog.format() == 4
    before = captures(path)
    assert set(before.values()) == {None}
    with Collection(path, create=False) as collection:
        report = collection.index([tmp_path])
    assert report.embedded == 0
    assert captures(path) == before | {"IMG_0002.jpg": Capture()}  # the only one that is there


class Recorded:
    """Progress that notes the titles of stages."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator:
        self.titles.append(title)
        with SILENT.stage(title, total, unit=unit) as stage:
            yield stage


LEARNING = "Reading when photos were taken"
ONE_BY_ONE = IndexingSettings(
    decode=DecodeSettings(workers=1), embed=EmbedSettings(threads=1, commit_every=1)
)


def test_a_run_that_is_stopped_meanwhile_goes_on_the_next_time(tmp_path: Path, trip: Path) -> None:
    path = tmp_path / "c.annclust"
    with Collection(path, embedder="color-histogram", settings=ONE_BY_ONE) as collection:
        collection.index([trip])
    as_of_old(path)
    save(trip / "new.jpg", 4)
    with (
        Collection(path, settings=ONE_BY_ONE, progress=StopAtLearning(3)) as collection,
        pytest.raises(StoppedError),
    ):
        collection.index()
    known = [capture for capture in captures(path).values() if capture is not None]
    assert is_indexed(path)
    assert len(known) == 3
    recorded = Recorded()
    with Collection(path, settings=ONE_BY_ONE, progress=recorded) as collection:
        collection.index()
        assert recorded.titles.count(LEARNING) == 1
        collection.index()
        assert recorded.titles.count(LEARNING) == 1
    assert captures(path) == TAKEN | {"new.jpg": Capture()}


def is_indexed(path: Path) -> bool:
    """Whether index and graph are of all photos."""
    with Store(path) as store:
        made = [store.catalog.generation(kind) for kind in ("index", "graph")]
        return all(each is not None and each.rows == store.catalog.rows() for each in made)


class StopAtLearning(StopAt):
    """Stops a run at the n-th report of that stage."""

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator:
        with SILENT.stage(title, total, unit=unit) as silent:
            yield self if title == LEARNING else silent


def test_a_root_that_is_away_is_not_asked(collection: Collection, trip: Path) -> None:
    collection.index([trip])
    as_of_old(collection.path)
    trip.rename(trip.with_name("elsewhere"))
    collection.index()
    assert set(captures(collection.path).values()) == {None}

"""Every format that was ever written can still be read, and is brought up to the current one."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import CollectionDamagedError, NotACollectionError, StorageError
from annclust.storage import checked_sqlite
from annclust.storage.catalog import Catalog
from annclust.storage.checked_sqlite import verifies_pages
from annclust.storage.schema import CHECKED_FORMAT, FORMAT
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import verify
from tests.storage.conftest import limited_file_size

FORMATS = Path(__file__).with_name("formats")
OLDER = range(1, FORMAT)


@pytest.fixture(params=OLDER, ids=[f"format {number}" for number in OLDER])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a collection in an older format, what it said then, and one of its photos."""
    with tarfile.open(FORMATS / f"format-{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def _says_what_it_said(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    with Collection(folder / "photos.annclust", create=False) as found:
        said = [json.loads(json.dumps(r, default=str)) for r in found.photo_table().records]
        assert said == expected
        match, *others = found.similar(folder / "IMG_0002.jpg")
        assert (match.path.name, match.distance) == ("IMG_0002.jpg", 0)
        assert len(others) == len(expected) - 1
        assert found.check().ok


def test_there_is_a_collection_of_every_older_format() -> None:
    stored = {path.name for path in FORMATS.iterdir()}
    assert stored == {f"format-{number}.tar.gz" for number in OLDER}


def test_an_older_format_can_be_read(older: Path) -> None:
    before = (older / "photos.annclust" / "catalog.sqlite").read_bytes()
    _says_what_it_said(older)
    assert (older / "photos.annclust" / "catalog.sqlite").read_bytes() == before


@pytest.mark.parametrize("older", range(1, 5), indirect=True)
def test_an_older_format_says_that_it_does_not_know_what_came_later(older: Path) -> None:
    for path in (older / "photos.annclust",) * 2:
        with Store(path) as store:
            contents = [row.digest for row in store.catalog.export("shots")]
            assert {store.catalog.capture_of(digest) for digest in contents} == {None}
            assert store.catalog.captures().rows.tolist() == []
            assert store.catalog.decisions() == []
            assert store.catalog.generation("groups") is None
        with StoreWriter(path) as writer:
            assert writer.catalog.next_generation("groups") == 1
            assert len(writer.catalog.images_without_capture()) == len(contents)


def test_no_older_format_remembers_clusters_of_the_past(older: Path) -> None:
    for opened in (Store, StoreWriter, Store):
        with opened(older / "photos.annclust") as store:
            assert [each.tolist() for each in store.catalog.past_memberships("shots")] == [[], []]


def test_no_older_format_knows_of_looking_through_photos(older: Path) -> None:
    for opened in (Store, StoreWriter, Store):
        with opened(older / "photos.annclust") as store:
            digests = [row.digest for row in store.catalog.export("shots")]
            assert digests
            assert store.catalog.examinations(digests) == {}
            assert store.catalog.marks() == store.catalog.reviews() == {}
            assert store.catalog.purges() == store.catalog.purged_files(1) == []
            assert store.catalog.generation("map") is None


def test_an_older_format_is_brought_up_by_the_first_writer(older: Path) -> None:
    for _ in range(2):
        with StoreWriter(older / "photos.annclust") as writer:
            assert writer.catalog.format() == FORMAT
            assert verifies_pages(writer.catalog._db)
        _says_what_it_said(older)


def test_damage_is_noticed_once_the_format_is_brought_up(older: Path) -> None:
    StoreWriter(older / "photos.annclust").close()
    path = older / "photos.annclust" / "catalog.sqlite"
    whole = path.read_bytes()
    place = whole.index(b"IMG_0003.jpg")
    path.write_bytes(whole[:place] + b"J" + whole[place + 1 :])
    with Store(path.parent) as store, pytest.raises(CollectionDamagedError, match="not as it was"):
        list(store.catalog.export("shots"))


@pytest.mark.parametrize("older", [1, 2], indirect=True)  # format 4 adds less than fits anywhere
def test_a_full_disk_leaves_the_older_format(older: Path) -> None:
    size = (older / "photos.annclust" / "catalog.sqlite").stat().st_size
    with limited_file_size(size // 2), pytest.raises(StorageError):
        StoreWriter(older / "photos.annclust")
    with Catalog(older / "photos.annclust" / "catalog.sqlite") as catalog:
        assert catalog.format() < FORMAT
    _says_what_it_said(older)


@pytest.mark.parametrize("older", [1], indirect=True)
def test_a_format_without_checksums_stays_while_somebody_reads_it(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_sqlite, "_BUSY_TIMEOUT_MS", 100)
    with Store(older / "photos.annclust") as reader, reader.catalog.snapshot():
        reader.catalog.rows()
        with pytest.raises(StorageError, match="reading it"):
            StoreWriter(older / "photos.annclust")
        assert reader.catalog.format() < FORMAT
    _says_what_it_said(older)
    StoreWriter(older / "photos.annclust").close()
    _says_what_it_said(older)


@pytest.mark.parametrize("older", range(CHECKED_FORMAT, FORMAT), indirect=True)
def test_a_reader_goes_on_while_the_format_is_brought_up(older: Path) -> None:
    expected = json.loads((older / "expected.json").read_text())
    with Store(older / "photos.annclust") as reader:
        with reader.catalog.snapshot():
            rows = reader.catalog.rows()
            StoreWriter(older / "photos.annclust").close()
            assert reader.catalog.format() < FORMAT
            assert (reader.catalog.rows(), verify(reader)) == (rows, [])
        assert reader.catalog.format() == FORMAT
        for _ in range(2):
            assert (verify(reader), reader.catalog.rows()) == ([], rows)
            assert len(reader.catalog.live()[0]) == len(expected)
        assert len(list(reader.catalog.export("shots"))) == len(expected)


@pytest.mark.parametrize("older", range(CHECKED_FORMAT, FORMAT), indirect=True)
def test_a_writer_that_comes_just_before_a_snapshot_is_noticed(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(older / "photos.annclust") as reader:
        rows, keep_up = reader.catalog.rows(), reader.catalog._keep_up
        writers = [1]

        def late() -> None:
            keep_up()
            if writers:
                writers.pop()
                StoreWriter(older / "photos.annclust").close()

        monkeypatch.setattr(reader.catalog, "_keep_up", late)
        assert reader.catalog.rows() == rows
        assert reader.catalog.format() == FORMAT
        assert verify(reader) == []


def test_a_file_that_never_was_a_catalog_is_none(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").touch()
    with pytest.raises(NotACollectionError):
        Store(tmp_path)

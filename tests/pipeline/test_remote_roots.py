"""Photos behind URLs: what a scan makes of a bucket as photos come, change, move and go."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from annclust.choices import path_of
from annclust.collection import Collection
from annclust.errors import InputError, PhotosAwayError, PhotosNotFoundError
from annclust.images.examination import Examination
from annclust.images.remote_discovery import walk_url
from annclust.pipeline.examinations import examine_photos
from annclust.pipeline.pictures import Pictures
from annclust.pipeline.roots import check_root, resolve_folder
from annclust.progress import SILENT, Stage
from annclust.settings import IndexingSettings, ScanSettings
from annclust.storage.records import ImageRecord, Root
from annclust.storage.store import Store
from annclust.url_path import UrlPath
from tests.albums import picture, save
from tests.engines import Elsewhere
from tests.object_storage import Bucket, jpeg

_EXIF, _DATE_TIME_ORIGINAL = 0x8769, 0x9003
SEEDS = {"a.jpg": 1, "b.jpg": 2, "sub/c.jpg": 3, "sub/d.jpg": 4, "sub/e.jpg": 5, "f.jpg": 6}


@pytest.fixture
def trip(bucket: Bucket, collection: Collection) -> str:
    """URL of six photos that the collection knows."""
    for name, seed in SEEDS.items():
        bucket.put(f"trip/{name}", jpeg(seed))
    report = collection.index([f"{bucket.url}/trip"])
    assert (report.added, report.embedded, report.unreadable) == (6, 6, ())
    bucket.server.asked.clear()
    return f"{bucket.url}/trip"


def photos(collection: Collection) -> dict[str, ImageRecord]:
    """The photos of a collection, by their URLs or paths."""
    with Store(collection.path) as store:
        found = store.catalog.images_by_id(collection.photo_ids())
    return {str(photo.full_path): photo for photo in found}


def root_of(collection: Collection) -> Root:
    with Store(collection.path) as store:
        (root,) = store.catalog.roots()
    return root


def test_photos_of_a_bucket_go_by_their_urls(trip: str, collection: Collection) -> None:
    found = photos(collection)
    assert set(found) == {f"{trip}/{name}" for name in SEEDS}
    assert all(isinstance(photo.full_path, UrlPath) for photo in found.values())
    root = root_of(collection)
    assert (root.path, root.device, root.offline) == (trip.encode(), None, None)


def test_they_are_read_by_an_engine_as_well(trip: str, tmp_path: Path) -> None:
    settings = IndexingSettings().on(Elsewhere())
    path = tmp_path / "elsewhere.annclust"
    with Collection(path, embedder="color-histogram", settings=settings) as collection:
        report = collection.index(trip)
        assert report.embedded == report.images > 0


def test_a_second_scan_reads_nothing(trip: str, collection: Collection, bucket: Bucket) -> None:
    for folders in ([], [trip + "/"], [f"{trip}/sub"]):
        report = collection.index(folders)
        assert (report.added, report.changed, report.moved, report.removed) == (0, 0, 0, 0)
    assert bucket.server.reads() == []
    assert root_of(collection).path == trip.encode()


def test_what_came_is_added_and_read_alone(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.put("trip/new.jpg", jpeg(7))
    report = collection.index()
    assert (report.added, report.embedded, report.images) == (1, 1, 7)
    assert bucket.server.reads() == [f"/{bucket.name}/trip/new.jpg"]


def test_what_was_changed_keeps_its_id(trip: str, collection: Collection, bucket: Bucket) -> None:
    before = photos(collection)[f"{trip}/a.jpg"]
    bucket.put("trip/a.jpg", jpeg(8))
    report = collection.index()
    assert (report.changed, report.added, report.removed) == (1, 0, 0)
    after = photos(collection)[f"{trip}/a.jpg"]
    assert after.id == before.id
    assert after.digest != before.digest


def test_what_was_moved_is_read_once_more_and_known_by_its_bytes(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    before = photos(collection)[f"{trip}/sub/c.jpg"]
    bucket.move("trip/sub/c.jpg", "trip/elsewhere/z.jpg")
    report = collection.index()
    assert (report.moved, report.added, report.removed, report.embedded) == (1, 0, 0, 0)
    assert bucket.server.reads() == [f"/{bucket.name}/trip/elsewhere/z.jpg"]
    after = photos(collection)[f"{trip}/elsewhere/z.jpg"]
    assert (after.id, after.digest) == (before.id, before.digest)


def test_what_was_removed_is_forgotten(trip: str, collection: Collection, bucket: Bucket) -> None:
    bucket.remove("trip/f.jpg")
    report = collection.index()
    assert (report.removed, report.images, report.offline) == (1, 5, ())


_REASONS = {0: "the folder is not there", 2: "4 of its 6 photos are not there"}


@pytest.mark.parametrize("left", _REASONS)
def test_that_most_photos_of_a_bucket_are_gone_is_not_believed(
    trip: str, collection: Collection, bucket: Bucket, left: int
) -> None:
    for key in bucket.listed()[left:]:
        bucket.remove(key)
    report = collection.index()
    assert (report.removed, report.images) == (0, 6)
    (offline,) = report.offline
    assert str(offline.path) == trip
    assert offline.reason == (
        "4 of its 6 photos are not there" if left else "the folder is not there"
    )
    assert collection.index(forget_missing=True).removed == 6 - left


def test_a_folder_that_the_server_does_not_list_hides_its_photos_alone(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.put("trip/a.jpg", jpeg(8))
    bucket.server.refused = re.compile("prefix=trip/sub/")
    report = collection.index()
    assert (report.changed, report.removed, report.images) == (1, 0, 6)
    (unlisted,) = report.unreadable
    assert str(unlisted.path) == f"{trip}/sub"
    assert unlisted.reason == "the server says: access denied"
    bucket.server.refused = None
    assert collection.index().unreadable == ()


def test_a_server_that_says_no_to_everything_keeps_its_photos(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.server.refused = re.compile("")
    report = collection.index()
    assert (report.removed, report.images) == (0, 6)
    assert [each.reason for each in report.offline] == ["the server says: access denied"]
    # Not even then: nobody said that they are gone.
    assert collection.index(forget_missing=True).images == 6
    bucket.server.refused = None
    assert collection.index().offline == ()


def test_an_object_that_cannot_be_read_is_named_and_tried_again(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    url = bucket.put("trip/new.jpg", jpeg(7))
    bucket.put("trip/broken.jpg", b"no picture")
    bucket.server.refused = re.compile("GET /[^/]+/trip/new.jpg")
    report = collection.index()
    told = {str(each.path): each.reason for each in report.unreadable}
    assert told[url] == "the server says: access denied"
    assert len(told) == 2
    bucket.server.refused = None
    bucket.server.asked.clear()
    assert collection.index().added == 1
    assert bucket.server.reads() == [f"/{bucket.name}/trip/new.jpg"]


def test_keys_that_are_no_paths_and_marks_of_folders_are_left_out(
    bucket: Bucket, collection: Collection
) -> None:
    for key in ("trip/", "trip/empty/", "trip/sub//c.jpg", "trip//b.jpg", "trip/photo"):
        bucket.put(key, jpeg(1))
    kept = [bucket.put(f"trip/{name}", jpeg(2)) for name in ("a b+%41?&#.jpg", "Ünï 写真.jpg")]
    report = collection.index([f"{bucket.url}/trip"])
    assert (report.images, report.skipped, report.unreadable) == (2, 1, ())
    assert sorted(photos(collection)) == sorted(kept)


def test_a_folder_of_more_objects_than_one_answer_lists_is_found_whole(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "5")  # of the server
    for number in range(12):
        bucket.put(f"many/{number:02}.jpg", b"")
    found = walk_url(f"{bucket.url}/many".encode(), ScanSettings())
    assert [each.path for each in found] == [b"%02d.jpg" % number for number in range(12)]
    lists = [request for request in bucket.server.asked if "prefix=many/" in request]
    assert len(lists) == 3


def test_a_whole_bucket_can_be_a_folder(bucket: Bucket, collection: Collection) -> None:
    bucket.put("a.jpg", jpeg(1))
    bucket.put("sub/b.jpg", jpeg(2))
    assert collection.index([bucket.url]).added == 2
    assert collection.index([f"{bucket.url}/sub"]).images == 2


def test_a_folder_around_a_known_one_leaves_it_its_photos(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.put("trip2/a.jpg", jpeg(9))
    before = {url: photo.id for url, photo in photos(collection).items()}
    assert collection.index([bucket.url]).added == 1
    after = {url: photo.id for url, photo in photos(collection).items()}
    assert after == {**before, f"{bucket.url}/trip2/a.jpg": after[f"{bucket.url}/trip2/a.jpg"]}


def test_what_is_in_a_folder_and_in_a_bucket_is_embedded_once(
    trip: str, collection: Collection, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "copy.jpg").write_bytes(jpeg(1))
    report = collection.index([tmp_path / "photos"])
    assert (report.added, report.embedded, report.duplicates) == (1, 0, 1)


def test_what_moves_from_a_bucket_to_a_folder_keeps_its_id(
    trip: str, collection: Collection, bucket: Bucket, tmp_path: Path
) -> None:
    save(tmp_path / "photos" / "other.jpg", 11)
    collection.index([tmp_path / "photos"])
    before = photos(collection)[f"{trip}/b.jpg"]
    (tmp_path / "photos" / "b.jpg").write_bytes(jpeg(2))
    bucket.remove("trip/b.jpg")
    report = collection.index()
    assert (report.moved, report.added, report.removed) == (1, 0, 0)
    assert photos(collection)[str(tmp_path / "photos" / "b.jpg")].id == before.id


def test_what_moves_from_a_folder_to_a_bucket_keeps_its_id_though_the_folder_is_not_scanned(
    trip: str, collection: Collection, bucket: Bucket, tmp_path: Path
) -> None:
    moving = save(tmp_path / "photos" / "moving.jpg", 11)
    save(tmp_path / "photos" / "staying.jpg", 12)
    collection.index([tmp_path / "photos"])
    before = photos(collection)[str(moving)]
    bucket.put("trip/moving.jpg", moving.read_bytes())
    moving.unlink()
    report = collection.index([trip])
    assert (report.moved, report.added, report.images) == (1, 0, 8)
    assert photos(collection)[f"{trip}/moving.jpg"].id == before.id


def test_a_scan_of_another_folder_asks_no_server(
    trip: str, collection: Collection, bucket: Bucket, tmp_path: Path
) -> None:
    save(tmp_path / "photos" / "other.jpg", 11)
    assert collection.index([tmp_path / "photos"]).images == 7
    collection.cluster()
    collection.status()
    collection.check()
    assert bucket.server.asked == []


def test_look_alikes_are_found_by_url(trip: str, collection: Collection) -> None:
    (first, *_) = collection.similar(f"{trip}/a.jpg", k=3)
    assert str(first.path) == f"{trip}/a.jpg"
    assert first.distance < 1e-3


def test_an_object_that_is_no_photo_of_the_collection_can_be_asked_about(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    url = bucket.put("elsewhere/query.jpg", jpeg(3, quality=60))
    (first,) = collection.similar(url, k=1)
    assert str(first.path) == f"{trip}/sub/c.jpg"


def test_a_photo_that_is_away_is_known_by_its_url(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.remove("trip/a.jpg")
    collection.cluster()
    explained = collection.explain(f"{trip}/a.jpg", f"{trip}/b.jpg")
    assert str(explained.photo.path) == f"{trip}/a.jpg"


def test_a_person_sees_pictures_of_photos_in_a_bucket(
    trip: str, collection: Collection, tmp_path: Path
) -> None:
    photo = photos(collection)[f"{trip}/a.jpg"]
    with Pictures(collection.settings.decode, tmp_path / "cache") as pictures:
        assert pictures.thumbnail(photo).startswith(b"RIFF")
        assert pictures.picture(photo, full=True).startswith(b"\xff\xd8")


def test_photos_in_a_bucket_are_examined_as_others_are(trip: str, collection: Collection) -> None:
    found = photos(collection)
    with Store(collection.path) as store:
        examined = examine_photos(store, list(found.values()), collection.settings.decode)
    assert len(examined) == len(SEEDS)
    assert all(isinstance(each, Examination) for each in examined.values())


def test_a_url_that_names_no_folder_is_refused(trip: str, bucket: Bucket) -> None:
    for url, why in (
        (f"{bucket.url}/nothing", "no such folder"),
        ("s3://nobodys-bucket/trip", "no such folder"),
        (f"{trip}/a.jpg", "a file, not a folder"),
        (f"{trip}/../trip", "no way up"),
        (f"{trip}/.annclust-trash/x", "a trash"),
    ):
        with pytest.raises(PhotosNotFoundError, match=why):
            resolve_folder(path_of(url))


def test_a_bucket_that_may_not_be_looked_into_is_refused(bucket: Bucket) -> None:
    bucket.server.refused = re.compile("")
    with pytest.raises(PhotosAwayError, match="access denied"):
        resolve_folder(path_of(f"{bucket.url}/trip"))


def test_a_scheme_without_its_library_is_refused_with_what_to_install() -> None:
    with pytest.raises(InputError, match="pip install gcsfs"):
        resolve_folder(path_of("gs://bucket/photos"))


def test_a_folder_whose_name_an_object_has_is_hidden_and_not_gone(bucket: Bucket) -> None:
    bucket.put("trip", b"12345")
    check = check_root(Root(1, f"{bucket.url}/trip".encode()))
    assert (check.problem, check.gone) == ("an object of its name hides the folder", False)


class Recovers:
    """Progress at whose first stage a server answers again."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @contextmanager
    def stage(self, title: str, /, total: int | None = None, *, unit: str = "") -> Iterator[Stage]:
        self._bucket.server.refused = None
        with SILENT.stage(title, total, unit=unit) as stage:
            yield stage


def test_a_server_that_answers_again_during_a_scan_has_lost_nothing(
    trip: str, collection: Collection, bucket: Bucket
) -> None:
    bucket.server.refused = re.compile(".")
    collection.progress = Recovers(bucket)
    report = collection.index(forget_missing=True)
    assert (report.images, report.removed) == (6, 0)
    assert [each.reason for each in report.offline] == ["the server says: access denied"]
    assert collection.index(forget_missing=True).offline == ()


def test_when_a_photo_was_taken_is_read_behind_urls_too(
    bucket: Bucket, collection: Collection
) -> None:
    exif = Image.Exif()
    exif.get_ifd(_EXIF)[_DATE_TIME_ORIGINAL] = "2024:05:06 07:08:09"
    file = io.BytesIO()
    picture(1).save(file, "JPEG", exif=exif)
    bucket.put("a.jpg", file.getvalue())
    collection.index([bucket.url])
    with Store(collection.path) as store:
        (details,) = store.catalog.details(collection.photo_ids()).values()
    taken = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert details.capture.taken_ns == taken.timestamp() * 1e9

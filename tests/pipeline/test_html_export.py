from __future__ import annotations

import io
import os
import shutil
from datetime import date
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from annclust.collection import Collection
from annclust.errors import NothingClusteredError
from annclust.pipeline.html_export import write_html
from annclust.progress import StoppedError
from annclust.settings import DecodeSettings, ShownLevel
from annclust.storage.store import Store
from tests.albums import picture, save, with_remark
from tests.html_reader import ReadPage, ReadPhoto
from tests.stages import Overhears
from tests.stopping import StopAt

ALONE = DecodeSettings(workers=1)


def written(collection: Collection, level: ShownLevel | None = None) -> bytes:
    file = io.BytesIO()
    collection.write_html(file, level)
    return file.getvalue()


def clustered(collection: Collection, photos: Path) -> Collection:
    collection.index([photos])
    collection.cluster()
    return collection


def photo_called(page: ReadPage, name: str) -> ReadPhoto:
    (found,) = [p for group in page.groups for p in group.photos if p.caption == name]
    return found


def test_every_group_is_there_with_every_member_once(collection: Collection, photos: Path) -> None:
    page = ReadPage(written(clustered(collection, photos)))
    assert {group.told: set(group.captions) for group in page.groups} == {
        f"4 photos in burst {group}": {f"IMG_{group}{shot}.jpg" for shot in range(4)}
        for group in range(3)
    }
    assert sum(len(group.photos) for group in page.groups) == 12


def test_largest_groups_come_first_and_the_representative_of_each(
    collection: Collection, photos: Path
) -> None:
    for shot in range(4, 7):
        save(photos / "burst 2" / f"IMG_2{shot}.jpg", 2, shift=shot)
    page = ReadPage(written(clustered(collection, photos)))
    assert page.groups[0].told == "7 photos in burst 2"
    for group, found in zip(page.groups, collection.clusters(), strict=True):
        assert group.heading == f"Group {found.id}"
        assert group.captions[0] == found.representative.path.name


def test_pictures_are_small_webps_of_the_whole_photo(collection: Collection, photos: Path) -> None:
    for shot in range(2):
        large = picture(9, (800, 600)).rotate(0, translate=(shot, shot))
        large.save(photos / f"large {shot}.jpg", quality=95)
    page = ReadPage(written(clustered(collection, photos)))
    photo = photo_called(page, "large 1.jpg")
    assert photo.picture().size == photo.told_size == (192, 144)
    small = photo_called(page, "IMG_00.jpg")
    assert small.picture().size == small.told_size == (96, 72)  # never enlarged


def test_one_offs_are_counted_and_not_shown(collection: Collection, photos: Path) -> None:
    save(photos / "lonely.jpg", 77)
    text = written(clustered(collection, photos))
    assert b"lonely" not in text
    assert ReadPage(text).numbers == {
        "photos": 13,
        "groups": 3,
        "photos in groups": 12,
        "in no group, not shown": 1,
    }


def test_photos_that_cannot_be_read_any_more_are_named_with_the_reason(
    collection: Collection, photos: Path
) -> None:
    clustered(collection, photos)
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    save(photos / "burst 1" / "IMG_11.jpg", 55)
    page = ReadPage(written(collection))
    assert photo_called(page, "IMG_00.jpg").missing.endswith("is not shown: it vanished")
    assert photo_called(page, "IMG_11.jpg").missing.endswith("it changed since it was indexed")
    shown = [p for group in page.groups for p in group.photos if p.encoded is not None]
    assert len(shown) == 10


def test_a_photo_that_vanished_is_seen_as_long_as_a_copy_is_there(
    collection: Collection, photos: Path
) -> None:
    copy = photos / "burst 0" / "a copy.jpg"
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", copy)
    clustered(collection, photos)
    copy.unlink()
    page = ReadPage(written(collection))
    assert photo_called(page, "a copy.jpg").encoded == photo_called(page, "IMG_00.jpg").encoded


def test_the_page_tells_nothing_of_the_disk_nor_of_places(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    for shot in range(2):
        shifted = picture(9).rotate(0, translate=(shot, shot))
        shifted.save(photos / f"placed {shot}.jpg", exif=exif, comment=b"a remark")
    text = written(clustered(collection, photos))
    for private in (tmp_path, photos, tmp_path.name, photos.parent.name):
        assert os.fsencode(private) not in text
    assert b"http:" not in text
    assert b"https:" not in text
    page = ReadPage(text)
    for name in ("placed 0.jpg", "placed 1.jpg"):
        assert not photo_called(page, name).picture().getexif()
        assert b"Somebody" not in (photo_called(page, name).encoded or b"")


def test_of_several_folders_paths_are_told_from_each_of_them(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos / "burst 0", photos / "burst 1"])
    collection.cluster()
    page = ReadPage(written(collection))
    assert [group.told for group in page.groups] == ["4 photos", "4 photos"]


def test_the_same_groups_give_the_same_page(collection: Collection, photos: Path) -> None:
    clustered(collection, photos).close()
    pages = []
    for workers in (1, 3):
        file = io.BytesIO()
        with Store(collection.path) as store:
            write_html(store, file, DecodeSettings(workers=workers), day=date(2026, 3, 1))
        pages.append(file.getvalue())
    assert pages[0] == pages[1]


def test_groups_of_any_level_are_shown(collection: Collection, photos: Path) -> None:
    first = photos / "burst 0" / "IMG_00.jpg"
    with_remark(first, photos / "remark.jpg")
    clustered(collection, photos)
    collection.cluster("themes")
    assert b'class="level">Themes, ' in written(collection)
    assert b'class="level">Shots, ' in written(collection, "shots")
    assert ReadPage(written(collection, "copies")).groups[0].told == "2 photos"


def test_more_photos_than_are_made_at_a_time_are_all_there(
    collection: Collection, photos: Path
) -> None:
    for number in range(600):
        shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / f"copy {number:03}.jpg")
    collection.index([photos])
    (group,) = ReadPage(written(collection, "copies")).groups
    assert len(set(group.captions)) == len(group.photos) == 601
    assert all(photo.encoded == group.photos[0].encoded for photo in group.photos)


def test_without_groups_nothing_is_written(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    file = io.BytesIO()
    with pytest.raises(NothingClusteredError):
        collection.write_html(file)
    assert file.getvalue() == b""


def test_each_photo_is_reported_and_the_run_can_be_stopped(
    collection: Collection, photos: Path
) -> None:
    clustered(collection, photos)
    told: list[int] = []
    collection.progress = Overhears("Making pictures", told.append)
    written(collection)
    assert told == [1] * 12
    collection.progress = StopAt(5)
    with pytest.raises(StoppedError):
        written(collection)

"""Folders that move, hide behind links, lie in each other or are unplugged."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.pipeline.reports import IndexReport
from annclust.storage.store_writer import StoreWriter
from tests.albums import album, save
from tests.stages import Overhears


def ids(collection: Collection) -> dict[str, int]:
    """Id of each photo by its path."""
    return {str(r["path"]): int(str(r["id"])) for r in collection.photo_table().records}


def names(collection: Collection) -> set[str]:
    return {root.path.name for root in collection.status().roots}


def changes(report: IndexReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.moved, report.removed


def test_a_folder_that_moved_and_left_a_link_is_still_one_folder(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    photos.rename(tmp_path / "big disk")
    photos.symlink_to(tmp_path / "big disk")
    for folder in (photos, tmp_path / "big disk", tmp_path / "big disk" / "burst 1"):
        report = collection.index([folder])
        assert (report.images, changes(report)) == (12, (0, 0, 0, 0))


def test_a_moved_root_keeps_its_tombstones_to_itself(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    collection.index()
    photos.rename(tmp_path / "new")
    report = collection.index([tmp_path / "new"])
    assert (report.moved, report.offline) == (11, ())
    assert collection.index().offline == ()
    assert names(collection) == {"new"}


def test_copies_do_not_take_over_the_photos_of_an_unplugged_disk(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    stick = album(tmp_path / "stick", groups=2)
    save(photos / "alone.jpg", 70)
    collection.index([photos, stick])
    before = ids(collection)
    shutil.copy(stick / "burst 0" / "IMG_00.jpg", photos / "a copy.jpg")
    stick.rename(tmp_path / "unplugged")
    stick.mkdir()  # as an empty mount point
    report = collection.index()
    assert (report.added, report.moved, report.removed) == (1, 0, 0)
    assert [entry.reason for entry in report.offline] == ["the folder is empty"]
    stick.rmdir()
    (tmp_path / "unplugged").rename(stick)
    assert changes(collection.index()) == (0, 0, 0, 0)
    assert before.items() <= ids(collection).items()


def test_a_copy_does_not_take_over_a_photo_of_an_unplugged_disk_that_is_not_scanned(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    save(stick / "special.jpg", 80)
    collection.index([photos, stick])
    before = ids(collection)
    shutil.copy(stick / "special.jpg", photos / "a copy.jpg")
    stick.rename(tmp_path / "unplugged")
    stick.mkdir()  # as an empty mount point
    assert changes(collection.index([photos])) == (1, 0, 0, 0)
    assert before.items() <= ids(collection).items()


def test_an_unplugged_disk_that_was_backed_up_is_scanned_again_when_it_is_back(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    stick = album(tmp_path / "stick", groups=2)
    collection.index([photos, stick])
    shutil.copytree(stick, photos / "backup")
    stick.rename(tmp_path / "unplugged")
    collection.index()
    (tmp_path / "unplugged").rename(stick)
    assert collection.index().images == 12 + 8 + 8
    assert names(collection) == {"photos", "stick"}


def test_a_folder_inside_another_that_is_given_with_it_is_part_of_it(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos / "burst 1", photos])
    assert names(collection) == {"photos"}


def test_photos_of_an_inner_root_that_was_tidied_away_are_recognised(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos / "burst 0"])
    collection.index([photos])
    before = {Path(path).name: number for path, number in ids(collection).items()}
    (photos / "burst 0").rename(photos / "lakes")
    assert changes(collection.index()) == (0, 0, 4, 0)
    assert {Path(path).name: number for path, number in ids(collection).items()} == before
    assert names(collection) == {"photos"}


def test_a_photo_keeps_its_id_if_only_the_folder_it_moved_to_is_indexed(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    other = album(tmp_path / "other", groups=1)
    save(photos / "burst 0" / "special.jpg", 80)
    collection.index([photos, other])
    before = ids(collection)[str(photos / "burst 0" / "special.jpg")]
    (photos / "burst 0" / "special.jpg").rename(other / "moved.jpg")
    assert changes(collection.index([other])) == (0, 0, 1, 0)
    assert ids(collection)[str(other / "moved.jpg")] == before
    assert changes(collection.index()) == (0, 0, 0, 0)


def test_a_photo_keeps_its_id_if_it_moves_to_the_place_of_another_in_the_only_folder_indexed(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    other = album(tmp_path / "other", groups=1)
    save(photos / "burst 0" / "special.jpg", 80)
    collection.index([photos, other])
    before = ids(collection)[str(photos / "burst 0" / "special.jpg")]
    place = other / "burst 0" / "IMG_00.jpg"
    (photos / "burst 0" / "special.jpg").replace(place)
    assert changes(collection.index([other])) == (0, 0, 1, 1)
    assert ids(collection)[str(place)] == before
    assert changes(collection.index()) == (0, 0, 0, 0)


@pytest.mark.parametrize("after", [1, 5, 12])
def test_a_folder_that_goes_while_it_is_walked_is_offline(
    collection: Collection, photos: Path, after: int
) -> None:
    collection.index([photos])
    files = count(1)

    def unplug(steps: int) -> None:
        assert steps == 1
        if next(files) == after:
            photos.rename(photos.with_name("unplugged"))

    collection.progress = Overhears("Looking for photos", unplug)
    report = collection.index(forget_missing=False)
    assert (report.images, report.removed) == (12, 0)


def test_hard_links_are_copies_of_one_photo(collection: Collection, photos: Path) -> None:
    (photos / "twin.jpg").hardlink_to(photos / "burst 0" / "IMG_00.jpg")
    report = collection.index([photos])
    assert (report.images, report.duplicates, collection.status().vectors) == (13, 1, 12)


def test_a_name_in_other_case_is_a_moved_photo(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    folder = photos / "burst 0"
    (folder / "IMG_00.jpg").rename(folder / "img_00.JPG")
    assert changes(collection.index()) == (0, 0, 1, 0)


def test_another_card_in_the_same_place_is_not_the_old_one_changed(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    before = ids(collection)
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        (root,) = store.catalog.roots()
        store.catalog.set_root_state(root.id, device=1, offline=None)  # as if it was another one
    kept = shutil.copytree(photos, tmp_path / "kept", copy_function=shutil.copy2)
    for number, path in enumerate(sorted(photos.rglob("*.jpg"))):
        save(path, 90 + number)
    reason = "the folder lies on another device, and 12 of its 12 photos are not there"
    for _ in range(2):
        report = collection.index()
        assert changes(report) == (0, 0, 0, 0)
        assert [entry.reason for entry in report.offline] == [reason]
    assert ids(collection) == before
    shutil.rmtree(photos)
    kept.rename(photos)
    assert changes(collection.index()) == (0, 0, 0, 0)
    assert collection.index().offline == ()
    for number, path in enumerate(sorted(photos.rglob("*.jpg"))):
        save(path, 90 + number)
    assert changes(collection.index(forget_missing=True)) == (0, 12, 0, 0)


def test_a_small_card_with_new_photos_under_old_names_is_another_one(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    before = ids(collection)
    shutil.rmtree(photos)
    photos.mkdir()
    assert [entry.reason for entry in collection.index().offline] == ["the folder is empty"]
    for number in range(2):
        save(photos / "burst 0" / f"IMG_0{number}.jpg", 90 + number)
    report = collection.index()
    assert changes(report) == (0, 0, 0, 0)
    assert [e.reason for e in report.offline] == ["12 of its 12 photos are not there"]
    assert ids(collection) == before


def test_a_photo_that_was_edited_on_a_disk_with_a_new_number_is_changed(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        (root,) = store.catalog.roots()
        store.catalog.set_root_state(root.id, device=1, offline=None)
    save(photos / "burst 0" / "IMG_00.jpg", 90)
    report = collection.index()
    assert (changes(report), report.offline) == ((0, 1, 0, 0), ())

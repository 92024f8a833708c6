from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import InputError, PhotosNotFoundError
from annclust.pipeline.reports import IndexReport
from tests.albums import album, save


def changes(report: IndexReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.moved, report.removed


def ids_by_name(collection: Collection) -> dict[str, int]:
    records = collection.photo_table().records
    return {Path(str(record["path"])).name: int(str(record["id"])) for record in records}


def test_every_photo_of_a_folder_is_indexed(collection: Collection, photos: Path) -> None:
    report = collection.index([photos])
    assert (report.images, changes(report)) == (12, (12, 0, 0, 0))
    assert (report.unreadable, report.duplicates, report.skipped, report.offline) == ((), 0, 0, ())
    assert collection.status().vectors == 12


def test_a_second_run_finds_nothing_to_do(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    before = {path.name for path in collection.path.iterdir()}
    report = collection.index()
    assert (report.images, changes(report)) == (12, (0, 0, 0, 0))
    assert {path.name for path in collection.path.iterdir()} == before


def test_new_photos_are_appended(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    known = ids_by_name(collection)
    save(photos / "new.jpg", 9)
    assert changes(collection.index()) == (1, 0, 0, 0)
    now = ids_by_name(collection)
    assert {name: now[name] for name in known} == known
    assert now["new.jpg"] > max(known.values())


def test_an_exact_copy_shares_the_vector(collection: Collection, photos: Path) -> None:
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / "copy.jpg")
    report = collection.index([photos])
    assert (report.images, report.added, report.duplicates) == (13, 13, 1)
    assert collection.status().vectors == 12


def test_a_renamed_photo_keeps_its_id_and_vector(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    before = ids_by_name(collection)["IMG_00.jpg"]
    (photos / "burst 0" / "IMG_00.jpg").rename(photos / "beach.jpg")
    assert changes(collection.index()) == (0, 0, 1, 0)
    assert ids_by_name(collection)["beach.jpg"] == before
    assert collection.status().vectors == 12


def test_a_renamed_folder_moves_all_its_photos(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    (photos / "burst 0").rename(photos / "lake")
    (photos / "burst 1").rename(photos / "hills")
    assert changes(collection.index()) == (0, 0, 8, 0)
    assert ids_by_name(collection) == before


def test_a_moved_root_takes_its_photos_along(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    photos.rename(tmp_path / "elsewhere")
    assert changes(collection.index([tmp_path / "elsewhere"])) == (0, 0, 12, 0)
    assert ids_by_name(collection) == before
    assert [root.path.name for root in collection.status().roots] == ["elsewhere"]


def test_a_changed_photo_keeps_its_id_and_gets_a_new_vector(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    save(photos / "burst 0" / "IMG_00.jpg", 77)
    assert changes(collection.index()) == (0, 1, 0, 0)
    assert ids_by_name(collection) == before
    assert collection.status().vectors == 13


def test_a_touched_photo_is_not_a_changed_one(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    os.utime(photos / "burst 0" / "IMG_00.jpg", ns=(1, 1))
    assert changes(collection.index()) == (0, 0, 0, 0)
    assert changes(collection.index()) == (0, 0, 0, 0)


def test_photos_that_swap_names_keep_their_ids(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    folder = photos / "burst 0"
    (folder / "IMG_00.jpg").rename(folder / "aside")
    (folder / "IMG_01.jpg").rename(folder / "IMG_00.jpg")
    (folder / "aside").rename(folder / "IMG_01.jpg")
    for name in ("IMG_00.jpg", "IMG_01.jpg"):
        os.utime(folder / name, ns=(5, 5))
    assert changes(collection.index()) == (0, 0, 2, 0)
    now = ids_by_name(collection)
    assert now["IMG_00.jpg"] == before["IMG_01.jpg"]
    assert now["IMG_01.jpg"] == before["IMG_00.jpg"]


def test_a_deleted_photo_is_gone_and_comes_back_under_its_id(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    shutil.move(photos / "burst 0" / "IMG_00.jpg", tmp_path / "trash.jpg")
    report = collection.index()
    assert (report.images, changes(report)) == (11, (0, 0, 0, 1))
    assert "IMG_00.jpg" not in ids_by_name(collection)
    shutil.move(tmp_path / "trash.jpg", photos / "burst 0" / "IMG_00.jpg")
    report = collection.index()
    assert (report.images, report.added, report.duplicates) == (12, 1, 1)
    assert ids_by_name(collection) == before


@pytest.mark.parametrize("loss", ["missing", "empty", "half"])
def test_photos_of_a_root_that_seems_offline_are_kept(
    collection: Collection, photos: Path, tmp_path: Path, loss: str
) -> None:
    collection.index([photos])
    match loss:
        case "missing":
            photos.rename(tmp_path / "unplugged")
        case "empty":
            shutil.rmtree(photos)
            photos.mkdir()
        case _:
            shutil.rmtree(photos / "burst 0")
    report = collection.index()
    assert (report.images, changes(report)) == (12, (0, 0, 0, 0))
    assert [entry.path for entry in report.offline] == [photos]
    assert collection.status().roots[0].offline is not None


def test_missing_photos_are_forgotten_on_demand(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    shutil.rmtree(photos / "burst 0")
    report = collection.index(forget_missing=True)
    assert (report.images, report.removed, report.offline) == (8, 4, ())


def test_a_missing_root_is_forgotten_on_demand(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    shutil.rmtree(photos)
    assert collection.index(forget_missing=True).images == 0
    assert collection.index().offline == ()
    assert collection.status().roots == ()


def test_a_root_that_comes_back_is_online_again(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    photos.rename(tmp_path / "unplugged")
    collection.index()
    (tmp_path / "unplugged").rename(photos)
    report = collection.index()
    assert (report.offline, changes(report)) == ((), (0, 0, 0, 0))
    assert collection.status().roots[0].offline is None


def test_unreadable_files_are_named_and_tried_again_only_when_they_change(
    collection: Collection, photos: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    for _ in range(2):
        report = collection.index([photos])
        assert [entry.path.name for entry in report.unreadable] == ["broken.jpg"]
        assert report.images == 12
    save(photos / "broken.jpg", 50)
    report = collection.index()
    assert (report.unreadable, report.images) == ((), 13)


def test_an_unreadable_file_that_is_deleted_is_forgotten(
    collection: Collection, photos: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    collection.index([photos])
    (photos / "broken.jpg").unlink()
    assert collection.index().unreadable == ()
    assert collection.status().unreadable == 0


def test_a_photo_that_becomes_unreadable_leaves_the_collection(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    (photos / "burst 0" / "IMG_00.jpg").write_bytes(b"no picture")
    report = collection.index()
    assert (report.images, report.removed, len(report.unreadable)) == (11, 1, 1)


def test_other_files_are_passed_over(collection: Collection, photos: Path) -> None:
    (photos / "notes.txt").write_text("hello")
    report = collection.index([photos])
    assert (report.images, report.skipped, report.unreadable) == (12, 1, ())


def test_a_folder_inside_a_root_stands_for_the_root(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    save(photos / "burst 1" / "new.jpg", 9)
    assert changes(collection.index([photos / "burst 0"])) == (1, 0, 0, 0)
    assert len(collection.status().roots) == 1


def test_a_folder_around_a_root_reaches_no_photo_twice(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos / "burst 0"])
    report = collection.index([photos])
    assert (report.images, report.added, report.duplicates) == (12, 8, 0)
    assert collection.index().images == 12


def test_excluded_names_are_left_out(collection: Collection, photos: Path) -> None:
    assert collection.index([photos], exclude=["burst 1"]).images == 8


def test_what_was_excluded_stays_excluded_until_something_else_is_said(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos], exclude=["burst 1"])
    assert collection.index().images == 8
    assert collection.index(exclude=["burst 2", "IMG_00.jpg"]).images == 7
    assert collection.index(exclude=[]).images == 12


def test_photos_that_are_excluded_later_are_no_sign_of_an_offline_folder(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    report = collection.index(exclude=["burst *"])
    assert (report.images, report.removed, report.offline) == (0, 12, ())


def test_links_are_followed_until_something_else_is_said(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    more = album(tmp_path / "more", groups=1)
    (photos / "link").symlink_to(more)
    following = replace(collection.settings.scan, follow_symlinks=True)
    collection.settings, before = replace(collection.settings, scan=following), collection.settings
    assert collection.index([photos]).images == 16
    collection.settings = before
    assert collection.index().images == 16


def test_names_that_are_not_utf8_are_kept(collection: Collection, photos: Path) -> None:
    name = b"caf\xe9.jpg"
    save(photos / "x.jpg", 9).rename(photos / os.fsdecode(name))
    collection.index([photos])
    paths = [os.fsencode(str(record["path"])) for record in collection.photo_table().records]
    assert os.fsencode(photos) + b"/" + name in paths


def test_an_empty_folder_gives_an_empty_collection(collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = collection.index([tmp_path / "empty"])
    assert (report.images, report.offline) == (0, ())
    assert collection.neighbor_graph().n == 0


def test_nothing_to_index_is_said(collection: Collection) -> None:
    with pytest.raises(InputError, match="annclust index PHOTOS"):
        collection.index()


def test_a_missing_folder_and_a_file_are_refused(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(PhotosNotFoundError, match="no such folder"):
        collection.index([tmp_path / "none"])
    file = save(tmp_path / "photo.jpg", 1)
    with pytest.raises(PhotosNotFoundError, match="not a folder"):
        collection.index([file])
    assert collection.status().roots == ()


def test_photos_below_a_folder_that_cannot_be_listed_are_kept(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    locked = photos / "burst 0"
    locked.chmod(0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("this user may list every folder")
        report = collection.index()
    finally:
        locked.chmod(0o755)
    assert (report.images, report.removed) == (12, 0)
    assert [entry.path for entry in report.unreadable] == [locked]


def test_small_batches_give_the_same_collection(tmp_path: Path, photos: Path) -> None:
    tables = []
    for commit_every in (1, 5, 256):
        path = tmp_path / f"{commit_every}.annclust"
        with Collection(path, embedder="color-histogram") as made:
            embed = replace(made.settings.embed, batch=3, commit_every=commit_every)
            made.settings = replace(made.settings, embed=embed)
            made.index([photos])
            tables.append(sorted(str(r["digest"]) for r in made.photo_table().records))
            assert made.check().ok
    assert tables[0] == tables[1] == tables[2]


def test_an_album_in_two_roots_counts_its_copies(collection: Collection, tmp_path: Path) -> None:
    first, second = album(tmp_path / "a", groups=1), album(tmp_path / "b", groups=1)
    report = collection.index([first, second])
    assert (report.images, report.duplicates, collection.status().vectors) == (8, 4, 4)

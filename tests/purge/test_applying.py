"""What a plan names goes to the trash, and nothing else; undone, all is as it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import (
    PhotosNotFoundError,
    PlanFileError,
    PlanOutOfDateError,
    TrashError,
    UnknownPurgeError,
)
from annclust.images.digest import digest_of
from annclust.images.discovery import TRASH
from annclust.progress import StoppedError
from annclust.purge.plan import PlannedPhoto
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.albums import add_comment, save
from tests.purge.purges import Meanwhile, Photos, in_trash, joined, present, tree
from tests.stopping import StopAt


def test_photos_of_a_plan_go_to_the_trash_and_come_back(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before, ids = tree(photos), collection.photo_ids()
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    report = collection.apply_purge(plan)
    assert (report.photos, report.files, report.not_moved) == (2, 2, ())
    assert report.bytes == sum(known.by_name[f"IMG_0{n}.jpg"].size for n in (1, 2))
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_02.jpg"}
    assert present(collection) == set(known.by_name) - {"IMG_01.jpg", "IMG_02.jpg"}
    (folder,) = report.trash
    assert (folder / "burst 0" / "IMG_01.jpg").read_bytes() == before["burst 0/IMG_01.jpg"][0]
    undone = collection.undo_purge(plan)
    assert (undone.photos, undone.files, undone.unknown, undone.not_restored) == (2, 2, 0, ())
    assert tree(photos) == before
    assert not (photos / TRASH).exists()
    assert collection.photo_ids() == ids


def test_a_scan_does_not_find_the_trash_nor_miss_what_is_there(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = joined(
        [known.plan(f"IMG_{n}0.jpg", *(f"IMG_{n}{m}.jpg" for m in (1, 2, 3))) for n in range(3)]
    )
    collection.apply_purge(plan)
    report = collection.index()
    assert (report.images, report.added, report.removed, report.offline) == (3, 0, 0, ())
    collection.undo_purge()
    report = collection.index()
    assert (report.images, report.added, report.changed, report.removed) == (12, 0, 0, 0)


def test_what_belongs_to_a_photo_moves_with_it(
    collection: Collection, photos: Path, known: Photos
) -> None:
    sidecar = photos / "burst 0" / "IMG_01.xmp"
    sidecar.write_text("rating: 5")
    os.utime(sidecar, ns=(10**18, 10**18))
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", known.planned("IMG_01.jpg", sidecar))
    report = collection.apply_purge(plan)
    assert (report.photos, report.files) == (1, 2)
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_01.xmp"}
    collection.undo_purge(plan)
    assert tree(photos) == before


def with_sidecar(known: Photos, name: str) -> PlannedPhoto:
    """A photo, and a new sidecar of it."""
    sidecar = known.by_name[name].full_path.with_suffix(".xmp")
    sidecar.write_text("rating: 5")
    return known.planned(name, sidecar)


def test_an_asset_of_which_a_part_cannot_move_stays_as_a_whole(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", with_sidecar(known, "IMG_02.jpg"))

    def take_the_place() -> None:
        (moved,) = (photos / TRASH).rglob("IMG_01.jpg")
        (moved.parent / "IMG_02.xmp").write_text("somebody else's")

    before = tree(photos)
    collection.progress = Meanwhile(take_the_place)
    report = collection.apply_purge(plan)
    ((path, reason),) = [(each.path, each.reason) for each in report.not_moved]
    assert (path.name, reason) == ("IMG_02.jpg", f"{path.with_suffix('.xmp')}: file exists")
    assert "IMG_02.jpg" in present(collection)
    (foreign,) = (photos / TRASH).rglob("IMG_02.xmp")
    assert foreign.read_text() == "somebody else's"
    undone = collection.undo_purge(plan)
    assert undone.files == 1
    foreign.unlink()
    assert tree(photos) == before


@pytest.mark.parametrize("name", ["IMG_00.jpg", "IMG_02.jpg"], ids=["the keeper", "the victim"])
def test_a_photo_that_changes_while_others_move_stops_its_own_move(
    collection: Collection, photos: Path, known: Photos, name: str
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.progress = Meanwhile(lambda: add_comment(known.by_name[name].full_path))
    report = collection.apply_purge(plan)
    (stayed,) = report.not_moved
    assert stayed.path.name == "IMG_02.jpg"
    assert "changed" in stayed.reason
    assert in_trash(photos) == {"IMG_01.jpg"}


def test_a_companion_that_changes_while_others_move_keeps_its_photo(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", with_sidecar(known, "IMG_02.jpg"))
    sidecar = photos / "burst 0" / "IMG_02.xmp"
    collection.progress = Meanwhile(lambda: sidecar.write_text("another rating"))
    (stayed,) = collection.apply_purge(plan).not_moved
    assert (stayed.path.name, stayed.reason) == ("IMG_02.jpg", f"{sidecar}: it was changed")


def test_the_last_name_of_a_file_is_not_moved(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    keeper, victim = (known.by_name[f"IMG_0{n}.jpg"].full_path for n in (0, 2))
    shown = replace(plan.groups[0].moved[1].file, digest=digest_of(keeper))

    def make_one() -> None:
        victim.unlink()
        os.link(keeper, victim)

    group = plan.groups[0]
    last = replace(group.moved[1], file=shown)
    plan = replace(plan, groups=(replace(group, moved=(group.moved[0], last)),))
    collection.progress = Meanwhile(make_one)
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        # The catalog knows the photo as one with the keeper's bytes.
        image = known.by_name["IMG_02.jpg"]
        store.catalog.place_image(
            image.id, image.root.id, image.path, image.size, image.modified_ns, digest_of(keeper)
        )
    (stayed,) = collection.apply_purge(plan).not_moved
    assert "it is one file with" in stayed.reason
    assert victim.exists()
    assert keeper.exists()


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (Path.unlink, "no such file"),
    "longer": (add_comment, "another size"),
    "other": (lambda path: path.write_bytes(b"x" * path.stat().st_size), "it was changed"),
    "a link": (lambda path: (path.unlink(), path.symlink_to("IMG_03.jpg")), "no ordinary file"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["IMG_00.jpg", "IMG_02.jpg"], ids=["keeper", "victim"])
def test_nothing_moves_by_a_plan_whose_files_changed(
    collection: Collection, photos: Path, known: Photos, name: str, change: str
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    CHANGES[change][0](known.by_name[name].full_path)
    with pytest.raises(PlanOutOfDateError, match=CHANGES[change][1]):
        collection.apply_purge(plan)
    assert in_trash(photos) == set()
    assert not (photos / TRASH).exists()


def test_a_photo_that_was_only_touched_is_what_it_was(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg")
    os.utime(known.by_name["IMG_01.jpg"].full_path, ns=(5, 5))
    collection.apply_purge(plan)
    assert in_trash(photos) == {"IMG_01.jpg"}
    collection.undo_purge()
    assert known.by_name["IMG_01.jpg"].full_path.stat().st_mtime_ns == 5


def test_nothing_moves_that_somebody_marked_to_be_kept_since(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan, before = known.plan("IMG_00.jpg", "IMG_01.jpg"), tree(photos)
    moving = [photo.image for photo in plan.moved]
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        store.catalog.mark(moving, keep=True)
    with pytest.raises(PlanOutOfDateError, match="to be kept since"):
        collection.apply_purge(plan)
    assert tree(photos) == before
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        store.catalog.mark(moving, keep=False)
    assert collection.apply_purge(plan).photos == 1


def test_nothing_moves_by_a_plan_of_photos_that_lie_elsewhere_by_now(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg")
    (photos / "burst 0").rename(photos / "renamed")
    collection.index()
    with pytest.raises(PlanOutOfDateError, match="elsewhere"):
        collection.apply_purge(plan)
    (photos / "renamed" / "IMG_01.jpg").unlink()
    collection.index()
    with pytest.raises(PlanOutOfDateError, match=r"and 1 more"):
        collection.apply_purge(plan)


def test_nothing_moves_while_a_folder_is_offline(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg")
    away = photos.rename(photos.with_name("away"))
    photos.mkdir()
    assert collection.index().offline
    photos.rmdir()
    away.rename(photos)
    with pytest.raises(PlanOutOfDateError, match="its folder is offline"):
        collection.apply_purge(plan)
    collection.index()
    assert collection.apply_purge(plan).photos == 1


def test_a_companion_outside_of_the_photo_s_folder_is_refused(
    collection: Collection, photos: Path, known: Photos
) -> None:
    outside = photos.parent / "IMG_01.xmp"
    outside.write_text("rating: 5")
    with pytest.raises(PlanOutOfDateError, match=r"does not belong to .*, or not to it alone"):
        collection.apply_purge(known.plan("IMG_00.jpg", known.planned("IMG_01.jpg", outside)))


def test_a_plan_that_leaves_nothing_of_a_group_is_refused(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_00.jpg")
    with pytest.raises(PlanFileError, match="nothing would stay"):
        collection.apply_purge(plan)
    assert in_trash(photos) == set()


def test_an_empty_plan_moves_nothing_and_leaves_no_trace(
    collection: Collection, photos: Path, known: Photos
) -> None:
    report = collection.apply_purge(known.plan("IMG_00.jpg"))
    assert (report.purge, report.photos) == (None, 0)
    assert collection.purges() == []
    assert not (photos / TRASH).exists()


def test_a_stopped_run_goes_on_where_it_stopped(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg", "IMG_03.jpg")
    collection.progress = StopAt(2)
    with pytest.raises(StoppedError):
        collection.apply_purge(plan)
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_02.jpg"}
    assert present(collection) & set(map("IMG_0{}.jpg".format, range(4))) == {
        "IMG_00.jpg",
        "IMG_03.jpg",
    }
    report = collection.apply_purge(plan)
    assert (report.photos, report.before) == (1, 2)
    assert len(collection.purges()) == 1
    collection.progress = StopAt(2)
    with pytest.raises(StoppedError):
        collection.undo_purge(plan)
    assert len(in_trash(photos)) == 1
    assert collection.undo_purge(plan).photos == 1
    assert tree(photos) == before


def test_a_plan_that_was_undone_can_be_applied_again(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg")
    first = collection.apply_purge(plan)
    collection.undo_purge(plan)
    assert collection.undo_purge(plan).photos == 0
    second = collection.apply_purge(plan)
    assert second.purge != first.purge
    collection.undo_purge()
    assert tree(photos) == before
    assert [purge.state for purge in collection.purges()] == ["restored", "restored"]


def test_a_photo_whose_place_was_taken_stays_in_the_trash(
    collection: Collection, photos: Path, known: Photos
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.apply_purge(plan)
    new = save(known.by_name["IMG_01.jpg"].full_path, 50)
    held = new.read_bytes()
    undone = collection.undo_purge(plan)
    (stayed,) = undone.not_restored
    assert (stayed.path, stayed.reason) == (new, "file exists")
    assert undone.photos == 1
    assert new.read_bytes() == held
    assert stayed.in_trash.read_bytes() != held
    assert collection.purges()[0].state == "in trash"
    new.unlink()
    assert collection.undo_purge(plan).photos == 1


def test_a_folder_that_was_removed_comes_back_with_its_photos(
    collection: Collection, photos: Path, known: Photos
) -> None:
    (photos / "away").mkdir()
    other = photos / "away" / "IMG_99.jpg"
    (photos / "burst 0" / "IMG_01.jpg").rename(other)
    collection.index()
    known = Photos.of(collection)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_99.jpg"))
    (photos / "away").rmdir()
    assert collection.undo_purge().photos == 1
    assert other.exists()


def test_what_was_changed_in_the_trash_comes_back_as_it_is_and_is_told(
    collection: Collection, photos: Path, known: Photos
) -> None:
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    (place,) = (photos / TRASH).rglob("*.jpg")
    add_comment(place)
    undone = collection.undo_purge()
    assert [each.reason for each in undone.not_restored] == [
        "it was changed in the trash; it is back as it is now"
    ]
    assert collection.index().changed == 1


def test_what_vanished_from_the_trash_is_gone(
    collection: Collection, photos: Path, known: Photos
) -> None:
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    (place,) = (photos / TRASH).rglob("*.jpg")
    place.unlink()
    undone = collection.undo_purge()
    assert (undone.photos, len(undone.not_restored)) == (0, 1)
    assert collection.purges()[0].state == "empty"


def test_after_compaction_photos_come_back_and_are_indexed_anew(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    collection.compact()
    undone = collection.undo_purge()
    assert (undone.photos, undone.unknown) == (1, 1)
    assert tree(photos) == before
    assert collection.index().added == 1


def test_a_photo_that_was_found_elsewhere_meanwhile_is_not_placed_twice(
    collection: Collection, photos: Path, known: Photos
) -> None:
    copy = known.by_name["IMG_01.jpg"].full_path.read_bytes()
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    (photos / "copy.jpg").write_bytes(copy)
    collection.index()
    assert collection.undo_purge().photos == 1
    assert collection.index().images == 13
    assert collection.check().ok


def test_there_is_nothing_to_undo_where_nothing_was_purged(
    collection: Collection, known: Photos
) -> None:
    with pytest.raises(UnknownPurgeError, match="nothing was purged"):
        collection.undo_purge()
    with pytest.raises(UnknownPurgeError, match="never applied here"):
        collection.undo_purge(known.plan("IMG_00.jpg"))


def test_the_purge_of_a_plan_is_undone_and_not_a_later_one(
    collection: Collection, photos: Path, known: Photos
) -> None:
    first = known.plan("IMG_00.jpg", "IMG_01.jpg", name="first")
    collection.apply_purge(first)
    collection.apply_purge(known.plan("IMG_10.jpg", "IMG_11.jpg", name="second"))
    collection.undo_purge(first)
    assert in_trash(photos) == {"IMG_11.jpg"}


PLACES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "the folder itself": (lambda photos: photos, "it is the folder of photos"),
    "above it": (lambda photos: photos.parent, "lie in it"),
    "in it": (lambda photos: photos / "trash", "lies among the photos"),
    "a link": (lambda photos: _link(photos), "it is a link"),
    "a file": (lambda photos: photos / "burst 0" / "IMG_00.jpg", "it is no folder"),
}


def _link(photos: Path) -> Path:
    link = photos.parent / "link"
    link.symlink_to(photos, target_is_directory=True)
    return link


@pytest.mark.parametrize("place", PLACES)
def test_a_place_of_photos_is_no_trash(
    collection: Collection, photos: Path, known: Photos, place: str
) -> None:
    before = tree(photos)
    with pytest.raises(TrashError, match=PLACES[place][1]):
        collection.apply_purge(
            known.plan("IMG_00.jpg", "IMG_01.jpg"), trash=PLACES[place][0](photos)
        )
    assert tree(photos) == before
    assert collection.purges() == []


def test_a_trash_of_the_root_that_is_a_link_is_refused(
    collection: Collection, photos: Path, known: Photos
) -> None:
    (photos / TRASH).symlink_to(photos.parent, target_is_directory=True)
    with pytest.raises(TrashError, match="it is a link"):
        collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))


def test_one_trash_may_serve_all_folders(
    collection: Collection, photos: Path, known: Photos, tmp_path: Path
) -> None:
    before = tree(photos)
    trash = tmp_path / "trash"
    trash.mkdir()
    report = collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"), trash=trash)
    assert [path.parent for path in report.trash] == [trash / TRASH]
    assert len(tree(trash)) == 1
    collection.undo_purge()
    assert tree(photos) == before
    assert list(trash.iterdir()) == []


def test_what_lies_in_a_trash_cannot_be_indexed(collection: Collection, photos: Path) -> None:
    (photos / TRASH / "x").mkdir(parents=True)
    with pytest.raises(PhotosNotFoundError, match="trash"):
        collection.index([photos / TRASH / "x"])


def test_the_catalog_stays_sound(collection: Collection, known: Photos) -> None:
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    assert collection.check().ok
    collection.undo_purge()
    assert collection.check().ok
    with Store(collection.path) as store:
        (purge,) = store.catalog.purges()
        assert [file.state for file in store.catalog.purged_files(purge.id)] == ["restored"]

"""A disk that is not plugged in looks like photos that are gone; nobody calls them that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import PlanOutOfDateError, StorageError, TrashAwayError, TrashError
from annclust.images.discovery import TRASH
from annclust.progress import StoppedError
from annclust.storage.records import PurgeState
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.purge.purges import Meanwhile, Photos, tree
from tests.stopping import StopAt


def states(collection: Collection) -> list[PurgeState]:
    with Store(collection.path) as store:
        (purge, *_) = store.catalog.purges()
        return [file.state for file in store.catalog.purged_files(purge.id)]


def say(collection: Collection, state: PurgeState) -> None:
    """Let the journal say of all files that they are on their way: a run was killed."""
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        (purge, *_) = store.catalog.purges()
        files = store.catalog.purged_files(purge.id)
        store.catalog.set_purge_state((file.id for file in files), state)


@pytest.fixture
def trash(tmp_path: Path) -> Path:
    folder = tmp_path / "other disk"
    folder.mkdir()
    return folder


def test_photos_of_a_folder_that_is_away_are_not_gone(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"))
    away = photos.rename(photos.with_name("away"))
    undone = collection.undo_purge()
    assert undone.files == 0
    assert {each.reason for each in undone.not_restored} == {
        "its folder is offline: the folder is not there"
    }
    report = collection.empty_trash()
    assert (report.files, len(report.kept)) == (0, 2)
    assert states(collection) == ["in trash"] * 2
    assert collection.purges()[0].missing == collection.purges()[0].trash
    assert not photos.exists()
    away.rename(photos)
    assert collection.undo_purge().photos == 2
    assert tree(photos) == before


def test_a_place_to_mount_a_disk_at_is_not_the_disk(
    collection: Collection, photos: Path, known: Photos, trash: Path
) -> None:
    before = tree(photos)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"), trash=trash)
    away = photos.rename(photos.with_name("away"))
    photos.mkdir()
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        (root,) = store.catalog.roots()
        store.catalog.set_root_state(root.id, device=(root.device or 0) + 1, offline=None)
    undone = collection.undo_purge()
    assert [each.reason for each in undone.not_restored] == [
        "its folder is offline: the folder is empty"
    ]
    assert list(photos.iterdir()) == []
    photos.rmdir()
    away.rename(photos)
    collection.undo_purge()
    assert tree(photos) == before


@pytest.mark.parametrize("state", ["in trash", "moving", "restoring", "emptying"])
def test_photos_in_a_trash_that_is_away_are_not_gone(
    collection: Collection, photos: Path, known: Photos, trash: Path, state: PurgeState
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.apply_purge(plan, trash=trash)
    say(collection, state)
    away = trash.rename(trash.with_name("away"))
    undone = collection.undo_purge()
    assert undone.files == 0
    assert all("is a disk not plugged in?" in each.reason for each in undone.not_restored)
    assert len(collection.empty_trash().kept) == 2
    assert states(collection) == [state] * 2
    with pytest.raises(TrashAwayError, match="Plug in the disk"):
        collection.apply_purge(plan)
    assert not trash.exists()
    away.rename(trash)
    assert collection.undo_purge(plan).photos == 2
    assert tree(photos) == before


def test_an_asset_that_did_not_move_yet_needs_no_trash(
    collection: Collection, photos: Path, known: Photos, trash: Path
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg")
    collection.apply_purge(plan, trash=trash)
    collection.undo_purge()
    say(collection, "moving")  # killed between the intent and the first move
    trash.rmdir()
    assert collection.undo_purge().not_restored == ()
    assert states(collection) == ["not moved"]
    assert tree(photos) == before


def test_what_somebody_put_back_by_hand_is_purged_again(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.apply_purge(plan)
    (place,) = (photos / TRASH).rglob("IMG_01.jpg")
    place.rename(photos / "burst 0" / "IMG_01.jpg")
    report = collection.apply_purge(plan)
    assert (report.photos, report.before) == (1, 1)
    (place,) = (photos / TRASH).rglob("IMG_01.jpg")
    place.rename(photos / "burst 0" / "IMG_01.jpg")
    undone = collection.undo_purge(plan)
    assert [each.reason for each in undone.not_restored] == [
        "it is not in the trash any more; a file is in its place already"
    ]
    assert tree(photos) == before


def test_what_goes_on_goes_to_the_same_trash(
    collection: Collection, known: Photos, trash: Path
) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.progress = StopAt(1)
    with pytest.raises(StoppedError):
        collection.apply_purge(plan, trash=trash)
    other = trash.with_name("third disk")
    other.mkdir()
    with pytest.raises(TrashError, match="what this plan moved before is in"):
        collection.apply_purge(plan, trash=other)
    report = collection.apply_purge(plan)
    assert report.trash == collection.purges()[0].trash
    assert list(other.iterdir()) == []


def test_what_went_on_is_as_old_as_its_last_run(collection: Collection, known: Photos) -> None:
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.progress = StopAt(1)
    with pytest.raises(StoppedError):
        collection.apply_purge(plan)
    first = collection.purges()[0].began_ns
    collection.apply_purge(plan)
    assert collection.purges()[0].began_ns > first
    assert collection.empty_trash(timedelta(hours=1)).files == 0


HISTORIES: dict[str, Callable[[Collection], object]] = {
    "index": lambda collection: collection.index(),
    "compact": lambda collection: collection.compact(),
    "check": lambda collection: collection.check(repair=True),
    "cluster": lambda collection: collection.cluster(),
    "another index that drops what is gone": lambda c: c.index(forget_missing=True),
}


@pytest.mark.parametrize("then", HISTORIES)
def test_whatever_comes_after_a_purge_was_killed_it_goes_on_and_comes_back(
    collection: Collection, photos: Path, known: Photos, then: str
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    half = replace(plan, groups=(replace(plan.groups[0], moved=plan.groups[0].moved[:1]),))
    collection.apply_purge(half)
    say(collection, "moving")
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        image = known.by_name["IMG_01.jpg"]
        store.catalog.place_image(  # killed before the catalog learned of it
            image.id, image.root.id, image.path, image.size, image.modified_ns, image.digest
        )
    HISTORIES[then](collection)
    report = collection.apply_purge(plan)
    assert (report.photos, report.before) == (1, 1)
    collection.undo_purge(plan)
    assert tree(photos) == before
    collection.index()
    assert len(collection.photo_ids()) == 12
    assert collection.check().ok


def test_a_photo_that_was_found_elsewhere_stays_when_its_purge_is_settled(
    collection: Collection, photos: Path, known: Photos
) -> None:
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    say(collection, "moving")
    (place,) = (photos / TRASH).rglob("IMG_01.jpg")
    (photos / "copy.jpg").write_bytes(place.read_bytes())
    collection.index()  # which knows it by its content
    assert Photos.of(collection).by_name["copy.jpg"].id == known.by_name["IMG_01.jpg"].id
    undone = collection.undo_purge()
    assert (undone.photos, undone.unknown) == (1, 1)
    assert "copy.jpg" in Photos.of(collection).by_name
    assert collection.index().added == 1


def test_another_plan_does_not_move_what_is_on_its_way(
    collection: Collection, photos: Path, known: Photos
) -> None:
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    say(collection, "moving")
    other = known.plan("IMG_01.jpg", "IMG_00.jpg", name="another")
    with pytest.raises(PlanOutOfDateError):
        collection.apply_purge(other)
    assert (photos / "burst 0" / "IMG_00.jpg").exists()


def test_photos_of_a_disk_that_goes_while_they_come_back_are_not_gone(
    collection: Collection, photos: Path, known: Photos, trash: Path
) -> None:
    before = tree(photos)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"), trash=trash)
    away = trash.with_name("away")
    collection.progress = Meanwhile(lambda: trash.rename(away))
    with pytest.raises(StorageError, match="is a disk not plugged in"):
        collection.undo_purge()
    assert sorted(states(collection)) == ["in trash", "restored"]
    away.rename(trash)
    assert collection.undo_purge().photos == 1
    assert tree(photos) == before


def test_photos_in_a_folder_that_cannot_be_looked_into_are_not_gone(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.apply_purge(plan)
    (place,) = {path.parent for path in (photos / TRASH).rglob("*.jpg")}
    away = place.rename(photos.with_name("away"))
    place.symlink_to(place.name)
    undone = collection.undo_purge()
    assert undone.files == 0
    assert all("cannot be looked at" in each.reason for each in undone.not_restored)
    assert len(collection.empty_trash().kept) == 2
    with pytest.raises(TrashAwayError, match="cannot be looked at"):
        collection.apply_purge(plan)
    assert states(collection) == ["in trash"] * 2
    place.unlink()
    away.rename(place)
    assert collection.undo_purge().photos == 2
    assert tree(photos) == before

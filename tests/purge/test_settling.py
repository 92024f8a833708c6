"""What a crash leaves, state by state: the next command finds out where each file is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import PlanOutOfDateError, StorageError
from annclust.images.discovery import TRASH
from annclust.purge.file_moves import copy_beside
from annclust.purge.plan import Plan
from annclust.purge.trash import Trash
from annclust.storage.records import PurgedFile
from annclust.storage.store import Store
from tests.purge.purges import Photos, in_trash, tree
from tests.purge.test_away import say, states
from tests.storage.conftest import read_only_disk

__all__ = ["read_only_disk"]


@pytest.fixture
def plan(collection: Collection, known: Photos) -> Plan:
    """A plan of one photo with a sidecar."""
    sidecar = known.by_name["IMG_01.jpg"].full_path.with_suffix(".xmp")
    sidecar.write_text("rating: 5")
    return known.plan("IMG_00.jpg", known.planned("IMG_01.jpg", sidecar))


def files(collection: Collection) -> list[tuple[PurgedFile, Path]]:
    """The files of the last purge, and where they lie in the trash."""
    with Store(collection.path) as store:
        purge = store.catalog.purges()[-1]
        trash = Trash.of(purge)
        return [(file, trash.place_of(file)) for file in store.catalog.purged_files(purge.id)]


def second_name(file: PurgedFile, place: Path) -> None:
    file.full_path.hardlink_to(place)


def copy(file: PurgedFile, place: Path) -> None:
    shutil.copy2(place, file.full_path)


def back(file: PurgedFile, place: Path) -> None:
    place.rename(file.full_path)


def unfinished(file: PurgedFile, place: Path) -> None:
    """A copy to the trash that was not finished."""
    back(file, place)
    token = place.relative_to(next(p for p in place.parents if p.name == TRASH)).parts[0][-8:]
    copy_beside(place, token).write_bytes(b"half of")


STATES: dict[str, tuple[list[Callable[[PurgedFile, Path], None] | None], str]] = {
    "all moved": ([None, None], "in trash"),
    "the last one has a second name": ([None, second_name], "not moved"),
    "the last one is a copy": ([None, copy], "not moved"),
    "the last one did not move": ([None, back], "not moved"),
    "the last one was being copied": ([None, unfinished], "not moved"),
    "the first one has a second name": ([second_name, back], "not moved"),
    "the first one was being copied": ([unfinished, back], "not moved"),
    "none moved": ([back, back], "not moved"),
}


@pytest.mark.parametrize("found", STATES)
def test_an_asset_that_was_being_moved_is_in_one_place(
    collection: Collection, photos: Path, plan: Plan, found: str
) -> None:
    before = tree(photos)
    collection.apply_purge(plan)
    happened, state = STATES[found]
    for (file, place), happens in zip(files(collection), happened, strict=True):
        if happens is not None:
            happens(file, place)
    say(collection, "moving")
    collection.empty_trash()
    assert states(collection) == (["gone"] * 2 if state == "in trash" else [state] * 2)
    if state == "not moved":
        assert tree(photos) == before


@pytest.mark.parametrize("found", STATES)
def test_an_asset_that_was_being_moved_goes_on(
    collection: Collection, photos: Path, plan: Plan, found: str
) -> None:
    before = tree(photos)
    collection.apply_purge(plan)
    for (file, place), happens in zip(files(collection), STATES[found][0], strict=True):
        if happens is not None:
            happens(file, place)
    say(collection, "moving")
    if STATES[found][1] == "not moved":
        collection.index()  # which finds the photo where it is
    report = collection.apply_purge(plan)
    assert report.photos + report.before == 1
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_01.xmp"}
    collection.undo_purge()
    assert tree(photos) == before
    assert collection.check().ok


@pytest.mark.parametrize("happens", [None, second_name, copy, back])
def test_a_file_that_was_being_put_back_is_in_one_place(
    collection: Collection,
    photos: Path,
    plan: Plan,
    happens: Callable[[PurgedFile, Path], None] | None,
) -> None:
    before = tree(photos)
    collection.apply_purge(plan)
    for file, place in files(collection):
        if happens is not None:
            happens(file, place)
    say(collection, "restoring")
    assert collection.undo_purge().not_restored == ()
    assert tree(photos) == before
    assert len(collection.photo_ids()) == 12


def test_what_took_the_place_meanwhile_stays_and_so_does_what_is_in_the_trash(
    collection: Collection, photos: Path, plan: Plan
) -> None:
    collection.apply_purge(plan)
    (photo, place), _ = files(collection)
    held = place.read_bytes()
    photo.full_path.write_text("another photo")
    for state in ("moving", "restoring"):
        say(collection, state)  # type: ignore[arg-type]
        collection.undo_purge()
        assert photo.full_path.read_text() == "another photo"
        assert place.read_bytes() == held


def test_a_sidecar_whose_place_was_taken_stays_in_the_trash(
    collection: Collection, photos: Path, plan: Plan
) -> None:
    collection.apply_purge(plan)
    (photo, _), (sidecar, place) = files(collection)
    sidecar.full_path.write_text("rating: 1")
    undone = collection.undo_purge()
    assert [each.in_trash for each in undone.not_restored] == [place]
    assert photo.full_path.exists()
    assert place.read_text() == "rating: 5"


def test_a_disk_that_is_read_only_is_told_before_anything_is_noted(
    collection: Collection, photos: Path, read_only_disk: Callable[[Path], object]
) -> None:
    with read_only_disk(photos) as place:  # type: ignore[attr-defined]
        collection.index([place])
        plan = Photos.of(collection).plan("IMG_00.jpg", "IMG_01.jpg")
        with pytest.raises(StorageError, match="ead-only"):
            collection.apply_purge(plan)
        assert collection.purges()[0].files == 0
        collection.undo_purge(plan)


def test_a_folder_that_was_closed_meanwhile_is_told(
    collection: Collection, photos: Path, plan: Plan
) -> None:
    """A file where the folder was: for whom may do anything, permissions close nothing."""
    before = tree(photos)
    collection.apply_purge(plan)
    folder = photos / "burst 0"
    kept = folder.rename(photos / "kept")
    folder.write_text("no folder")
    undone = collection.undo_purge()
    assert len(undone.not_restored) == 2
    folder.unlink()
    kept.rename(folder)
    collection.undo_purge()
    assert tree(photos) == before


def test_times_that_another_disk_did_not_keep_come_back_however_it_ends(
    collection: Collection, photos: Path, plan: Plan, tmp_path: Path
) -> None:
    before = tree(photos)
    trash = tmp_path / "other disk"
    trash.mkdir()
    collection.apply_purge(plan, trash=trash)
    for _, place in files(collection):
        os.utime(place, ns=(2 * 10**9, 2 * 10**9))
    (_, (sidecar, place)) = files(collection)
    back(sidecar, place)
    say(collection, "moving")
    assert collection.undo_purge().files == 0
    assert tree(photos) == before

    collection.apply_purge(plan, trash=trash)
    for file, place in files(collection):
        back(file, place)
        os.utime(file.full_path, ns=(2 * 10**9, 2 * 10**9))
    say(collection, "restoring")
    collection.undo_purge()
    assert tree(photos) == before


def test_a_photo_that_came_back_without_its_sidecar_is_not_called_moved(
    collection: Collection, photos: Path, plan: Plan
) -> None:
    collection.apply_purge(plan)
    sidecar = photos / "burst 0" / "IMG_01.xmp"
    sidecar.write_text("rating: 1")
    assert len(collection.undo_purge().not_restored) == 1
    with pytest.raises(PlanOutOfDateError):
        collection.apply_purge(plan)
    assert (photos / "burst 0" / "IMG_01.jpg").exists()
    assert sidecar.read_text() == "rating: 1"

"""The trash is listed and emptied; what somebody else put or changed there stays."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.images.discovery import TRASH
from annclust.progress import StoppedError
from annclust.storage.records import PurgeState
from annclust.storage.store_writer import StoreWriter
from tests.albums import add_comment
from tests.purge.purges import Photos, in_trash, present
from tests.purge.test_away import say
from tests.stopping import StopAt

DAY = 24 * 3600 * 10**9


@pytest.fixture
def purged(collection: Collection, known: Photos) -> Photos:
    """Two photos of an album in the trash."""
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"))
    return known


def place(photos: Path, name: str) -> Path:
    (found,) = (photos / TRASH).rglob(name)
    return found


def age(collection: Collection, days: int) -> None:
    """Let the last purge have begun some days before it did; or after, by a clock that was set."""
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        store.catalog._db.execute("UPDATE purge SET began_ns = began_ns - ?", (days * DAY,))


def refuse(files: int, _size: int) -> None:
    raise StoppedError(f"not these {files}")


def test_nothing_was_purged_at_first(collection: Collection, known: Photos) -> None:
    assert collection.purges() == []
    report = collection.empty_trash(agree=refuse)
    assert (report.purges, report.files, report.bytes, report.kept) == (0, 0, 0, ())


def test_purges_are_listed_the_last_one_first(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    collection.apply_purge(purged.plan("IMG_10.jpg", "IMG_11.jpg", name="second"))
    second, first = collection.purges()
    assert (first.plan, first.photos, first.files, first.state) == ("a plan", 2, 2, "in trash")
    assert (second.plan, second.photos) == ("second", 1)
    assert first.trash == (photos / TRASH / first.trash[0].name,)
    assert first.missing == ()
    told: list[tuple[int, int]] = []
    collection.empty_trash(agree=lambda files, size: told.append((files, size)))
    sizes = [purged.by_name[f"IMG_{n}.jpg"].size for n in ("01", "02", "11")]
    assert told == [(3, sum(sizes))]


def test_the_trash_is_emptied(collection: Collection, photos: Path, purged: Photos) -> None:
    report = collection.empty_trash()
    assert (report.purges, report.files, report.kept) == (1, 2, ())
    assert not (photos / TRASH).exists()
    assert collection.purges()[0].state == "empty"
    assert collection.undo_purge().photos == 0
    assert "IMG_01.jpg" not in present(collection)
    assert collection.index().images == 10
    assert collection.check().ok


def test_only_what_is_old_enough_is_deleted(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    age(collection, 31)
    collection.apply_purge(purged.plan("IMG_10.jpg", "IMG_11.jpg", name="second"))
    month = timedelta(days=30)
    assert collection.empty_trash(month).files == 2
    assert in_trash(photos) == {"IMG_11.jpg"}


def test_of_a_clock_that_was_ahead_everything_is_old_enough_for_now(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    age(collection, -400)
    assert collection.empty_trash(timedelta(days=1)).files == 0
    assert collection.empty_trash().files == 2


def test_what_was_changed_in_the_trash_stays_and_is_told(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    add_comment(place(photos, "IMG_01.jpg"))
    report = collection.empty_trash()
    assert [(path.name, why) for path, why in report.kept] == [
        ("IMG_01.jpg", "it was changed in the trash")
    ]
    assert (report.files, in_trash(photos)) == (1, {"IMG_01.jpg"})


def test_what_was_only_touched_is_what_was_moved(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    os.utime(place(photos, "IMG_01.jpg"), ns=(2 * 10**9, 2 * 10**9))
    assert collection.empty_trash().files == 2


def test_what_somebody_else_put_there_stays(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    foreign = place(photos, "IMG_01.jpg").with_name("letter.txt")
    foreign.write_text("mine")
    gone = place(photos, "IMG_02.jpg")
    gone.unlink()
    other = place(photos, "IMG_01.jpg")
    other.unlink()
    other.symlink_to(foreign)
    report = collection.empty_trash()
    assert (report.files, len(report.kept)) == (0, 1)
    assert foreign.read_text() == "mine"
    assert other.is_symlink()


def test_emptying_that_was_stopped_goes_on(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    collection.progress = StopAt(1)
    with pytest.raises(StoppedError):
        collection.empty_trash()
    assert collection.purges()[0].state == "empty"
    assert not (photos / TRASH).exists()


@pytest.mark.parametrize("deleted", [False, True])
def test_emptying_that_was_killed_is_settled(
    collection: Collection, photos: Path, purged: Photos, deleted: bool
) -> None:
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        files = store.catalog.purged_files(1)
        store.catalog.set_purge_state((file.id for file in files), "emptying")
    assert collection.purges()[0].state == "interrupted"
    if deleted:
        place(photos, "IMG_01.jpg").unlink()
    assert collection.undo_purge().photos == (1 if deleted else 2)


def test_after_an_undo_there_is_nothing_to_delete(
    collection: Collection, photos: Path, purged: Photos
) -> None:
    collection.undo_purge()
    assert collection.empty_trash().files == 0
    assert len(list(photos.rglob("*.jpg"))) == 12


@pytest.mark.parametrize("state", ["in trash", "moving", "restoring", "emptying"])
def test_nothing_is_deleted_that_nobody_agreed_to(
    collection: Collection, photos: Path, purged: Photos, state: PurgeState
) -> None:
    say(collection, state)
    with pytest.raises(StoppedError, match="not these 2"):
        collection.empty_trash(agree=refuse)
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_02.jpg"}


ENDS: dict[str, tuple[list[PurgeState], str]] = {
    "nothing moved": (["not moved", "not moved"], "not moved"),
    "one of two came back": (["restored", "gone"], "empty"),
    "the only one came back": (["restored", "not moved"], "restored"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_purge_is_called_by_what_became_of_all_its_files(
    collection: Collection, purged: Photos, end: str
) -> None:
    found, called = ENDS[end]
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        files = store.catalog.purged_files(store.catalog.purges()[0].id)
        for file, state in zip(files, found, strict=True):
            store.catalog.set_purge_state([file.id], state)
    assert collection.purges()[0].state == called

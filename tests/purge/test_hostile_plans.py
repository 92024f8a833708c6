"""Plans that somebody edited, and disks of all kinds: what is to stay stays, and all comes back."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from annclust.arrays import ImageId
from annclust.collection import Collection
from annclust.errors import (
    FolderBusyError,
    PlanFileError,
    PlanOutOfDateError,
    StorageError,
    TrashError,
)
from annclust.purge.plan import Plan, PlannedFile, PlannedPhoto, fault_of
from tests.purge.conftest import SmallDisk
from tests.purge.purges import Meanwhile, Photos, beside, in_trash, joined, tree


def with_file(known: Photos, name: str, file: Path) -> PlannedPhoto:
    """A photo of a plan with a file that somebody says belongs to it."""
    return known.planned(name, file)


def folder(known: Photos) -> Path:
    return known.by_name["IMG_00.jpg"].full_path.parent


def sidecar(known: Photos, name: str) -> Path:
    path = folder(known) / name
    path.write_text("rating: 5")
    return path


def through_a_link(known: Photos) -> Path:
    link = folder(known) / "link"
    link.symlink_to(folder(known).parent / "burst 1", target_is_directory=True)
    return link / "IMG_10.jpg"


EDITED: dict[str, Callable[[Photos], Plan]] = {
    "ids swapped": lambda k: k.plan(
        "IMG_00.jpg", replace(k.planned("IMG_01.jpg"), image=k.by_name["IMG_02.jpg"].id)
    ),
    "an id of nobody": lambda k: k.plan(
        "IMG_00.jpg", replace(k.planned("IMG_01.jpg"), image=ImageId(999))
    ),
    "the path of another photo": lambda k: k.plan(
        "IMG_00.jpg", replace(k.planned("IMG_01.jpg"), file=k.planned("IMG_02.jpg").file)
    ),
    "a photo as the belonging of another one": lambda k: k.plan(
        "IMG_00.jpg", with_file(k, "IMG_01.jpg", k.by_name["IMG_10.jpg"].full_path)
    ),
    "a photo behind a link as a belonging": lambda k: k.plan(
        "IMG_00.jpg", with_file(k, "IMG_01.jpg", through_a_link(k))
    ),
    "the sidecar of one that stays": lambda k: k.plan(
        "IMG_00.jpg", with_file(k, "IMG_01.jpg", sidecar(k, "IMG_02.xmp"))
    ),
    "no sidecar where there is one": lambda k: (
        sidecar(k, "IMG_01.xmp"),
        k.plan("IMG_00.jpg", "IMG_01.jpg"),
    )[1],
    "any file that lies there": lambda k: k.plan(
        "IMG_00.jpg", with_file(k, "IMG_01.jpg", sidecar(k, "letter.txt"))
    ),
    "a file that is not there": lambda k: k.plan(
        "IMG_00.jpg",
        replace(k.planned("IMG_01.jpg"), companions=(PlannedFile(folder(k) / "IMG_01.xmp", 1, 1),)),
    ),
    "other letters": lambda k: k.plan(
        "IMG_00.jpg",
        replace(
            k.planned("IMG_01.jpg"),
            file=replace(k.planned("IMG_01.jpg").file, path=folder(k) / "img_01.JPG"),
        ),
    ),
    "another digest": lambda k: k.plan(
        "IMG_00.jpg",
        replace(
            k.planned("IMG_01.jpg"),
            file=replace(k.planned("IMG_01.jpg").file, digest=bytes(32)),
        ),
    ),
    "another one that stays": lambda k: _kept_elsewhere(k.plan("IMG_00.jpg", "IMG_01.jpg")),
}


def _kept_elsewhere(plan: Plan) -> Plan:
    (group,) = plan.groups
    (kept,) = group.kept
    outside = replace(kept, file=replace(kept.file, path=kept.file.path.with_name("IMG_02.jpg")))
    return replace(plan, groups=(replace(group, kept=(outside,)),))


@pytest.mark.parametrize("edit", EDITED)
def test_a_plan_that_was_edited_moves_nothing_that_it_must_not(
    collection: Collection, photos: Path, known: Photos, edit: str
) -> None:
    plan = EDITED[edit](known)
    before = tree(photos)
    with pytest.raises(PlanOutOfDateError):
        collection.apply_purge(plan)
    assert tree(photos) == before


def faults(known: Photos) -> Iterator[Plan]:
    """Plans in which nothing would stay, or something twice."""
    one = known.plan("IMG_00.jpg", "IMG_01.jpg")
    yield joined([one, known.plan("IMG_01.jpg", "IMG_02.jpg")])
    yield joined([one, one])
    yield joined([one, known.plan("IMG_02.jpg", "IMG_00.jpg")])
    yield known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_01.jpg")
    yield known.plan("IMG_00.jpg", with_file(known, "IMG_01.jpg", folder(known) / "IMG_00.jpg"))
    (group,) = one.groups
    yield replace(one, groups=(replace(group, kept=()),))
    yield replace(one, groups=(replace(group, left=group.moved),))


@pytest.mark.parametrize("number", range(7))
def test_a_plan_with_a_fault_is_refused(
    collection: Collection, photos: Path, known: Photos, number: int
) -> None:
    plan = list(faults(known))[number]
    before = tree(photos)
    assert fault_of(plan) is not None
    with pytest.raises(PlanFileError):
        collection.apply_purge(plan)
    assert tree(photos) == before


def test_a_plan_of_another_collection_moves_nothing(
    collection: Collection, photos: Path, known: Photos, tmp_path: Path
) -> None:
    with Collection(
        tmp_path / "other.annclust", embedder="color-histogram", settings=collection.settings
    ) as other:
        other.index([photos / "burst 1", photos / "burst 0"])
        plan = Photos.of(other).plan("IMG_00.jpg", "IMG_01.jpg")
        with pytest.raises(PlanOutOfDateError):
            collection.apply_purge(plan)
        assert in_trash(photos) == set()
        # A folder in another one's is another place with a trash of its own.
        before = tree(photos)
        other.apply_purge(plan)
        assert in_trash(photos / "burst 0") == {"IMG_01.jpg"}
        assert collection.index().removed == 1
        other.undo_purge()
        collection.index()
        assert tree(photos) == before
    assert len(collection.photo_ids()) == 12


def test_two_collections_do_not_purge_one_folder_at_once(
    collection: Collection, photos: Path, known: Photos, tmp_path: Path
) -> None:
    settings = collection.settings
    with Collection(
        tmp_path / "o.annclust", embedder="color-histogram", settings=settings
    ) as other:
        other.index([photos.parent / "photos" / "burst 0"])
        crossed = Photos.of(other).plan("IMG_01.jpg", "IMG_00.jpg", "IMG_02.jpg")

        def purge_too() -> None:
            with pytest.raises(FolderBusyError, match="another purge"):
                other.apply_purge(crossed)

        collection.progress = Meanwhile(purge_too)
        assert collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg")).photos == 1
        assert in_trash(photos) == {"IMG_01.jpg"}
        with pytest.raises(PlanOutOfDateError):
            other.apply_purge(crossed)  # what was to stay there went here
    descriptor = os.open(photos, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # and is held no longer
    os.close(descriptor)


def test_folders_in_each_other_are_purged_as_one(collection: Collection, photos: Path) -> None:
    collection.index([photos / "burst 0"])
    collection.index([photos])
    before = tree(photos)
    known = Photos.of(collection)
    plan = joined([known.plan("IMG_00.jpg", "IMG_01.jpg"), known.plan("IMG_10.jpg", "IMG_11.jpg")])
    report = collection.apply_purge(plan)
    assert report.photos == 2
    assert in_trash(photos / "burst 0") == {"IMG_01.jpg"}
    assert in_trash(photos) == {"IMG_01.jpg", "IMG_11.jpg"} - {"IMG_01.jpg"}
    collection.undo_purge()
    assert tree(photos) == before


def immutable(path: Path) -> Iterator[None]:
    """Let nobody change a file, where the file system can do that."""
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("files cannot be made immutable here")
    yield
    subprocess.run(["chattr", "-i", path], check=True)


def test_a_photo_that_the_system_does_not_let_go_stays_and_is_told(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    held = immutable(known.by_name["IMG_01.jpg"].full_path)
    next(held)
    try:
        report = collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"))
    finally:
        next(held, None)
    assert [each.path.name for each in report.not_moved] == ["IMG_01.jpg"]
    assert report.photos == 1
    collection.undo_purge()
    assert tree(photos) == before


def test_a_trash_on_another_device_takes_copies_only_if_somebody_says_so(
    collection: Collection, photos: Path, known: Photos, small_disk: SmallDisk
) -> None:
    os.utime(known.by_name["IMG_01.jpg"].full_path, ns=(3, 10**18 + 7))
    before = tree(photos)
    collection.index()
    known = Photos.of(collection)
    plan = known.plan("IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg")
    with small_disk() as disk:
        with pytest.raises(TrashError, match="--across-devices is not on"):
            collection.apply_purge(plan, trash=disk)
        assert list(disk.iterdir()) == []
        assert collection.apply_purge(plan, trash=disk, across_devices=True).photos == 2
        assert {path.name for path in disk.rglob("*.jpg")} == {"IMG_01.jpg", "IMG_02.jpg"}
        assert in_trash(photos) == set()
        collection.undo_purge()
        assert list(disk.iterdir()) == []
    assert tree(photos) == before


def test_a_full_trash_disk_stops_a_purge_that_can_be_undone(
    collection: Collection, photos: Path, known: Photos, small_disk: SmallDisk
) -> None:
    before = tree(photos)
    plan = known.plan("IMG_00.jpg", *(f"IMG_{n}{m}.jpg" for n in range(3) for m in (1, 2, 3)))
    with small_disk("20k") as disk:
        with pytest.raises(StorageError, match="left on device"):
            collection.apply_purge(plan, trash=disk, across_devices=True)
        assert collection.purges()[0].files == len(list(disk.rglob("*.jpg"))) > 0
        assert list(disk.rglob("*.unfinished")) == []
        collection.undo_purge()
    assert tree(photos) == before


def test_a_time_that_the_trash_could_not_keep_comes_back(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    (place,) = photos.rglob("*/IMG_01.jpg")
    os.utime(place, ns=(2 * 10**9, 2 * 10**9))
    assert collection.undo_purge().not_restored == ()
    assert tree(photos) == before


def test_names_that_are_as_long_as_can_be_or_no_text_come_and_go(
    collection: Collection, photos: Path
) -> None:
    names = ["ü" * 125 + "x.jpg", os.fsdecode(b"\xff\n.jpg"), os.fsdecode(b"keep \xfe.jpg")]
    for old, new in zip(("IMG_01.jpg", "IMG_02.jpg", "IMG_00.jpg"), names, strict=True):
        (photos / "burst 0" / old).rename(photos / "burst 0" / new)
    collection.index([photos])
    before = tree(photos)
    known = Photos.of(collection)
    plan = known.plan(names[2], names[0], names[1])
    assert collection.apply_purge(plan).not_moved == ()
    long = photos / "burst 0" / names[0]
    long.write_text("in its place")
    undone = collection.undo_purge()
    assert [each.reason for each in undone.not_restored] == ["file exists"]
    long.unlink()
    collection.undo_purge()
    assert tree(photos) == before


def test_a_trash_is_closed_to_others(collection: Collection, photos: Path, known: Photos) -> None:
    report = collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"))
    assert report.trash[0].stat().st_mode & 0o077 == 0


def test_no_scan_of_any_collection_finds_a_trash(
    collection: Collection, photos: Path, known: Photos, tmp_path: Path
) -> None:
    trash = tmp_path / "elsewhere"
    trash.mkdir()
    collection.apply_purge(known.plan("IMG_00.jpg", "IMG_01.jpg"), trash=trash)
    collection.apply_purge(known.plan("IMG_10.jpg", "IMG_11.jpg", name="another"))
    (photos / "link").symlink_to(photos / ".annclust-trash", target_is_directory=True)
    (trash / "new.jpg").write_bytes(known.by_name["IMG_20.jpg"].full_path.read_bytes())
    scan = replace(collection.settings.scan, follow_symlinks=True)
    collection.settings = replace(collection.settings, scan=scan)
    assert collection.index([photos, trash]).images == 11


def test_a_file_beside_is_planned_as_it_is(known: Photos) -> None:
    assert beside(sidecar(known, "IMG_01.xmp")).digest is None

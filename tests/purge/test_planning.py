"""What a plan says of real photos: which stays, what goes with what, and what is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from annclust.collection import Collection
from annclust.errors import PhotosNotFoundError
from annclust.images.discovery import TRASH
from annclust.progress import StoppedError
from annclust.purge.choosing import STANDS
from annclust.purge.plan import Plan, PlannedPhoto
from annclust.purge.plan_file import plan_bytes, read_plan
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.albums import save, with_remark
from tests.purge.purges import Photos, in_trash, tree
from tests.stages import Overhears

register_heif_opener()


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Two photos of different things."""
    folder = tmp_path / "pair"
    save(folder / "one.jpg", 1)
    save(folder / "other.jpg", 7)
    return folder


def names(photos: tuple[PlannedPhoto, ...]) -> list[str]:
    return [photo.file.path.name for photo in photos]


def moved(plan: Plan) -> dict[str, list[str]]:
    """What moves, and what with it."""
    return {
        photo.file.path.name: sorted(file.path.name for file in photo.companions)
        for photo in plan.moved
    }


def left(plan: Plan) -> dict[str, str]:
    return {
        photo.file.path.name: "; ".join(photo.reasons)
        for group in plan.groups
        for photo in group.left
    }


def copies_of(collection: Collection, folder: Path, **wishes: Path) -> Plan:
    collection.index([folder])
    return collection.plan_purge("copies", **wishes)


def test_one_photo_of_each_group_stays_and_nothing_is_touched(
    collection: Collection, photos: Path, known: Photos
) -> None:
    before = tree(photos)
    plan = collection.plan_purge()
    assert plan.totals.photos == 9
    for group in plan.groups:
        assert len(group.kept) == 1
        assert all(photo.reasons for photo in group.moved)
        assert {p.file.path.parent for p in group.moved} == {group.kept[0].file.path.parent}
    assert plan.totals.bytes == sum(photo.file.size for photo in plan.moved)
    assert tree(photos) == before
    assert collection.purges() == []


def test_groups_of_one_need_no_plan(collection: Collection, tmp_path: Path) -> None:
    for seed in range(3):
        save(tmp_path / "alone" / f"{seed}.jpg", seed)
    plan = copies_of(collection, tmp_path / "alone")
    assert (plan.groups, plan.totals.photos) == ((), 0)


def test_of_exact_copies_one_stays(collection: Collection, pair: Path) -> None:
    (pair / "three.jpg").write_bytes((pair / "one.jpg").read_bytes())
    plan = copies_of(collection, pair)
    assert plan.level == "copies"
    (group,) = plan.groups
    assert len(group.kept) == 1
    assert sorted(names(group.kept) + names(group.moved)) == ["one.jpg", "three.jpg"]


def test_of_exact_copies_the_one_with_its_raw_photo_stays(
    collection: Collection, pair: Path
) -> None:
    collection.index([pair])
    copy = pair / "card" / "one.jpg"
    copy.parent.mkdir()
    copy.write_bytes((pair / "one.jpg").read_bytes())
    copy.with_suffix(".CR2").write_bytes(b"raw" * 400)
    plan = copies_of(collection, pair)
    assert [photo.file.path for photo in plan.moved] == [pair / "one.jpg"]


def test_a_raw_photo_beside_one_copy_alone_stays_where_the_other_copy_must(
    collection: Collection, tmp_path: Path
) -> None:
    for name in ("album/one.jpg", "card/one.jpg"):
        save(tmp_path / "photos" / name, 1)
    (tmp_path / "photos" / "card" / "one.CR2").write_bytes(b"raw" * 400)
    plan = copies_of(collection, tmp_path / "photos", reference=tmp_path / "photos" / "album")
    assert moved(plan) == {}
    assert left(plan) == {"one.jpg": "one.CR2 belongs to this copy alone"}


PROTECTED: dict[str, Callable[[Path], Path]] = {
    "by its name": lambda folder: folder / "album",
    "by one above it": lambda folder: folder,
    "through a link": lambda folder: _link(folder),
    "through its parent": lambda folder: folder / "album" / ".." / "album",
}


def _link(folder: Path) -> Path:
    (folder.parent / "link").symlink_to(folder / "album")
    return folder.parent / "link"


@pytest.mark.parametrize("way", PROTECTED)
def test_what_is_in_a_protected_folder_stays(
    collection: Collection, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "photos"
    for name in ("a.jpg", "album/b.jpg", "album/c.jpg"):
        save(folder / name, 1)
    plan = copies_of(collection, folder, reference=PROTECTED[way](folder))
    expected = {} if way == "by one above it" else {"a.jpg": []}
    assert moved(plan) == expected


def test_a_protected_folder_may_be_below_home(
    collection: Collection, pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(pair.parent))
    (pair / "three.jpg").write_bytes((pair / "one.jpg").read_bytes())
    assert moved(copies_of(collection, pair, reference=Path("~/pair"))) == {}


@pytest.mark.parametrize("name", ["pairs", "pair/one.jpg"], ids=["nothing", "a file"])
def test_a_protected_folder_that_is_none_is_told(
    collection: Collection, pair: Path, name: str
) -> None:
    with pytest.raises(PhotosNotFoundError):
        copies_of(collection, pair, reference=pair.parent / name)


def test_marks_count(collection: Collection, photos: Path, known: Photos) -> None:
    ids = {name: photo.id for name, photo in known.by_name.items()}
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        store.catalog.mark([ids["IMG_02.jpg"], ids["IMG_03.jpg"]], keep=True)
        store.catalog.mark([ids[f"IMG_1{n}.jpg"] for n in range(4)], keep=False)
    plan = collection.plan_purge()
    kept = {photo.file.path.name: photo.reasons for group in plan.groups for photo in group.kept}
    assert {"IMG_02.jpg", "IMG_03.jpg"} <= kept.keys()
    assert len([name for name in kept if name.startswith("IMG_1")]) == 1
    assert {"IMG_00.jpg", "IMG_01.jpg"} <= moved(plan).keys()


def bracketed(path: Path, bias: float, second: int) -> None:
    """A frame of an exposure bracket, as a camera writes it."""
    picture = Image.open(path)
    exif = Image.Exif()
    exif[0x8769] = {
        0x9003: f"2024:05:01 10:00:0{second}",
        0x829A: 0.01 * 2**bias,
        0x829D: 8.0,
        0x8827: 100,
        0x9204: bias,
        0xA402: 2,
    }
    picture.save(path, exif=exif, quality=90)


def test_a_photo_that_stayed_instead_of_others_stays_until_they_are_back(
    collection: Collection, known: Photos
) -> None:
    first = known.plan("IMG_03.jpg", "IMG_01.jpg", "IMG_02.jpg")
    collection.apply_purge(first)
    again = collection.plan_purge("shots")
    stands = [photo for group in again.groups for photo in group.kept if STANDS in photo.reasons]
    assert [photo.file.path.name for photo in stands] == ["IMG_03.jpg"]
    assert STANDS not in str(collection.plan_purge("scenes"))
    collection.undo_purge(first)
    assert STANDS not in str(collection.plan_purge("shots"))


def test_frames_of_a_bracket_are_left_alone(collection: Collection, photos: Path) -> None:
    for number, bias in enumerate((0.0, -2.0, 2.0)):
        bracketed(photos / "burst 0" / f"IMG_0{number}.jpg", bias, 0)
    collection.index([photos])
    plan = collection.plan_purge()
    alone = {name: why for name, why in left(plan).items() if "bracket" in why}
    assert sorted(alone) == ["IMG_00.jpg", "IMG_01.jpg", "IMG_02.jpg"]
    assert "IMG_03.jpg" not in moved(plan)


def test_a_raw_photo_a_film_and_sidecars_move_with_their_photo(
    collection: Collection, tmp_path: Path
) -> None:
    folder = tmp_path / "shots"
    better = save(folder / "better" / "IMG_1.jpg", 1, quality=95)
    worse = save(folder / "IMG_1.jpg", 1, quality=90)
    Image.open(better).save(folder / "IMG_2.heic", quality=60)
    for name in ("IMG_1.CR2", "IMG_2.MOV"):
        (folder / name).write_bytes(b"what a camera writes beside" * 40)
    for name in ("IMG_1.xmp", "IMG_1.CR2.xmp", "IMG_2.aae", "IMG_9.xmp"):
        (folder / name).write_text(name)
    for path in folder.iterdir():
        os.utime(path, ns=(10**18, 10**18)) if path.is_file() else None
    with_remark(worse, folder / "IMG_3.jpg")
    (folder / "IMG_3.png").write_bytes(b"")
    (folder / "IMG_3.xmp").write_text("of two")
    before = tree(folder)
    collection.index([folder])
    with StoreWriter(collection.path) as store, store.catalog.transaction():
        store.catalog.mark([Photos.of(collection).by_path[better].id], keep=True)
    collection.decide("together", better, folder / "IMG_2.heic")
    plan = collection.plan_purge()
    assert moved(plan) == {
        "IMG_1.jpg": ["IMG_1.CR2", "IMG_1.CR2.xmp", "IMG_1.xmp"],
        "IMG_2.heic": ["IMG_2.MOV", "IMG_2.aae"],
        "IMG_3.jpg": [],
    }
    report = collection.apply_purge(plan)
    assert (report.photos, report.files, report.not_moved) == (3, 8, ())
    assert {path.name for path in folder.iterdir()} == {
        *("better", "IMG_3.png", "IMG_3.xmp", "IMG_9.xmp", TRASH)
    }
    collection.undo_purge()
    assert tree(folder) == before
    assert collection.index().companions == 2


def test_a_photo_with_a_link_among_its_belongings_is_left_alone(
    collection: Collection, tmp_path: Path
) -> None:
    folder = tmp_path / "shots"
    save(folder / "better" / "IMG_1.jpg", 1)
    save(folder / "IMG_1.jpg", 1)
    (folder / "IMG_1.CR2").write_bytes(b"raw" * 400)
    collection.index([folder])
    (folder / "IMG_1.CR2").rename(tmp_path / "raw")
    (folder / "IMG_1.CR2").symlink_to(tmp_path / "raw")
    (folder / "better" / "IMG_1.xmp").symlink_to(tmp_path / "raw")
    plan = collection.plan_purge("copies")
    assert moved(plan) == {}
    assert [why.partition(", which ")[2] for why in left(plan).values()] == [
        "belongs to it, is no ordinary file"
    ]


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "it was changed since"),
    "gone": (Path.unlink, "it vanished"),
    "a link": (
        lambda path: (path.rename(path.parent.parent / "x"), path.symlink_to("../x")),
        "it is a link",
    ),
    "one file with another": (
        lambda path: (path.unlink(), os.link(path.with_name("one.jpg"), path)),
        "it is one file with",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_be_compared_is_left_alone(
    collection: Collection, pair: Path, change: str
) -> None:
    os.utime(pair / "one.jpg", ns=(5, 5))
    twin = pair / "twin.jpg"
    twin.write_bytes((pair / "one.jpg").read_bytes())
    os.utime(twin, ns=(5, 5))
    collection.index([pair])
    CHANGES[change][0](twin)
    plan = collection.plan_purge("copies")
    assert moved(plan) == {}
    assert left(plan)["twin.jpg"].startswith(CHANGES[change][1])


def test_photos_that_are_offline_are_left_alone(collection: Collection, photos: Path) -> None:
    for shot in range(4):
        (photos / "burst 1" / f"copy {shot}.jpg").write_bytes(
            (photos / "burst 0" / f"IMG_0{shot}.jpg").read_bytes()
        )
    collection.index([photos / "burst 0"])
    collection.index([photos / "burst 1"])
    (photos / "burst 0").rename(photos / "away")
    plan = collection.plan_purge("copies")
    assert moved(plan) == {}
    assert set(left(plan)) == {f"IMG_0{shot}.jpg" for shot in range(4)}
    assert all("offline" in why for why in left(plan).values())


def rot(path: Path) -> None:
    """Lose what a file holds, without anything that shows it."""
    state = path.stat()
    path.write_bytes(bytes(state.st_size))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_a_photo_that_cannot_be_read_is_left_alone(collection: Collection, pair: Path) -> None:
    collection.index([with_remark(pair / "one.jpg", pair / "rotten.jpg").parent])
    rot(pair / "rotten.jpg")
    plan = collection.plan_purge("copies")
    assert moved(plan) == {}
    assert left(plan) == {"rotten.jpg": "it changed since it was indexed"}


def test_a_copy_that_rotted_is_found_before_anything_moves(
    collection: Collection, pair: Path
) -> None:
    (pair / "copy.jpg").write_bytes((pair / "one.jpg").read_bytes())
    plan = copies_of(collection, pair)
    for name in (*moved(plan), *names(plan.groups[0].kept)):
        rot(pair / name)
        (stayed,) = collection.apply_purge(plan).not_moved
        assert "was changed" in stayed.reason
        (pair / name).write_bytes((pair / ({"one.jpg", "copy.jpg"} - {name}).pop()).read_bytes())


def test_what_was_measured_is_kept_and_looked_up(collection: Collection, known: Photos) -> None:
    first = collection.plan_purge()
    digests = [photo.digest for photo in known.by_name.values()]
    with Store(collection.path) as store:
        assert len(store.catalog.examinations(digests)) == 12
    rot(known.by_name["IMG_00.jpg"].full_path)  # nobody reads it again
    again = collection.plan_purge()
    assert again.groups == first.groups


def test_a_plan_is_made_while_somebody_else_writes(collection: Collection, known: Photos) -> None:
    collection.cluster()
    with StoreWriter(collection.path):
        plan = collection.plan_purge()
        assert plan.totals.photos == 9
    digests = [photo.digest for photo in known.by_name.values()]
    with Store(collection.path) as store:
        assert store.catalog.examinations(digests) == {}
    assert collection.plan_purge().groups == plan.groups


def test_groups_are_made_anew_as_they_were_made(
    collection: Collection, photos: Path, known: Photos
) -> None:
    collection.cluster("shots", granularity=0.9)
    save(photos / "new.jpg", 99)
    collection.index()
    collection.plan_purge()
    assert collection.last_clustering("shots").granularity == 0.9
    assert collection.changed_since_clustering("shots") is None


def test_groups_by_density_are_planned_too(collection: Collection, known: Photos) -> None:
    plan = collection.plan_purge("density")
    assert plan.level == "density"
    assert collection.last_clustering("density").clusters >= 0


def test_a_plan_that_was_kept_in_a_file_is_applied(
    collection: Collection, photos: Path, known: Photos, tmp_path: Path
) -> None:
    before = tree(photos)
    plan = collection.plan_purge()
    (tmp_path / "plan.json").write_bytes(plan_bytes(plan))
    read = read_plan(tmp_path / "plan.json")
    assert read == plan
    assert replace(read, id="") != plan
    collection.apply_purge(read)
    assert in_trash(photos) == set(moved(plan))
    collection.undo_purge(plan)
    assert tree(photos) == before


def test_making_a_plan_stops_between_two_groups(collection: Collection, known: Photos) -> None:
    collection.cluster()
    chosen: list[int] = []

    def one_is_enough(steps: int) -> None:
        chosen.append(steps)
        raise StoppedError

    collection.progress = Overhears("Choosing", one_is_enough)
    with pytest.raises(StoppedError):
        collection.plan_purge()
    assert chosen == [1]

from __future__ import annotations

import os
from pathlib import Path

import pytest

from annclust.arrays import VectorRow
from annclust.collection import Collection
from annclust.errors import CollectionDamagedError, DamagedFileWarning
from annclust.settings import DecodeSettings, IndexingSettings
from annclust.storage.store_writer import StoreWriter
from tests.albums import save
from tests.failing_disks import FailingDisk

HEADER, ROW = 64, 2 * 256  # bytes; rows of the color histogram


def damage(collection: Collection, *rows: int) -> None:
    """Flip the bits of some vectors."""
    with (collection.path / "vectors-000001.f16").open("r+b") as file:
        for row in rows:
            file.seek(HEADER + row * ROW)
            kept = file.read(ROW)
            file.seek(HEADER + row * ROW)
            file.write(bytes(byte ^ 0xFF for byte in kept))


def state(collection: Collection) -> tuple[object, ...]:
    """All that a user sees: every photo with its group, and all distances."""
    graph = collection.neighbor_graph()
    return (
        list(collection.photo_table().records),
        graph.neighbors.tolist(),
        graph.distances.tolist(),
    )


@pytest.mark.parametrize("rows", [(0,), (3, 7), tuple(range(12))])
def test_damaged_vectors_are_made_again_from_their_photos(
    collection: Collection, photos: Path, rows: tuple[int, ...]
) -> None:
    collection.index([photos])
    collection.cluster()
    before = state(collection)
    damage(collection, *rows)
    (problem,) = collection.check().problems
    assert (problem.invariant, len(problem.ids)) == ("M4", len(rows))
    report = collection.check(repair=True)
    assert report.ok
    assert [repaired.invariant for repaired in report.repaired] == ["M4"]
    assert state(collection) == before
    assert collection.check().ok


def test_vectors_on_a_failing_part_of_the_disk_are_made_again(
    collection: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.index([photos])
    collection.cluster()
    before = state(collection)
    with monkeypatch.context() as patched:
        FailingDisk(patched, collection.path / "vectors-000001.f16", ROW, 1, 4)
        (problem,) = collection.check().problems
        assert (problem.invariant, len(problem.ids)) == ("M4", 2)
        assert collection.check(repair=True).ok
        assert state(collection) == before


@pytest.mark.parametrize("step", ["lose_vectors", "append", "compact"])
def test_healing_that_was_interrupted_goes_on_and_loses_no_group(
    collection: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    collection.index([photos])
    collection.cluster()
    before = state(collection)
    damage(collection, 0, 3, 7)
    done = getattr(StoreWriter, step)

    def stop_after(store: StoreWriter, *arguments: object) -> None:
        done(store, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StoreWriter, step, stop_after)
        with pytest.raises(KeyboardInterrupt):
            collection.check(repair=True)
    assert collection.check(repair=True).ok
    assert state(collection) == before


def test_a_photo_that_waits_for_its_vector_is_not_dropped_for_being_refused(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    before = ids_by_name(collection)
    with StoreWriter(collection.path) as store:
        store.lose_vectors([VectorRow(0), VectorRow(3)])
        store.compact()
    strict = IndexingSettings(decode=DecodeSettings(workers=1, max_pixels=10))
    for _ in range(2):
        with Collection(collection.path, settings=strict) as careful:
            report = careful.index()
        assert (report.removed, len(report.unreadable)) == (0, 2)
    assert ids_by_name(collection) == before
    assert [problem.invariant for problem in collection.check().problems] == ["S4"]
    assert collection.check(repair=True).ok
    report = collection.index()
    assert (report.removed, report.unreadable) == (0, ())
    assert ids_by_name(collection) == before


@pytest.mark.parametrize("left", [None, 0, 100, HEADER + 5 * ROW + 7])
def test_a_vector_file_that_is_cut_or_gone_is_made_again(
    collection: Collection, photos: Path, left: int | None
) -> None:
    collection.index([photos])
    collection.cluster()
    before = state(collection)
    path = collection.path / "vectors-000001.f16"
    if left is None:
        path.unlink()
    else:
        os.truncate(path, left)
    (problem,) = collection.check().problems
    assert problem.invariant == "M2"
    assert len(problem.ids) == (7 if left == HEADER + 5 * ROW + 7 else 12)
    assert collection.check(repair=True).ok
    assert state(collection) == before
    assert not collection.clusters_are_out_of_date()


def test_a_photo_that_is_gone_or_changed_is_not_healed_and_stays_named(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    ids = ids_by_name(collection)
    gone, changed = (photos / "burst 0" / f"IMG_0{shot}.jpg" for shot in (0, 1))
    gone.rename(tmp_path / "away.jpg")
    save(changed, 90)
    damage(collection, *range(12))
    report = collection.check(repair=True)
    (problem,) = report.problems
    assert (problem.invariant, sorted(problem.ids)) == (
        "S4",
        sorted([ids["IMG_00.jpg"], ids["IMG_01.jpg"]]),
    )
    match, *_ = collection.similar(photos / "burst 1" / "IMG_10.jpg", k=1)
    assert match.path.name == "IMG_10.jpg"
    # Whoever is there again gets a vector, and is the photo that it was.
    (tmp_path / "away.jpg").rename(gone)
    collection.index()
    assert collection.check().ok
    assert ids_by_name(collection) == ids
    assert collection.similar(gone, k=1)[0].distance == 0


def test_photos_of_a_folder_that_is_offline_wait_for_it(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    collection.cluster()
    ids = ids_by_name(collection)
    photos.rename(tmp_path / "unplugged")
    damage(collection, 2, 3)
    assert [len(p.ids) for p in collection.check(repair=True).problems] == [2]
    collection.index()
    assert collection.status().images == 12
    assert [len(p.ids) for p in collection.check(repair=True).problems] == [2]
    (tmp_path / "unplugged").rename(photos)
    assert collection.check(repair=True).ok
    assert ids_by_name(collection) == ids
    assert collection.neighbor_graph().n == 12


def test_damage_is_told_before_anything_is_made_from_it(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    damage(collection, 0)
    for path in collection.path.glob("*.npy"):
        path.unlink()
    with pytest.raises(CollectionDamagedError, match="not as written"):
        collection.similar(photos / "burst 0" / "IMG_00.jpg")
    with (
        pytest.raises(CollectionDamagedError, match="not as written"),
        pytest.warns(DamagedFileWarning, match="is missing"),
    ):
        collection.cluster()
    assert collection.check(repair=True).ok
    assert collection.cluster().labels.shape == (12,)


def ids_by_name(collection: Collection) -> dict[str, int]:
    """Id of each photo, by the name of its file."""
    records = collection.photo_table().records
    return {Path(str(record["path"])).name: int(str(record["id"])) for record in records}


def test_copies_that_share_a_damaged_vector_are_healed_together(
    collection: Collection, photos: Path
) -> None:
    twin = photos / "twin.jpg"
    twin.write_bytes((photos / "burst 0" / "IMG_00.jpg").read_bytes())
    collection.index([photos])
    damage(collection, *range(12))
    twin.unlink()  # one of the two is enough
    assert collection.check(repair=True).ok
    collection.index()
    assert collection.check().ok

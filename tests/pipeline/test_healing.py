from __future__ import annotations

from pathlib import Path

import pytest

from annclust.collection import Collection
from tests.albums import save

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


def test_a_photo_that_is_gone_or_changed_is_not_healed_and_stays_named(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    ids = {
        Path(str(record["path"])).name: int(str(record["id"]))
        for record in collection.photo_table().records
    }
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    save(photos / "burst 0" / "IMG_01.jpg", 90)
    damage(collection, *range(12))
    report = collection.check(repair=True)
    (problem,) = report.problems
    assert sorted(problem.ids) == sorted([ids["IMG_00.jpg"], ids["IMG_01.jpg"]])
    assert not report.ok
    match, *_ = collection.similar(photos / "burst 1" / "IMG_10.jpg", k=1)
    assert match.path.name == "IMG_10.jpg"
    # Once the collection knows that they are gone, nothing needs the damaged vectors any more.
    collection.index()
    assert collection.check(repair=True).ok


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

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.collection import Collection
from annclust.errors import DamagedFileWarning, UnreadableImageError
from annclust.storage.store import Store
from tests.albums import picture, save


def names(collection: Collection, image: Path, k: int) -> list[str]:
    return [match.path.name for match in collection.similar(image, k)]


def test_a_photo_of_the_collection_is_its_own_first_match(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    query = photos / "burst 1" / "IMG_12.jpg"
    first, *others = collection.similar(query, k=4)
    assert first.path == query
    assert first.similarity == pytest.approx(1, abs=1e-6)
    assert first.distance == pytest.approx(0, abs=1e-6)
    assert {match.path.parent.name for match in others} == {"burst 1"}


def test_matches_come_nearest_first_with_true_distances(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    matches = collection.similar(photos / "burst 0" / "IMG_00.jpg", k=12)
    assert [m.distance for m in matches] == sorted(m.distance for m in matches)
    with Store(collection.path) as store:
        vectors = store.vectors().block(0, 12)
        rows = {int(i): int(r) for i, r in zip(*store.catalog.live(), strict=True)}
    query = vectors[rows[matches[0].id]]
    for match in matches:
        row = vectors[rows[match.id]]
        assert match.distance == pytest.approx(float(np.linalg.norm(row - query)), abs=1e-5)
        assert match.similarity == pytest.approx(float(row @ query), abs=1e-5)


def test_an_image_outside_the_collection_is_compared_by_its_looks(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    outside = tmp_path / "outside.png"
    picture(2).save(outside)
    assert {m.path.parent.name for m in collection.similar(outside, k=4)} == {"burst 2"}


def test_k_larger_than_the_collection_gives_all_photos(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    assert len(collection.similar(photos / "burst 0" / "IMG_00.jpg", k=1000)) == 12


def test_an_empty_collection_has_no_matches(collection: Collection, tmp_path: Path) -> None:
    assert collection.similar(save(tmp_path / "x.jpg", 1)) == []


def test_exact_copies_are_all_found(collection: Collection, photos: Path) -> None:
    for number in range(3):
        shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / f"copy{number}.jpg")
    collection.index([photos])
    found = collection.similar(photos / "copy0.jpg", k=4)
    assert {m.path.name for m in found} == {"IMG_00.jpg", "copy0.jpg", "copy1.jpg", "copy2.jpg"}
    assert max(m.distance for m in found) == pytest.approx(0, abs=1e-6)


def test_removed_photos_are_not_found(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    gone = photos / "burst 0" / "IMG_00.jpg"
    gone.rename(photos / "burst 0" / "IMG_00.away")
    collection.index()
    found = names(collection, photos / "burst 0" / "IMG_01.jpg", 11)
    assert len(found) == 11
    assert gone.name not in found


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_an_unreadable_query_is_an_error_of_one_line(
    collection: Collection, photos: Path, tmp_path: Path, content: bytes
) -> None:
    collection.index([photos])
    query = tmp_path / "bad.jpg"
    query.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"bad\.jpg") as error:
        collection.similar(query)
    assert "\n" not in str(error.value)


def test_a_missing_query_and_a_folder_are_unreadable(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    for query in (tmp_path / "none.jpg", photos):
        with pytest.raises(UnreadableImageError):
            collection.similar(query)


def test_a_missing_or_damaged_index_makes_no_difference(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    query = photos / "burst 0" / "IMG_02.jpg"
    expected = collection.similar(query)
    index = next(collection.path.glob("index-*"))
    index.write_bytes(b"x" * index.stat().st_size)
    for told in ("does not have the content", "is missing"):
        with (
            Collection(collection.path) as reopened,
            pytest.warns(DamagedFileWarning, match=told),
        ):
            assert reopened.similar(query) == expected
        index.unlink(missing_ok=True)


def test_rows_newer_than_the_index_are_found(collection: Collection, photos: Path) -> None:
    """As after a run that was stopped before the index was built."""
    collection.index([photos / "burst 0"])
    old_index = next(collection.path.glob("index-*")).read_bytes()
    with Store(collection.path) as store:
        old = store.catalog.generation("index")
    collection.index([photos])
    with Store(collection.path) as store:
        new = store.catalog.generation("index")
    assert old is not None
    assert new is not None
    assert (old.rows, new.rows) == (4, 12)
    assert (collection.path / old.files[0].name).read_bytes() == old_index
    from annclust.storage.catalog_writer import CatalogWriter

    with CatalogWriter(collection.path / "catalog.sqlite") as catalog, catalog.transaction():
        catalog._db.execute("UPDATE generation SET current = number = ?", (old.number,))
    found = names(collection, photos / "burst 2" / "IMG_20.jpg", 4)
    assert sorted(found) == ["IMG_20.jpg", "IMG_21.jpg", "IMG_22.jpg", "IMG_23.jpg"]


def test_a_large_collection_is_searched_through_inverted_lists(
    collection: Collection, photos: Path
) -> None:
    search = replace(collection.settings.search, exact_up_to=4)
    collection.settings = replace(collection.settings, search=search)
    collection.index([photos])
    index = collection.status().index
    assert index is not None
    assert index["kind"] == "ivf"
    found = names(collection, photos / "burst 1" / "IMG_10.jpg", 4)
    assert sorted(found) == ["IMG_10.jpg", "IMG_11.jpg", "IMG_12.jpg", "IMG_13.jpg"]

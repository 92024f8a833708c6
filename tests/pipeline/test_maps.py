"""The map follows the photos that come and go, and one knows it again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Vectors
from annclust.collection import Collection
from annclust.errors import DamagedFileWarning, InputError
from annclust.pipeline.maps import refresh_map, stored_map
from annclust.progress import StoppedError
from annclust.settings import SearchSettings
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.albums import with_remark
from tests.search.samples import clustered
from tests.stopping import StopAt
from tests.vectors import DIMENSION, add_vectors, collection_of

ONE = SearchSettings(threads=1)


def vectors_of(n: int) -> Vectors:
    return clustered(n, DIMENSION, seed=0)


def test_a_map_is_stored_and_read_again(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(120))
    with Store(path) as store:
        assert stored_map(store) is None
    with StoreWriter(path) as store:
        drawn = refresh_map(store, ONE)
        names = sorted(entry.name for entry in path.glob("map-*"))
    assert names == ["map-000001.places.npy", "map-000001.rows.npy"]
    with Store(path) as store:
        read = stored_map(store)
        assert read is not None
        assert not read.stale
        assert read.digest == drawn.digest
        assert np.array_equal(read.ids, store.catalog.live()[0])
    assert read.places.dtype == np.float32
    assert (read.places.min(), read.places.max()) == pytest.approx((0, 1), abs=1e-3)
    assert len(np.unique(read.places, axis=0)) == len(read.ids)


def test_a_map_that_is_up_to_date_is_not_drawn_again(tmp_path: Path) -> None:
    with StoreWriter(collection_of(tmp_path / "c", vectors_of(60))) as store:
        drawn = refresh_map(store, ONE)
        assert refresh_map(store, ONE).digest == drawn.digest
        found = store.catalog.generation("map")
    assert found is not None
    assert found.number == 1


def test_a_stale_map_says_so_and_still_shows_who_is_there(tmp_path: Path) -> None:
    vectors = vectors_of(130)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:120])) as store:
        drawn = refresh_map(store, ONE)
        with store.catalog.transaction():
            store.catalog.remove_images(drawn.ids[:5].tolist())
        add_vectors(store, vectors[120:], [f"new {number}" for number in range(10)])
        stale = stored_map(store)
        assert stale is not None
        assert stale.stale
        assert np.array_equal(stale.ids, drawn.ids[5:])
        assert np.array_equal(stale.places, drawn.places[5:])
        again = refresh_map(store, ONE)
    assert not again.stale
    assert len(again.ids) == 125
    assert again.digest != stale.digest


def test_one_knows_a_map_again_after_photos_came_and_went(tmp_path: Path) -> None:
    vectors = vectors_of(400)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:360])) as store:
        before = refresh_map(store, ONE)
        with store.catalog.transaction():
            store.catalog.remove_images(before.ids[::20].tolist())
        add_vectors(store, vectors[360:], [f"new {number}" for number in range(40)])
        after = refresh_map(store, ONE)
    with StoreWriter(collection_of(tmp_path / "anew", vectors)) as store:
        anew = refresh_map(store, ONE)

    def moved(ids: np.ndarray, places: np.ndarray) -> float:
        _, here, there = np.intersect1d(before.ids, ids, return_indices=True)
        return float(np.median(np.linalg.norm(before.places[here] - places[there], axis=1)))

    assert moved(after.ids, after.places) < 0.05
    assert moved(after.ids, after.places) < moved(anew.ids, anew.places) / 3


def test_exact_copies_lie_beside_their_twins(collection: Collection, photos: Path) -> None:
    first = photos / "burst 0" / "IMG_00.jpg"
    shutil.copy(first, photos / "copy.jpg")
    with_remark(first, photos / "remark.jpg")
    collection.index([photos])
    table = {Path(str(row["path"])).name: row for row in collection.map_table().records}
    assert len(table) == 14
    twins = np.array([[table[name][axis] for axis in "xy"] for name in
                      ("IMG_00.jpg", "copy.jpg", "remark.jpg")])  # fmt: skip
    apart = np.linalg.norm(twins[1:] - twins[0], axis=1)
    assert (apart > 0).all()
    assert (apart < 0.01).all()


def test_a_copy_more_does_not_make_a_map_stale(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.photo_map()
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / "copy.jpg")
    collection.index()
    with Store(collection.path) as store:
        found = stored_map(store)
    assert found is not None
    assert not found.stale
    assert len(found.ids) == 13


def test_a_damaged_map_is_drawn_again(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(60))
    with StoreWriter(path) as store:
        drawn = refresh_map(store, ONE)
    file = path / "map-000001.places.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with Store(path) as store, pytest.warns(DamagedFileWarning, match=r"map-000001.places.npy"):
        assert stored_map(store) is None
    with StoreWriter(path) as store, pytest.warns(DamagedFileWarning):
        assert refresh_map(store, ONE).digest == drawn.digest
    with Collection(path) as collection:
        assert not collection.photo_map().stale
        assert collection.check().ok


def test_repair_drops_a_damaged_map(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(60))
    with Collection(path) as collection:
        drawn = collection.photo_map()
        (path / "map-000001.rows.npy").unlink()
        assert not collection.check().ok
        assert collection.check(repair=True).ok
        assert collection.photo_map().digest == drawn.digest


def test_a_map_is_kept_when_rows_get_new_numbers(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(80))
    with Collection(path) as collection:
        collection.photo_map()
        with StoreWriter(path) as store, store.catalog.transaction():
            store.catalog.remove_images([1, 2, 3])
        drawn = collection.photo_map()
        collection.compact()
        with Store(path) as store:
            kept = stored_map(store)
        assert kept is not None
        assert not kept.stale
        assert kept.digest == drawn.digest
        assert collection.photo_map().digest == drawn.digest


def test_a_stale_map_is_kept_as_well_but_not_of_nobody(tmp_path: Path) -> None:
    vectors = vectors_of(90)
    path = collection_of(tmp_path / "c", vectors[:80])
    with Collection(path) as collection:
        drawn = collection.photo_map()
        with StoreWriter(path) as store:
            with store.catalog.transaction():
                store.catalog.remove_images([1, 2, 3])
            add_vectors(store, vectors[80:], [f"new {number}" for number in range(10)])
        collection.compact()
        with Store(path) as store:
            kept = stored_map(store)
        assert kept is not None
        assert kept.stale
        assert np.array_equal(kept.places, drawn.places[3:])
        with StoreWriter(path) as store, store.catalog.transaction():
            store.catalog.remove_images(list(range(1, 81)))
        collection.compact()
        with Store(path) as store:
            assert stored_map(store) is None


def test_drawing_can_be_stopped_and_leaves_the_map_before(tmp_path: Path) -> None:
    vectors = vectors_of(70)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:60])) as store:
        refresh_map(store, ONE)
        add_vectors(store, vectors[60:], [f"new {number}" for number in range(10)])
        listener = StopAt(30)
        with pytest.raises(StoppedError):
            refresh_map(store, ONE, listener)
        assert listener.titles[-1] == "Drawing the map"
        found = stored_map(store)
    assert found is not None
    assert found.stale


def test_a_map_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    with (
        StoreWriter(collection_of(tmp_path / "c", vectors_of(60))) as store,
        pytest.raises(InputError, match="a map of 60 contents takes"),
    ):
        refresh_map(store, SearchSettings(threads=1, memory=200 << 20))


def test_an_empty_collection_has_an_empty_map(collection: Collection) -> None:
    assert len(collection.photo_map().ids) == 0
    assert list(collection.map_table().records) == []


def test_the_table_of_a_map_has_the_groups(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster()
    table = collection.map_table()
    assert table.columns == ("id", "path", "x", "y", "cluster")
    rows = list(table.records)
    assert [row["id"] for row in rows] == collection.photo_ids()
    assert len({row["cluster"] for row in rows}) == 3
    assert all(0 <= float(row[axis] or 0) <= 1 for row in rows for axis in "xy")

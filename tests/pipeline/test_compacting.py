from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import GroupsOutOfDateError
from tests.albums import save


def test_a_compacted_collection_answers_as_before(collection: Collection, photos: Path) -> None:
    for number in range(5):
        save(photos / "alone" / f"{number}.jpg", 60 + number)
    collection.index([photos])
    shutil.rmtree(photos / "burst 1")
    collection.index(forget_missing=True)
    collection.cluster()
    query = photos / "burst 0" / "IMG_00.jpg"
    before = (collection.clusters(), collection.similar(query, k=20), collection.photo_ids())
    report = collection.compact()
    assert report.removed == 4
    assert report.bytes_after < report.bytes_before
    assert (
        collection.clusters(),
        collection.similar(query, k=20),
        collection.photo_ids(),
    ) == before
    assert not collection.clusters_are_out_of_date()
    assert collection.check().ok
    assert collection.neighbor_graph().n == 13


def test_what_groups_are_cut_from_stays(collection: Collection, photos: Path) -> None:
    for number in range(5):
        save(photos / "alone" / f"{number}.jpg", 60 + number)
    collection.index([photos])
    shutil.rmtree(photos / "burst 0")
    collection.index(forget_missing=True)
    collection.cluster()
    alone, near = photos / "alone" / "0.jpg", photos / "burst 1" / "IMG_10.jpg"

    def told() -> tuple[object, ...]:
        looks = [collection.groups_at(look)[0].tolist() for look in (0.5, 1, 2, 3)]
        tree = list(collection.tree_table().records)
        return looks, collection.explain(alone), collection.explain(near), tree

    before = told()
    collection.compact()
    assert told() == before
    assert collection.check().ok
    collection.cluster()
    assert told() == before


def test_but_the_density_tree_is_made_again(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    collection.index()
    collection.cluster("density", min_cluster_size=2)
    collection.compact()
    with pytest.raises(GroupsOutOfDateError, match="what groups are cut from was dropped since"):
        collection.tree_table()
    collection.cluster("density", min_cluster_size=2)
    assert list(collection.tree_table().records)


def test_groups_keep_their_ids_when_they_are_made_anew(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    collection.cluster()
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    collection.index()
    before = {group.id: group.size for group in collection.clusters()}
    collection.compact()
    collection.cluster()
    assert {group.id: group.size for group in collection.clusters()} == before
    assert collection.last_clustering().lineage["kept"] == 3


def test_a_photo_that_comes_back_after_compacting_is_a_new_one(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    shutil.move(photos / "burst 0" / "IMG_00.jpg", tmp_path / "aside.jpg")
    collection.index()
    collection.compact()
    shutil.move(tmp_path / "aside.jpg", photos / "burst 0" / "IMG_00.jpg")
    report = collection.index()
    assert (report.added, report.duplicates) == (1, 0)
    assert max(collection.photo_ids()) == 13


def test_groups_that_were_out_of_date_stay_so(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster()
    # One photo goes and one comes: as many vectors as before, so the same rows after compacting.
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    save(photos / "new.jpg", 99)
    collection.index()
    collection.compact()
    assert collection.clusters_are_out_of_date()
    collection.cluster()
    collection.compact()
    assert not collection.clusters_are_out_of_date()

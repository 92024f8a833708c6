"""The density tree as a table and as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from annclust.clustering.condensed_tree import EMPTY_TREE
from annclust.collection import Collection
from annclust.errors import DamagedFileWarning, GroupsOutOfDateError
from annclust.pipeline.tree_picture import tree_picture
from annclust.settings import Level
from annclust.storage.store_writer import StoreWriter
from tests.search.samples import clustered
from tests.vectors import DIMENSION, add_vectors, collection_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def groups(tmp_path: Path) -> Collection:
    collection = Collection(collection_of(tmp_path / "c", clustered(300, DIMENSION)))
    collection.cluster("density", min_cluster_size=4, min_samples=1)
    return collection


def test_every_photo_leaves_once_and_every_branch_is_born_once(groups: Collection) -> None:
    records = list(groups.tree_table().records)
    photos = [record["photo"] for record in records if record["photo"] is not None]
    branches = [record["branch"] for record in records if record["branch"] is not None]
    assert sorted(photos) == groups.photo_ids()  # type: ignore[type-var]
    assert sorted(branches) == list(range(1, len(branches) + 1))  # type: ignore[type-var]
    for record in records:
        assert set(record) == {
            "parent",
            "branch",
            "photo",
            "lambda",
            "size",
            "cluster",
            "outlier_score",
        }


def test_branches_that_are_groups_hold_their_photos(groups: Collection) -> None:
    records = list(groups.tree_table().records)
    parent_of = {r["branch"]: r["parent"] for r in records if r["branch"] is not None}
    below: dict[object, set[object]] = defaultdict(set)
    for record in records:
        if record["photo"] is None:
            continue
        branch = record["parent"]
        while branch is not None:
            below[branch].add(record["photo"])
            branch = parent_of.get(branch)
    told = {r["cluster"]: r["branch"] for r in records if r["branch"] and r["cluster"] is not None}
    found = groups.clusters()
    assert len(found) > 5
    for group in found:
        assert {photo.id for photo in group.members} == below[told[group.id]]


def test_outlier_scores_are_those_of_the_clustering(groups: Collection) -> None:
    clustering = groups.cluster("density", min_cluster_size=4, min_samples=1)
    scores = {r["photo"]: r["outlier_score"] for r in groups.tree_table().records if r["photo"]}
    for photo, score in zip(clustering.ids.tolist(), clustering.outlier_scores, strict=True):
        assert scores[photo] == score
    assert 0 <= clustering.outlier_scores.min() < clustering.outlier_scores.max() <= 1


def test_a_tree_that_is_out_of_date_is_not_written(groups: Collection) -> None:
    with groups._writer() as store, store.catalog.transaction():
        store.catalog.remove_images(store.catalog.live()[0][:1].tolist())
    with pytest.raises(GroupsOutOfDateError, match="photos came or went since"):
        groups.tree_table()


@pytest.mark.parametrize("level", ["shots", "density"])
def test_a_tree_is_read_in_one_moment(groups: Collection, level: Level) -> None:
    groups.cluster(level)
    looks = count()

    def late(_cursor: object, sql: str, _bindings: object) -> bool:
        if sql.lstrip().startswith("SELECT") and next(looks) == 1:  # somebody else writes meanwhile
            with StoreWriter(groups.path) as store:
                add_vectors(store, np.eye(1, DIMENSION), ["new.jpg"])
        return True

    groups._store.catalog._db.exec_trace = late
    photos = [record["photo"] for record in groups.tree_table().records]
    assert next(looks) > 2
    assert len([photo for photo in photos if photo is not None]) == 300


def test_the_picture_has_a_branch_for_each_group(groups: Collection) -> None:
    root = ElementTree.fromstring(groups.tree_svg())
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    found = groups.clusters()
    assert titles[0] == f"Density tree of 300 contents, {len(found)} groups"
    for group in found:
        assert f"{group.size:,} contents, group {group.id}" in titles
    for polygon in root.iter(f"{SVG}polygon"):
        corners = np.array([pair.split(",") for pair in polygon.attrib["points"].split()], float)
        assert (corners >= 0).all()
        assert (corners <= [1_200, 700]).all()


def test_an_empty_tree_is_an_empty_picture() -> None:
    root = ElementTree.fromstring(tree_picture(EMPTY_TREE, 1, {}))
    assert not list(root.iter(f"{SVG}polygon"))


def test_copies_leave_at_infinite_density(tmp_path: Path) -> None:
    vectors = clustered(60, DIMENSION)
    with Collection(collection_of(tmp_path / "c", vectors)) as collection:
        collection.cluster("density", min_samples=1)
        densities = [r["lambda"] for r in collection.tree_table().records]
        assert all(isinstance(density, float) for density in densities)


def test_a_tree_that_another_clustering_replaced_is_not_cut(groups: Collection) -> None:
    groups.cluster("shots")
    groups.cluster("scenes", min_samples=6)
    with pytest.raises(GroupsOutOfDateError, match="how groups are made changed since"):
        groups.tree_table("shots")
    assert list(groups.tree_table("scenes").records)
    assert list(groups.tree_table("density").records)


def test_nor_is_one_of_other_photos(groups: Collection) -> None:
    groups.cluster("shots")
    photos = groups.photo_ids()[:20]
    with groups._writer() as store, store.catalog.transaction():
        store.catalog.remove_images(photos)  # type: ignore[arg-type]
    groups.cluster("scenes")
    with groups._writer() as store, store.catalog.transaction():
        for photo in photos:
            store.catalog._db.execute("UPDATE image SET removed = 0 WHERE id = ?", (photo,))
    with pytest.raises(GroupsOutOfDateError):
        groups.tree_table("shots")


def test_nor_is_a_density_tree_that_is_not_the_one_it_was(groups: Collection) -> None:
    with groups._writer() as store, store.catalog.transaction():
        basis = "UPDATE generation SET basis = replace(basis, 'min_samples=1', 'min_samples=2')"
        store.catalog._db.execute(f"{basis} WHERE kind = 'tree'")
    with pytest.raises(GroupsOutOfDateError, match="how groups are made changed since"):
        groups.tree_table()
    groups.cluster("density", min_cluster_size=4, min_samples=1)
    merges = max(groups.path.glob("tree-*.merges.npy"))
    merges.write_bytes(merges.read_bytes()[:-7] + b"damaged")
    with (
        pytest.warns(DamagedFileWarning),
        pytest.raises(GroupsOutOfDateError, match="what groups are cut from was dropped since"),
    ):
        groups.tree_table()

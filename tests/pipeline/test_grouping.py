from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annclust.arrays import Labels
from annclust.collection import Collection
from annclust.errors import (
    GroupsOutOfDateError,
    InputError,
    NothingClusteredError,
    UnknownClusterError,
)
from annclust.pipeline.grouping import label_copies
from annclust.search.graph_plan import neighbors_wanted
from annclust.settings import Level
from tests.albums import album, save
from tests.vectors import DIMENSION, collection_of


def test_bursts_become_groups(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    clustering = collection.cluster()
    assert clustering.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert clustering.ids.tolist() == collection.photo_ids()
    assert (clustering.probabilities > 0).all()


def test_groups_are_listed_with_their_photos(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster()
    groups = collection.clusters()
    assert [group.size for group in groups] == [4, 4, 4]
    for group in groups:
        assert len({photo.path.parent for photo in group.members}) == 1
        assert group.members[0] == group.representative
    assert collection.cluster_of_id(groups[1].id) == groups[1]


def test_a_group_that_does_not_exist_is_an_error(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    with pytest.raises(NothingClusteredError):
        collection.clusters()
    with pytest.raises(NothingClusteredError):
        collection.last_clustering()
    collection.cluster()
    with pytest.raises(UnknownClusterError, match="99"):
        collection.cluster_of_id(99)


def test_the_report_adds_up(collection: Collection, photos: Path) -> None:
    save(photos / "alone.jpg", 50)
    collection.index([photos])
    clustering = collection.cluster()
    report = collection.last_clustering()
    assert report.images == 13
    assert report.noise == int((clustering.labels < 0).sum())
    assert report.clusters == clustering.clusters
    assert report.largest == int(np.bincount(clustering.labels[clustering.labels >= 0]).max())
    assert report.certified == 1  # the graph of a collection so small is complete
    assert report.lineage["born"] == report.clusters


def test_ids_survive_clustering_again(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    first = collection.cluster()
    again = collection.cluster()
    assert again.labels.tolist() == first.labels.tolist()
    assert collection.last_clustering().lineage == {
        "born": 0, "kept": 3, "grown": 0, "merged": 0, "split": 0, "gone": 0,
    }  # fmt: skip


def test_ids_survive_new_and_removed_photos(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    before = {photo.path: group.id for group in _clustered(collection) for photo in group.members}
    (photos / "burst 1" / "IMG_10.jpg").unlink()
    for shot in range(4):
        save(photos / "burst 3" / f"IMG_3{shot}.jpg", 30, shift=shot)
    save(photos / "burst 0" / "IMG_09.jpg", 0, shift=2, quality=80)
    collection.index()
    after = {photo.path: group.id for group in _clustered(collection) for photo in group.members}
    common = before.keys() & after.keys()
    assert {path: after[path] for path in common} == {path: before[path] for path in common}
    assert after[photos / "burst 3" / "IMG_30.jpg"] == 3
    lineage = collection.last_clustering().lineage
    assert (lineage["born"], lineage["kept"], lineage["grown"]) == (1, 2, 1)


def test_ids_survive_other_looks(collection: Collection, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", groups=5)
    for seed in (50, 50, 60, 60, 60):
        save(photos / "close" / f"{len(list(photos.rglob('*')))}.jpg", seed, shift=seed % 7)
    collection.index([photos])
    looks = {look: collection.cluster("shots", **look_at(look)).labels.tolist() for look in LOOKS}
    assert looks[0.05] != looks[1.0]
    for look in reversed(LOOKS):
        assert collection.cluster("shots", **look_at(look)).labels.tolist() == looks[look]
        assert collection.last_clustering().lineage["born"] == 0


LOOKS = (1.0, 0.05, 1.4, 5, 0.3)
"""At granularities; whole numbers are sizes of groups."""


def look_at(look: float) -> dict[str, Any]:
    return {"min_cluster_size": look} if isinstance(look, int) else {"granularity": look}


def test_ids_of_looks_survive_compaction(collection: Collection, photos: Path) -> None:
    first = save(photos / "a.jpg", 70)
    collection.index([photos])
    before = collection.cluster().labels.tolist()
    assert collection.cluster(min_cluster_size=5).clusters == 0
    first.unlink()
    collection.index()
    collection.compact()
    assert collection.cluster().labels.tolist() == before[1:]
    assert collection.check().ok


def test_an_id_is_never_given_twice(collection: Collection, tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", groups=6)
    collection.index([photos])
    _clustered(collection)
    shutil.rmtree(photos / "burst 5")
    collection.index()
    assert {group.id for group in _clustered(collection)} == {0, 1, 2, 3, 4}
    assert collection.last_clustering().lineage["gone"] == 1
    for shot in range(4):
        save(photos / "later" / f"{shot}.jpg", 99, shift=shot)
    collection.index()
    assert {group.id for group in _clustered(collection)} == {0, 1, 2, 3, 4, 6}


def _clustered(collection: Collection) -> list:  # type: ignore[type-arg]
    collection.cluster()
    return collection.clusters()


def test_exact_copies_join_the_group_of_their_twin(collection: Collection, photos: Path) -> None:
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / "copy.jpg")
    collection.index([photos])
    groups = _clustered(collection)
    assert groups[0].size == 5
    assert "copy.jpg" in {photo.path.name for photo in groups[0].members}


def test_copies_that_stand_alone_are_a_group(collection: Collection, photos: Path) -> None:
    for number in range(3):
        save(photos / f"same{number}.jpg", 40)
    collection.index([photos])
    groups = _clustered(collection)
    assert {"same0.jpg", "same1.jpg", "same2.jpg"} in [
        {photo.path.name for photo in group.members} for group in groups
    ]


def test_all_photos_identical_are_one_group(collection: Collection, tmp_path: Path) -> None:
    for number in range(6):
        save(tmp_path / "photos" / f"{number}.jpg", 1)
    collection.index([tmp_path / "photos"])
    clustering = collection.cluster()
    assert clustering.labels.tolist() == [0] * 6
    assert clustering.probabilities.tolist() == [1.0] * 6


def test_photos_alike_up_to_rounding_are_one_group(collection: Collection, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for number in range(6):
        image = Image.new("RGB", (64, 64), (120, 90, 60))
        image.putpixel((number, 0), (121, 90, 60))
        image.save(tmp_path / "photos" / f"{number}.png")
    collection.index([tmp_path / "photos"])
    assert set(collection.cluster().labels.tolist()) == {0}


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("level", ["shots", "scenes", "themes", "density"])
def test_a_handful_of_photos_can_be_clustered(
    collection: Collection, tmp_path: Path, count: int, level: str
) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(count):
        save(tmp_path / "photos" / f"{number}.jpg", number)
    collection.index([tmp_path / "photos"])
    clustering = collection.cluster(level)  # type: ignore[arg-type]
    assert len(clustering.labels) == count
    assert collection.last_clustering().images == count
    assert len(collection.clusters()) == collection.last_clustering().clusters


def test_levels_keep_their_ids_apart(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    shots = collection.cluster("shots").labels.tolist()
    collection.cluster("scenes", min_cluster_size=3)
    assert collection.cluster("shots").labels.tolist() == shots
    assert collection.last_clustering().lineage["kept"] == 3


def test_choices_that_make_no_sense_are_refused(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    with pytest.raises(ValueError, match="min_cluster_size"):
        collection.cluster(min_cluster_size=1)
    with pytest.raises(ValueError, match="min_samples"):
        collection.cluster(min_samples=0)
    with pytest.raises(InputError, match="granularity must be"):
        collection.cluster(granularity=-1)


@pytest.mark.parametrize("granularity", [float("inf"), float("nan"), -0.1])
def test_a_granularity_is_a_number_from_0_on(collection: Collection, granularity: float) -> None:
    with pytest.raises(InputError, match="granularity must be a number from 0 on"):
        collection.cluster(granularity=granularity)
    with pytest.raises(InputError, match="granularity must be a number from 0 on"):
        collection.groups_at(granularity)


@pytest.mark.parametrize("level", ["shots", "scenes", "density"])
def test_more_samples_than_the_graph_has_neighbors_are_refused(
    collection: Collection, photos: Path, level: Level
) -> None:
    for seed in range(40, 70):
        save(photos / f"alone {seed}.jpg", seed)
    collection.index([photos])
    neighbors = neighbors_wanted(42, collection.settings.search)
    with pytest.raises(InputError, match=f"needs {neighbors + 1} neighbors"):
        collection.cluster(level, min_samples=neighbors + 1)
    assert len(collection.cluster(level, min_samples=neighbors).labels) == 42


def test_the_graph_covers_all_photos_with_their_copies(
    collection: Collection, photos: Path
) -> None:
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / "copy.jpg")
    collection.index([photos])
    graph = collection.neighbor_graph()
    assert (graph.n, graph.k) == (13, 12)
    assert graph.problems() == []
    ids = collection.photo_ids()
    names = {int(str(r["id"])): Path(str(r["path"])).name for r in collection.photo_table().records}
    copy = next(place for place, image in enumerate(ids) if names[image] == "copy.jpg")
    assert names[ids[int(graph.neighbors[copy, 0])]] == "IMG_00.jpg"
    assert graph.distances[copy, 0] == 0


def test_label_copies_only_touches_noise_with_enough_copies() -> None:
    labels = np.array([0, -1, -1, 1, -1])
    copies = np.array([9, 1, 2, 1, 3])
    assert label_copies(labels, copies, 2).tolist() == [0, -1, 2, 1, 3]
    assert label_copies(labels, copies, 3).tolist() == [0, -1, -1, 1, 2]
    assert label_copies(np.array([-1]), np.array([1]), 2).tolist() == [-1]


def _files(collection: Collection, kind: str) -> list[Path]:
    return sorted(collection.path.glob(f"{kind}-*"))


def test_another_size_or_method_is_cut_from_the_density_tree_alone(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    collection.cluster("density", min_samples=1)
    trees = [path.read_bytes() for path in _files(collection, "tree")]
    for path in [*_files(collection, "graph"), *_files(collection, "index")]:
        path.unlink()
    vectors = _files(collection, "vectors")[0]
    vectors.write_bytes(vectors.read_bytes()[:-7] + b"damaged")
    larger = collection.cluster("density", min_cluster_size=5, min_samples=1)
    leaves = collection.cluster("density", min_cluster_size=2, min_samples=1, method="leaf")
    assert larger.clusters < leaves.clusters
    assert [path.read_bytes() for path in _files(collection, "tree")] == trees
    assert not _files(collection, "graph")


@pytest.mark.parametrize(
    "choices",
    [{"level": "scenes"}, {"level": "themes"}, {"granularity": 0.5}, {"min_cluster_size": 5}],
)
def test_levels_and_granularities_are_cut_from_the_group_tree_alone(
    collection: Collection, photos: Path, choices: dict[str, Any]
) -> None:
    collection.index([photos])
    collection.cluster()
    trees = [path.read_bytes() for path in _files(collection, "groups")]
    for path in [*_files(collection, "graph"), *_files(collection, "index")]:
        path.unlink()
    vectors = _files(collection, "vectors")[0]
    vectors.write_bytes(vectors.read_bytes()[:-7] + b"damaged")
    collection.cluster(**choices)
    assert [path.read_bytes() for path in _files(collection, "groups")] == trees
    assert not _files(collection, "graph")


def test_a_coarser_look_never_splits_a_group(collection: Collection, photos: Path) -> None:
    for seed in range(50, 70):
        save(photos / f"alone {seed}.jpg", seed)
    collection.index([photos])
    finer = np.arange(32)
    for granularity in (0.2, 0.6, 1, 1.4, 2, 2.5, 3, 4, 9):
        labels = collection.cluster(granularity=granularity).labels
        coarser = np.where(labels < 0, -1 - np.arange(32), labels)
        assert all(len(set(coarser[finer == group].tolist())) == 1 for group in set(finer))
        finer = coarser
    assert len(set(finer.tolist())) < 10


def test_a_look_at_a_granularity_is_what_clustering_there_finds(
    collection: Collection, photos: Path
) -> None:
    shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / "copy.jpg")
    for seed in range(50, 60):
        save(photos / f"alone {seed}.jpg", seed)
    collection.index([photos])
    with pytest.raises(NothingClusteredError, match="has not been clustered yet"):
        collection.groups_at(1)
    collection.cluster()
    for granularity in (0, 0.7, 1, 1.5, 2, 3):
        labels, ids = collection.groups_at(granularity)
        found = collection.cluster(granularity=granularity)
        assert ids.tolist() == found.ids.tolist()
        assert _partition(labels) == _partition(found.labels)


def test_a_look_at_groups_of_other_photos_is_refused(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster("density")
    with pytest.raises(NothingClusteredError, match="has not been clustered yet"):
        collection.groups_at(1)
    collection.cluster()
    (photos / "burst 0" / "IMG_00.jpg").unlink()
    collection.index()
    with pytest.raises(GroupsOutOfDateError, match=r"photos came or went since .* into scenes"):
        collection.groups_at(2)


def test_groups_of_an_older_rule_are_not_looked_at(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster()
    older = "UPDATE generation SET basis = basis || '0' WHERE kind = 'groups'"
    with collection._writer() as store, store.catalog.transaction():
        store.catalog._db.execute(older)
    with pytest.raises(GroupsOutOfDateError, match="how groups are made changed since"):
        collection.groups_at(1)
    collection.cluster()
    assert len(collection.groups_at(1)[0]) == 12


def _partition(labels: Labels) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels) - {-1}}


def test_every_shot_lies_in_one_scene(collection: Collection, photos: Path) -> None:
    for seed in range(50, 60):
        save(photos / f"alone {seed}.jpg", seed)
    collection.index([photos])
    shots, scenes = collection.cluster().labels, collection.cluster("scenes").labels
    for shot in range(int(shots.max()) + 1):
        assert len(set(scenes[shots == shot].tolist())) == 1
    assert (scenes[shots >= 0] >= 0).all()


def test_density_has_no_granularity(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    with pytest.raises(InputError, match="granularity"):
        collection.cluster("density", granularity=2)
    with pytest.raises(InputError, match="granularity"):
        collection.cluster(granularity=-1)
    with pytest.raises(InputError, match="level"):
        collection.cluster("moods")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="shows themes"):
        collection.cluster("shots", granularity=3)
    with pytest.raises(InputError, match="method"):
        collection.cluster(method="leaff")  # type: ignore[arg-type]


def test_a_granularity_alone_shows_the_nearest_level(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    halfway = ((1.5, "shots"), (2.5, "scenes"))  # it is the finer one
    far_off = ((4, "themes"), (9, "themes"), (1e17, "themes"), (1e308, "themes"))
    for granularity, level in ((0.3, "shots"), (1.4, "shots"), (1.6, "scenes"), *halfway, *far_off):
        collection.cluster(granularity=granularity)
        report = collection.last_clustering()
        assert (report.level, report.granularity) == (level, granularity)


def test_the_report_says_how_far_the_graph_can_be_trusted(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    collection.cluster()
    report = collection.last_clustering()
    assert (report.recall, report.capped) == (1.0, 0)
    assert report.components >= 1


def test_no_group_holds_more_than_a_fifth_of_many_photos(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    crowd = rng.standard_normal((400, DIMENSION)) * 0.01 + np.eye(DIMENSION)[0]
    others = rng.standard_normal((300, DIMENSION))
    others[1::2] = others[::2] + 0.01 * rng.standard_normal((150, DIMENSION))
    path = collection_of(tmp_path / "c.annclust", np.vstack([crowd, others]))
    with Collection(path) as collection:
        collection.cluster("density", min_samples=1)
        report = collection.last_clustering()
        assert report.largest <= 140
        assert report.capped >= 1


def test_groups_that_take_more_memory_than_allowed_are_not_begun(
    collection: Collection, photos: Path
) -> None:
    collection.index([photos])
    search = replace(collection.settings.search, memory=100 << 20)
    collection.settings = replace(collection.settings, search=search)
    with pytest.raises(InputError, match=r"grouping 12 contents takes 401M .* allows 100M"):
        collection.cluster()
    collection.cluster("density", min_cluster_size=2)  # does not need it


def test_exact_copies_are_a_level_of_their_own(collection: Collection, photos: Path) -> None:
    for name in ("a copy.jpg", "b copy.jpg"):
        shutil.copy(photos / "burst 0" / "IMG_00.jpg", photos / name)
    shutil.copy(min((photos / "burst 1").iterdir()), photos / "c copy.jpg")
    collection.index([photos])
    largest, other = collection.clusters("copies")
    assert {photo.path.name for photo in largest.members} == {
        "IMG_00.jpg",
        "a copy.jpg",
        "b copy.jpg",
    }
    assert [photo.id for photo in other.members] == sorted(photo.id for photo in other.members)
    assert (other.id, other.representative) == (other.members[0].id, other.members[0])
    assert collection.cluster_of_id(other.id, "copies") == other
    with pytest.raises(UnknownClusterError):
        collection.cluster_of_id(other.id + 1_000, "copies")

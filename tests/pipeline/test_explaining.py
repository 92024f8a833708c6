from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from annclust.collection import Collection
from annclust.errors import (
    GroupsOutOfDateError,
    InputError,
    NoLinksError,
    NothingClusteredError,
    UnknownPhotoError,
    UnreadableImageError,
)
from annclust.settings import Level
from tests.albums import save, with_remark
from tests.vectors import DIMENSION, collection_of


@pytest.fixture
def grouped(collection: Collection, photos: Path) -> Collection:
    for seed in range(50, 60):
        save(photos / f"alone {seed}.jpg", seed)
    collection.index([photos])
    collection.cluster()
    return collection


def shot(photos: Path, group: int, number: int) -> Path:
    return photos / f"burst {group}" / f"IMG_{group}{number}.jpg"


def test_two_photos_of_a_group_are_joined_by_a_chain_of_links(
    grouped: Collection, photos: Path
) -> None:
    first, last = shot(photos, 0, 0), shot(photos, 0, 3)
    found = grouped.explain(first, last)
    assert found.together
    assert found.apart is None
    assert found.level == "shots"
    assert {first, last} <= {photo.path for photo in grouped.cluster_of_id(found.cluster).members}  # type: ignore[arg-type]
    assert found.links[0].left.path == first
    assert found.links[-1].right.path == last
    for link, following in zip(found.links, found.links[1:], strict=False):
        assert link.right == following.left
    assert all(0 < link.ratio < 1 and 0 < link.granularity <= 1 for link in found.links)
    assert not any(link.said for link in found.links)


def test_a_chain_names_the_file_that_was_asked_about(collection: Collection, photos: Path) -> None:
    twin = Path(shutil.copy(shot(photos, 0, 0), photos / "z twin.jpg"))
    collection.index([photos])
    collection.cluster()
    found = collection.explain(twin, shot(photos, 0, 1))
    assert found.photo.path == found.links[0].left.path == twin
    assert collection.explain(twin).links[0].left.path == twin
    lonely = save(photos / "lonely.jpg", 50)
    lonely_twin = Path(shutil.copy(lonely, photos / "z lonely.jpg"))
    collection.index()
    collection.cluster(min_cluster_size=3)
    apart = collection.explain(twin, lonely_twin).apart
    assert apart is not None
    assert apart.nearest.path == lonely_twin


def test_a_file_from_elsewhere_is_named_by_the_photo_of_its_content(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    remarked = with_remark(shot(photos, 0, 0), photos / "z remarked.jpg")
    collection.index([photos])
    collection.cluster()
    elsewhere = Path(shutil.copy(remarked, tmp_path / "elsewhere.jpg"))
    assert collection.explain(elsewhere).photo.path == remarked


def test_one_photo_of_a_group_is_told_by_its_surest_link(grouped: Collection, photos: Path) -> None:
    found = grouped.explain(shot(photos, 1, 1))
    assert found.together
    (link,) = found.links
    assert link.left == found.photo
    assert link.right.path.parent == found.photo.path.parent


def test_a_photo_that_is_alone_is_told_what_is_nearest(grouped: Collection, photos: Path) -> None:
    found = grouped.explain(photos / "alone 50.jpg")
    assert not found.together
    assert found.cluster is None
    assert found.links == ()
    assert found.apart is not None
    assert found.apart.why in ("far", "weak")
    assert found.apart.times > 1
    (_, nearest, *_) = grouped.similar(photos / "alone 50.jpg")
    assert found.apart.distance >= nearest.distance - 1e-3
    assert found.apart.granularity is not None
    ends = found.photo.id, found.apart.nearest.id
    assert share_a_group(grouped, found.apart.granularity, *ends)
    assert not share_a_group(grouped, float(np.nextafter(found.apart.granularity, 0)), *ends)


def share_a_group(collection: Collection, granularity: float, one: int, other: int) -> bool:
    labels, ids = collection.groups_at(granularity)
    of = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    return bool(of[one] == of[other] >= 0)


def test_photos_of_two_groups_are_told_how_far_they_are(grouped: Collection, photos: Path) -> None:
    found = grouped.explain(shot(photos, 0, 0), shot(photos, 1, 0))
    assert not found.together
    assert found.apart is not None
    assert found.apart.nearest == found.other
    distances = {m.path: m.distance for m in grouped.similar(shot(photos, 0, 0), k=30)}
    assert found.apart.distance == pytest.approx(distances[shot(photos, 1, 0)], abs=1e-3)


def test_a_photo_is_known_by_its_content(grouped: Collection, photos: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copy(shot(photos, 0, 0), tmp_path / "elsewhere.jpg")
    assert grouped.explain(elsewhere).photo.path == shot(photos, 0, 0)
    with pytest.raises(UnknownPhotoError, match="not in this collection"):
        grouped.explain(save(tmp_path / "new.jpg", 99))
    with pytest.raises(UnreadableImageError):
        grouped.explain(tmp_path / "missing.jpg")


def test_a_photo_that_was_edited_is_to_be_indexed_again(grouped: Collection, photos: Path) -> None:
    save(shot(photos, 0, 0), 99)
    with pytest.raises(UnknownPhotoError, match="changed since it was indexed") as error:
        grouped.explain(shot(photos, 0, 0))
    assert error.value.changed


def test_a_copy_is_together_with_its_twin_without_any_link(
    collection: Collection, photos: Path
) -> None:
    twin = Path(shutil.copy(shot(photos, 0, 0), photos / "copy.jpg"))
    collection.index([photos])
    collection.cluster()
    found = collection.explain(shot(photos, 0, 0), twin)
    assert (found.together, found.links, found.copies) == (True, (), True)
    assert (found.photo.path, found.other.path) == (shot(photos, 0, 0), twin)  # type: ignore[union-attr]


def test_what_the_embedder_cannot_tell_apart_is_no_copy(
    collection: Collection, photos: Path
) -> None:
    remarked = with_remark(save(photos / "alone.jpg", 50), photos / "remarked.jpg")
    collection.index([photos])
    collection.cluster()
    for found in (collection.explain(photos / "alone.jpg", remarked), collection.explain(remarked)):
        assert (found.together, found.links, found.copies) == (True, (), False)
    assert collection.explain(shot(photos, 0, 0), shot(photos, 0, 1)).copies is None


def test_what_is_told_is_what_is_listed(collection: Collection, photos: Path) -> None:
    shutil.copy(shot(photos, 0, 0), photos / "copy.jpg")
    save(photos / "single.jpg", 60)
    shutil.copy(photos / "single.jpg", photos / "double.jpg")
    collection.index([photos])
    collection.decide("apart", shot(photos, 1, 0), shot(photos, 1, 1))
    collection.cluster(min_cluster_size=3)
    groups = [{photo.path for photo in group.members} for group in collection.clusters()]
    everything = sorted(path for path in photos.rglob("*.jpg"))
    for photo in everything:
        assert collection.explain(photo).together == any(photo in group for group in groups)
        for other in everything:
            listed = any({photo, other} <= group for group in groups)
            copies = photo.read_bytes() == other.read_bytes()
            assert collection.explain(photo, other).together == (listed or copies)


def test_too_few_for_a_group_are_told_so(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster(min_cluster_size=7)
    found = collection.explain(shot(photos, 0, 0), shot(photos, 0, 1))
    assert found.apart is not None
    assert (found.together, found.cluster, found.apart.why) == (False, None, "few")


def test_a_photo_whose_folder_is_away_is_known_by_its_place(
    grouped: Collection, photos: Path
) -> None:
    photos.rename(photos.with_name("elsewhere"))
    assert grouped.explain(shot(photos, 0, 0)).photo.path == shot(photos, 0, 0)


def test_what_was_decided_since_counts_with_the_next_clustering(
    grouped: Collection, photos: Path
) -> None:
    grouped.decide("apart", shot(photos, 0, 0), shot(photos, 0, 1))
    assert grouped.clusters_are_out_of_date()
    assert grouped.changed_since_clustering() == "decisions"
    with pytest.raises(GroupsOutOfDateError, match="something was decided since"):
        grouped.explain(shot(photos, 0, 0))
    with pytest.raises(GroupsOutOfDateError, match="something was decided since"):
        grouped.tree_table()
    grouped.cluster()
    assert not grouped.clusters_are_out_of_date()
    assert list(grouped.tree_table().records)


def test_scenes_are_explained_as_well(grouped: Collection, photos: Path) -> None:
    grouped.cluster("scenes")
    found = grouped.explain(shot(photos, 0, 0), shot(photos, 0, 2))
    assert (found.level, found.together) == ("scenes", True)
    assert grouped.explain(shot(photos, 0, 0), level="shots").level == "shots"


@pytest.mark.parametrize("level", ["scenes", "themes"])
def test_what_is_far_is_far_at_every_level(grouped: Collection, photos: Path, level: Level) -> None:
    grouped.cluster(level)
    found = grouped.explain(photos / "alone 51.jpg", shot(photos, 0, 0))
    assert found.apart is not None
    assert (found.apart.why, found.apart.times > 1.5) == ("far", True)
    found = grouped.explain(shot(photos, 1, 0), shot(photos, 0, 0))
    assert found.apart is not None
    assert (found.apart.why, 1 < found.apart.times < 1 / 0.63) == ("weak", True)


def test_a_finer_look_is_told_as_one(grouped: Collection, photos: Path) -> None:
    first, other = photos / "alone 55.jpg", photos / "alone 59.jpg"
    assert grouped.explain(first, other).together
    grouped.cluster(granularity=0.3)
    apart = grouped.explain(first, other).apart
    assert apart is not None
    assert apart.why == "finer"
    assert apart.granularity is not None
    assert 0.3 < apart.granularity <= 1
    grouped.decide("apart", first, other)
    grouped.cluster(granularity=0.3)
    apart = grouped.explain(first, other).apart
    assert apart is not None
    assert (apart.why, apart.granularity) == ("said", 2)


def test_what_is_out_of_date_is_not_explained(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    with pytest.raises(NothingClusteredError, match="has not been clustered yet"):
        collection.explain(shot(photos, 0, 0))
    collection.cluster()
    save(photos / "new.jpg", 70)
    collection.index()
    with pytest.raises(GroupsOutOfDateError, match="photos came or went since"):
        collection.explain(shot(photos, 0, 0))
    assert collection.changed_since_clustering() == "photos"
    assert collection.changed_since_clustering("copies") is None


def test_density_has_no_links_to_be_explained_by(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    collection.cluster("density")
    with pytest.raises(NoLinksError, match="Use --level shots"):
        collection.explain(shot(photos, 0, 0))
    collection.cluster()
    assert collection.explain(shot(photos, 0, 0)).together


def test_links_that_were_made_otherwise_explain_no_other_level(
    grouped: Collection, photos: Path
) -> None:
    grouped.cluster("scenes", min_samples=3)
    with pytest.raises(GroupsOutOfDateError, match="how groups are made changed since"):
        grouped.explain(shot(photos, 0, 0), level="shots")


def test_links_that_are_gone_are_told_so(grouped: Collection, photos: Path) -> None:
    with grouped._writer() as store, store.catalog.transaction():
        store.catalog._db.execute("UPDATE generation SET current = 0 WHERE kind = 'groups'")
    with pytest.raises(GroupsOutOfDateError, match="what groups are cut from was dropped since"):
        grouped.explain(shot(photos, 0, 0))


def test_without_a_graph_only_pairs_can_be_explained(grouped: Collection, photos: Path) -> None:
    with grouped._writer() as store, store.catalog.transaction():
        store.catalog._db.execute("UPDATE generation SET current = 0 WHERE kind = 'graph'")
    assert grouped.explain(photos / "alone 50.jpg", photos / "alone 51.jpg").apart
    with pytest.raises(InputError, match="annclust index"):
        grouped.explain(photos / "alone 50.jpg")
    grouped.index()
    assert grouped.explain(photos / "alone 50.jpg").apart


def test_nobody_said_what_rounding_brings_together(tmp_path: Path) -> None:
    vectors = np.abs(np.random.default_rng(0).normal(size=(20, DIMENSION)))
    vectors[1] = vectors[0] * (1 + 1e-3 * (np.arange(DIMENSION) == 0))
    with Collection(collection_of(tmp_path / "c", vectors)) as collection:
        collection.cluster()
        (link,) = collection.explain("/photos/0.jpg", "/photos/1.jpg").links
        assert (link.granularity, link.said) == (0, False)
        collection.decide("together", "/photos/0.jpg", "/photos/1.jpg")
        collection.cluster()
        (link,) = collection.explain("/photos/0.jpg", "/photos/1.jpg").links
        assert link.said


def test_the_only_photo_has_nothing_to_be_compared_with(
    collection: Collection, tmp_path: Path
) -> None:
    only = save(tmp_path / "photos" / "only.jpg", 1)
    collection.index([tmp_path / "photos"])
    collection.cluster()
    found = collection.explain(only)
    assert (found.together, found.links, found.apart) == (False, (), None)

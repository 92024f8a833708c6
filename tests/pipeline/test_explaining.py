from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import NothingClusteredError, UnknownPhotoError, UnreadableImageError
from tests.albums import save


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
    labels, ids = grouped.groups_at(found.apart.granularity)
    of = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    assert of[found.photo.id] == of[found.apart.nearest.id] >= 0
    labels, ids = grouped.groups_at(found.apart.granularity - 0.01)
    of = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    assert of[found.photo.id] < 0 or of[found.photo.id] != of[found.apart.nearest.id]


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
    assert (found.together, found.links) == (True, ())
    assert (found.photo.path, found.other.path) == (shot(photos, 0, 0), twin)  # type: ignore[union-attr]


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
    with pytest.raises(NothingClusteredError, match="again"):
        grouped.explain(shot(photos, 0, 0))
    with pytest.raises(NothingClusteredError, match="again"):
        grouped.tree_table()
    grouped.cluster()
    assert not grouped.clusters_are_out_of_date()
    assert list(grouped.tree_table().records)


def test_scenes_are_explained_as_well(grouped: Collection, photos: Path) -> None:
    grouped.cluster("scenes")
    found = grouped.explain(shot(photos, 0, 0), shot(photos, 0, 2))
    assert (found.level, found.together) == ("scenes", True)
    found = grouped.explain(photos / "alone 50.jpg", shot(photos, 0, 0))
    assert found.together or (found.apart is not None and found.apart.why == "later")
    assert grouped.explain(shot(photos, 0, 0), level="shots").level == "shots"


def test_what_is_out_of_date_is_not_explained(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index([photos])
    with pytest.raises(NothingClusteredError):
        collection.explain(shot(photos, 0, 0))
    collection.cluster("density")
    with pytest.raises(NothingClusteredError):  # density has no links
        collection.explain(shot(photos, 0, 0))
    collection.cluster()
    save(photos / "new.jpg", 70)
    collection.index()
    with pytest.raises(NothingClusteredError):
        collection.explain(shot(photos, 0, 0))


def test_the_only_photo_has_nothing_to_be_compared_with(
    collection: Collection, tmp_path: Path
) -> None:
    only = save(tmp_path / "photos" / "only.jpg", 1)
    collection.index([tmp_path / "photos"])
    collection.cluster()
    found = collection.explain(only)
    assert (found.together, found.links, found.apart) == (False, (), None)

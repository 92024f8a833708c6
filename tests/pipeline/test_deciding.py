from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annclust.collection import Collection
from annclust.errors import InputError, UnknownPhotoError
from tests.albums import add_comment, save, with_remark


@pytest.fixture
def indexed(collection: Collection, photos: Path) -> Collection:
    collection.index([photos])
    return collection


def shot(photos: Path, group: int, number: int) -> Path:
    return photos / f"burst {group}" / f"IMG_{group}{number}.jpg"


def group_of(collection: Collection, photo: Path) -> object:
    records = collection.photo_table().records
    return next(record["cluster"] for record in records if record["path"] == str(photo))


def test_photos_that_are_apart_share_no_shot(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    indexed.cluster()
    assert group_of(indexed, first) != group_of(indexed, other)
    found = indexed.explain(first, other)
    assert found.apart is not None
    assert found.apart.why == "said"
    indexed.cluster(granularity=1.4)
    assert group_of(indexed, first) != group_of(indexed, other)


def test_but_they_may_share_a_scene(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    indexed.cluster("scenes")
    assert group_of(indexed, first) == group_of(indexed, other)


def test_photos_that_belong_together_are_one_group(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 1, 0)
    indexed.decide("together", first, other)
    indexed.cluster()
    assert group_of(indexed, first) == group_of(indexed, other)
    (link,) = indexed.explain(first, other).links
    assert (link.granularity, link.said) == (0, True)
    assert not indexed.explain(first, shot(photos, 0, 1)).links[-1].said


def test_what_was_said_may_be_forgotten_or_said_otherwise(
    indexed: Collection, photos: Path
) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    indexed.decide("together", other, first)
    assert [each.together for each in indexed.decisions()] == [True]
    indexed.decide("forget", first, other)
    assert indexed.decisions() == []
    indexed.cluster()
    assert group_of(indexed, first) == group_of(indexed, other)


def test_decisions_last_through_renames_and_new_photos(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    renamed = first.rename(photos / "renamed.jpg")
    save(photos / "new.jpg", 77)
    indexed.index()
    indexed.compact()
    indexed.cluster()
    assert group_of(indexed, renamed) != group_of(indexed, other)
    (said,) = indexed.decisions()
    paths = {photo.path for photo in (*said.first, *said.second)}
    assert paths == {renamed, other}


def test_decisions_outlive_photos_that_are_gone(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    shutil.move(first, photos.parent / "kept.jpg")
    indexed.index()
    indexed.compact()
    indexed.cluster()
    (said,) = indexed.decisions()
    assert sorted(map(len, (said.first, said.second))) == [0, 1]
    gone = said.digests[0 if not said.first else 1]
    indexed.decide("forget", gone[:12], other)
    assert indexed.decisions() == []
    with pytest.raises(InputError):
        indexed.decide("apart", gone[:12], other)


def test_decisions_count_again_when_photos_come_back(indexed: Collection, photos: Path) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    kept = shutil.move(first, photos.parent / "kept.jpg")
    indexed.index()
    indexed.compact()
    indexed.cluster()
    shutil.move(kept, first)
    indexed.index()
    indexed.cluster()
    assert group_of(indexed, first) != group_of(indexed, other)


def test_decisions_go_with_a_photo_whose_file_alone_changes(
    indexed: Collection, photos: Path
) -> None:
    first, other, third = (shot(photos, 0, number) for number in range(3))
    indexed.decide("apart", first, other, third)
    add_comment(first)
    add_comment(other)
    indexed.index()
    assert [each.paths for each in indexed.decisions()] == [(first, other), (first, third)]
    indexed.compact()
    indexed.cluster()
    assert group_of(indexed, first) != group_of(indexed, other)
    assert indexed.decide("forget", other, first).others == (first,)
    assert [each.paths for each in indexed.decisions()] == [(first, third)]


def test_what_was_said_of_the_changed_photo_itself_stays(indexed: Collection, photos: Path) -> None:
    first, other, copy = shot(photos, 0, 0), shot(photos, 0, 1), photos / "copy.jpg"
    shutil.copy(first, copy)
    add_comment(copy)
    indexed.index()
    indexed.decide("together", first, other)
    indexed.decide("apart", copy, other)
    add_comment(first)
    indexed.index()
    assert [each.together for each in indexed.decisions()] == [False]


def test_decisions_stay_with_a_copy_that_does_not_change(indexed: Collection, photos: Path) -> None:
    first, other, copy = shot(photos, 0, 0), shot(photos, 0, 1), photos / "copy.jpg"
    shutil.copy(first, copy)
    indexed.index()
    indexed.decide("apart", first, other)
    add_comment(first)
    indexed.index()
    assert [each.paths for each in indexed.decisions()] == [(other, copy)]


def test_decisions_do_not_go_to_another_picture_in_the_place(
    indexed: Collection, photos: Path
) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    save(first, 78)
    indexed.index()
    (said,) = indexed.decisions()
    assert said.paths == (other, None)
    assert indexed.decide("forget", first, other).others == ()
    assert len(indexed.decisions()) == 1


def test_photos_that_are_gone_are_known_by_their_last_place(
    indexed: Collection, photos: Path
) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", other, first)
    first.unlink()
    indexed.index()
    (said,) = indexed.decisions()
    assert (said.first, said.paths) == ((), (first, other))
    assert indexed.decide("forget", first, other).others == (other,)
    assert indexed.decisions() == []


def test_a_photo_that_came_in_the_place_of_one_is_not_taken_for_it(
    indexed: Collection, photos: Path
) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    indexed.decide("apart", first, other)
    first.unlink()
    indexed.index()
    save(first, 78)
    indexed.index()
    first.unlink()
    assert indexed.decide("forget", first, other).others == ()


def test_forgetting_says_of_which_photos_anything_was_said(
    indexed: Collection, photos: Path
) -> None:
    first, *others = (shot(photos, 0, number) for number in range(4))
    assert indexed.decide("apart", first, others[0], others[2]).others == (others[0], others[2])
    assert indexed.decide("forget", first, *others).others == (others[0], others[2])
    assert indexed.decide("forget", first, *others).others == ()


def test_decisions_are_listed_by_path(indexed: Collection, photos: Path) -> None:
    first, *others = (shot(photos, 0, number) for number in range(4))
    for other in reversed(others):
        indexed.decide("together", other, first)
    assert [each.paths for each in indexed.decisions()] == [(first, other) for other in others]


def test_nothing_else_can_be_said(indexed: Collection, photos: Path) -> None:
    with pytest.raises(InputError, match="say one of"):
        indexed.decide("sepparate", shot(photos, 0, 0), shot(photos, 0, 1))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one other"):
        indexed.decide("together", shot(photos, 0, 0))
    with pytest.raises(InputError, match="at least one other"):
        indexed.decide("together")


def test_several_are_said_of_the_first_one(indexed: Collection, photos: Path) -> None:
    first, *others = (shot(photos, 0, number) for number in range(4))
    indexed.decide("apart", first, *others)
    assert len(indexed.decisions()) == 3
    indexed.cluster()
    assert group_of(indexed, first) is None
    assert len({group_of(indexed, other) for other in others}) == 1


def test_copies_cannot_be_told_apart(indexed: Collection, photos: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(shot(photos, 0, 0), tmp_path / "copy.jpg"))
    with pytest.raises(InputError, match="exact copies"):
        indexed.decide("apart", shot(photos, 0, 0), copy)
    assert indexed.decisions() == []


def test_nor_can_what_the_embedder_sees_no_difference_between(
    indexed: Collection, photos: Path
) -> None:
    first, other = shot(photos, 0, 0), shot(photos, 0, 1)
    remarked = with_remark(first, photos / "remarked.jpg")
    indexed.index()
    with pytest.raises(InputError, match=r"the embedder sees no difference between .*remarked"):
        indexed.decide("apart", first, other, remarked)
    assert indexed.decisions() == []
    indexed.decide("together", first, remarked)  # another embedder may see one
    assert len(indexed.decisions()) == 1
    indexed.decide("forget", first, remarked)
    assert indexed.decisions() == []


def test_what_contradicts_what_was_said_is_named(indexed: Collection, photos: Path) -> None:
    a, b, c = (shot(photos, group, 0) for group in range(3))
    assert indexed.decide("together", a, b).prevailing == ()
    assert indexed.decide("apart", a, shot(photos, 0, 1)).prevailing == ()
    assert indexed.decide("together", b, c).prevailing == ()
    (held,) = indexed.decide("apart", a, c).prevailing
    assert {photo.path for photo in (*held.first, *held.second)} == {a, c}
    assert indexed.decide("together", c, b).prevailing == (held,)
    assert indexed.decide("apart", shot(photos, 1, 1), shot(photos, 1, 2)).prevailing == ()
    assert indexed.decide("forget", a, c).prevailing == ()
    assert indexed.decide("together", c, b).prevailing == ()


def test_what_is_gone_contradicts_nothing(indexed: Collection, photos: Path) -> None:
    a, b, c = (shot(photos, group, 0) for group in range(3))
    indexed.decide("together", a, b)
    indexed.decide("together", b, c)
    b.unlink()
    indexed.index()
    assert indexed.decide("apart", a, c).prevailing == ()


def test_a_wish_that_another_decision_overrules_is_told_so(
    indexed: Collection, photos: Path
) -> None:
    a, b, c = (shot(photos, group, 0) for group in range(3))
    indexed.decide("together", a, b)
    indexed.decide("together", b, c)
    indexed.decide("apart", a, c)
    indexed.cluster()
    first, second = indexed.explain(b, a), indexed.explain(b, c)
    assert sorted((first.together, second.together)) == [False, True]
    apart = first.apart or second.apart
    assert apart is not None
    assert (apart.why, apart.granularity) == ("said", 2)
    apart = indexed.explain(a, c).apart
    assert apart is not None
    assert apart.why == "said"


def test_nothing_is_said_of_photos_that_are_not_there(
    indexed: Collection, photos: Path, tmp_path: Path
) -> None:
    stranger = save(tmp_path / "stranger.jpg", 99)
    with pytest.raises(UnknownPhotoError):
        indexed.decide("together", shot(photos, 0, 0), stranger)
    assert indexed.decisions() == []

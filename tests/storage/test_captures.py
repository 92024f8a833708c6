"""How photos were taken, and what people decide about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import CollectionDamagedError, StorageError
from annclust.images.capture import Capture
from annclust.storage.generation_writer import array_writer
from annclust.storage.store import Store
from annclust.storage.store_writer import EmbeddedContent, StoreWriter
from annclust.storage.verify import verify
from tests.storage.conftest import SPEC, add_photos, content

SECOND = 10**9
EVERYTHING = Capture(-5 * SECOND - 1, -33.5, 18.25, -1 / 3, 0.004, 2.8, 100)


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def taken(number: int, capture: Capture | None, *, like: int | None = None) -> EmbeddedContent:
    """A content that was taken so."""
    return replace(content(number, like=like), capture=capture)


def at(seconds: float, place: tuple[float, float] | None = None) -> Capture:
    return Capture(round(seconds * SECOND), *(place or (None, None)))


@pytest.fixture
def taken_ones(writer: StoreWriter) -> StoreWriter:
    """Photos 1 to 4: one with all that can be known, one that says nothing, one of old, another."""
    writer.append([taken(1, EVERYTHING), taken(2, Capture()), taken(3, None)])
    writer.append([taken(4, at(7.25))])
    add_photos(writer, 1, 2, 3, 4)
    return writer


def test_how_a_photo_was_taken_is_told_as_it_was_stored(taken_ones: StoreWriter) -> None:
    with Store(taken_ones.path) as reader:
        found = [reader.catalog.capture_of(digest(number)) for number in range(1, 6)]
    assert found == [EVERYTHING, Capture(), None, at(7.25), None]


def test_times_and_places_come_by_row(taken_ones: StoreWriter) -> None:
    found = taken_ones.catalog.captures()
    assert found.rows.dtype == np.int64
    assert found.rows.tolist() == [0, 1, 3]
    np.testing.assert_array_equal(found.taken, [-5.000000001, np.nan, 7.25])
    np.testing.assert_array_equal(found.latitude, [-33.5, np.nan, np.nan])
    np.testing.assert_array_equal(found.longitude, [18.25, np.nan, np.nan])


def test_only_present_photos_count(taken_ones: StoreWriter) -> None:
    with taken_ones.catalog.transaction():
        taken_ones.catalog.remove_images([ImageId(1)])
        taken_ones.catalog.lose_vectors([3])  # type: ignore[list-item]
    assert taken_ones.catalog.captures().rows.tolist() == [1]


def test_of_contents_that_look_the_same_the_one_taken_first_counts(writer: StoreWriter) -> None:
    assert writer.catalog.captures().rows.tolist() == []
    here, there = (1.0, 2.0), (3.0, 4.0)
    writer.append([taken(1, Capture()), taken(2, at(9, there), like=1), taken(3, at(5), like=1)])
    writer.append([taken(4, at(5, here), like=1), taken(5, None, like=1)])
    add_photos(writer, 1, 2, 3, 4, 5)
    found = writer.catalog.captures()
    assert (found.rows.tolist(), found.taken.tolist()) == ([0], [5])
    assert (found.latitude.tolist(), found.longitude.tolist()) == ([1], [2])


def test_each_set_of_vectors_tells_it_of_its_own_rows(taken_ones: StoreWriter) -> None:
    taken_ones.close()
    with StoreWriter.create(taken_ones.path, EmbedderSpec("other", "1", 2), add=True) as other:
        vector = np.array([1, 0], dtype=np.float32)
        other.append([replace(taken(number, None), vector=vector) for number in (1, 4)])
        assert other.catalog.captures().taken.tolist() == [-5.000000001]
        assert other.of_set(1).catalog.captures().rows.tolist() == [0, 1, 3]


def test_what_a_content_says_stays(taken_ones: StoreWriter) -> None:
    with taken_ones.catalog.transaction():
        taken_ones.catalog.add_captures([(digest(1), at(1)), (digest(3), at(3))])
    assert taken_ones.catalog.capture_of(digest(1)) == EVERYTHING
    assert taken_ones.catalog.capture_of(digest(3)) == at(3)


def test_places_are_forgotten_and_not_noted_again_once_nobody_wants_them_kept(
    taken_ones: StoreWriter,
) -> None:
    catalog = taken_ones.catalog
    assert catalog.keeps_places()
    with catalog.transaction():
        catalog.keep_places(keep=False)
    taken_ones.append([taken(5, EVERYTHING)])
    nowhere = EVERYTHING.without_place()
    assert [catalog.capture_of(digest(number)) for number in (1, 4, 5)] == [
        nowhere,
        at(7.25),
        nowhere,
    ]
    assert not catalog.keeps_places()
    with catalog.transaction():
        catalog.keep_places(keep=True)
    taken_ones.append([taken(6, EVERYTHING)])
    assert [catalog.capture_of(digest(number)) for number in (5, 6)] == [nowhere, EVERYTHING]
    assert catalog.keeps_places()
    assert verify(taken_ones) == []


def test_nothing_is_said_of_a_content_that_is_not_there(taken_ones: StoreWriter) -> None:
    with pytest.raises(StorageError), taken_ones.catalog.transaction():
        taken_ones.catalog.add_captures([(digest(9), at(1))])
    taken_ones.catalog._db.execute("PRAGMA foreign_keys = OFF")
    with taken_ones.catalog.transaction():
        taken_ones.catalog.add_captures([(digest(9), at(1))])
    assert [problem.message for problem in verify(taken_ones)] == [
        "catalog.sqlite: capture refers to a missing content"
    ]


def test_a_capture_that_cannot_be_is_damage(taken_ones: StoreWriter) -> None:
    taken_ones.catalog._db.execute("UPDATE capture SET latitude = 91 WHERE latitude IS NOT NULL")
    with pytest.raises(CollectionDamagedError, match=r"latitude cannot be 91\.0"):
        taken_ones.catalog.capture_of(digest(1))
    (problem,) = verify(taken_ones)
    assert (problem.invariant, problem.ids) == ("M1", (1,))
    assert problem.message == "catalog.sqlite: how a photo was taken: latitude cannot be 91.0"
    assert not problem.mendable


@pytest.mark.parametrize(
    "wrong", ["longitude = NULL", "taken_ns = 'noon'", "iso = 0", "f_number = -1.0", "iso = 1.5"]
)
def test_whatever_cannot_be_of_a_capture_is_found(taken_ones: StoreWriter, wrong: str) -> None:
    taken_ones.catalog._db.execute(f"UPDATE capture SET {wrong} WHERE latitude IS NOT NULL")
    assert [(problem.invariant, problem.ids) for problem in verify(taken_ones)] == [("M1", (1,))]


def test_it_is_known_of_which_contents_somebody_looked(taken_ones: StoreWriter) -> None:
    found = [taken_ones.catalog.has_capture(digest(number)) for number in range(1, 6)]
    assert found == [True, True, False, True, False]


def test_photos_of_which_nobody_looked_how_they_were_taken_are_known(
    taken_ones: StoreWriter,
) -> None:
    assert [image.id for image in taken_ones.catalog.images_without_capture()] == [3]
    with taken_ones.catalog.transaction():
        taken_ones.catalog.remove_images([ImageId(3)])
    assert taken_ones.catalog.images_without_capture() == []


def test_a_decision_is_about_two_contents_in_any_order(writer: StoreWriter) -> None:
    with writer.catalog.transaction():
        writer.catalog.decide(digest(2), digest(1), alike=True)
        writer.catalog.decide(digest(1), digest(3), alike=False)
    assert writer.catalog.decisions() == [
        (digest(1), digest(2), True), (digest(1), digest(3), False),
    ]  # fmt: skip


def test_the_last_decision_counts_until_it_is_withdrawn(writer: StoreWriter) -> None:
    with writer.catalog.transaction():
        writer.catalog.decide(digest(1), digest(2), alike=True)
        writer.catalog.decide(digest(2), digest(1), alike=False)
    assert writer.catalog.decisions() == [(digest(1), digest(2), False)]
    with writer.catalog.transaction():
        writer.catalog.withdraw(digest(2), digest(1))
        writer.catalog.withdraw(digest(5), digest(6))
    assert writer.catalog.decisions() == []


def test_there_is_nothing_to_decide_about_one_content(writer: StoreWriter) -> None:
    for say in (writer.catalog.withdraw, lambda a, b: writer.catalog.decide(a, b, alike=True)):
        with pytest.raises(ValueError, match="nothing to be compared with"):
            say(digest(1), digest(1))


@pytest.mark.parametrize("wrong", [(2, 1, 1), (1, 1, 0), (1, 2, 2)])
def test_no_decision_is_stored_that_nobody_can_make(
    writer: StoreWriter, wrong: tuple[int, int, int]
) -> None:
    first, second, alike = wrong
    with pytest.raises(StorageError), writer.catalog.transaction():
        writer.catalog._db.execute(
            "INSERT INTO decision VALUES (?, ?, ?)", (digest(first), digest(second), alike)
        )
    assert writer.catalog.decisions() == []


def test_compaction_drops_captures_with_their_contents_and_keeps_decisions(
    taken_ones: StoreWriter,
) -> None:
    catalog = taken_ones.catalog
    with catalog.transaction():
        catalog.decide(digest(1), digest(4), alike=True)
        catalog.remove_images([ImageId(1), ImageId(2)])
    taken_ones.compact()
    assert [catalog.capture_of(digest(number)) for number in (1, 2)] == [None, None]
    assert (catalog.captures().rows.tolist(), catalog.captures().taken.tolist()) == ([1], [7.25])
    assert catalog.decisions() == [(digest(1), digest(4), True)]
    assert verify(taken_ones) == []
    taken_ones.append([taken(1, EVERYTHING)])  # it comes back
    assert catalog.capture_of(digest(1)) == EVERYTHING


def test_groups_are_derived_and_come_in_generations(taken_ones: StoreWriter) -> None:
    assert taken_ones.catalog.generation("groups") is None
    for number in (1, 2, 3):
        rows = {"rows.npy": array_writer(np.arange(number))}
        made = taken_ones.publish("groups", rows, basis="", spec={})
        assert (made.number, taken_ones.catalog.generation("groups")) == (number, made)
    names = {path.name for path in taken_ones.path.glob("groups-*")}
    assert names == {"groups-000002.rows.npy", "groups-000003.rows.npy"}
    (taken_ones.path / "groups-000003.rows.npy").write_bytes(b"damaged")
    assert [problem.invariant for problem in verify(taken_ones)] == ["S1"]


def test_groups_that_no_catalog_lists_are_removed(taken_ones: StoreWriter) -> None:
    taken_ones.close()
    leftover = taken_ones.path / "groups-000009.rows.npy"
    leftover.touch()
    StoreWriter.create(taken_ones.path, SPEC).close()
    assert not leftover.exists()

"""What looking through photos leaves in the catalog."""

from __future__ import annotations

from dataclasses import replace

import apsw
import pytest

from annclust.arrays import ImageId
from annclust.images.capture import Capture
from annclust.storage.records import (
    CompanionRecord,
    ExaminationRecord,
    PurgedFile,
    PurgeState,
    Reviewed,
)
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from tests.storage.conftest import add_photos, content
from tests.storage.test_captures import EVERYTHING, taken


@pytest.fixture
def writer(writer: StoreWriter) -> StoreWriter:
    """A collection of five photos, open for writing."""
    numbers = range(1, 6)
    writer.append([content(number) for number in numbers])
    add_photos(writer, *numbers)
    return writer


def ids(store: Store) -> list[ImageId]:
    return [row.id for row in store.catalog.export("")]


def digests(store: Store) -> list[bytes]:
    return [row.digest for row in store.catalog.export("")]


def test_what_was_measured_is_found_by_content(writer: StoreWriter) -> None:
    first, second, *_ = digests(writer)
    found = ExaminationRecord(first, 1, '{"width": 3}', bytes(1024))
    with writer.catalog.transaction():
        writer.catalog.add_examinations([found])
    assert writer.catalog.examinations([first, second]) == {first: found}
    newer = replace(found, revision=2)
    with writer.catalog.transaction():
        writer.catalog.add_examinations([newer])
    assert writer.catalog.examinations([first]) == {first: newer}


def test_nothing_is_noted_of_contents_that_are_gone(writer: StoreWriter) -> None:
    here, gone = digests(writer)[0], bytes(range(32))
    with writer.catalog.transaction():
        writer.catalog.add_examinations(
            [ExaminationRecord(digest, 1, "{}", b"") for digest in (gone, here)]
        )
    assert set(writer.catalog.examinations([here, gone])) == {here}


def test_photos_are_marked_anew_and_not_any_more(writer: StoreWriter) -> None:
    one, two, three, *_ = ids(writer)
    with writer.catalog.transaction():
        writer.catalog.mark([one, two], keep=True)
        writer.catalog.mark([two, three], keep=False)
    assert writer.catalog.marks() == {one: True, two: False, three: False}
    with writer.catalog.transaction():
        writer.catalog.mark([two], keep=None)
        writer.catalog.remove_images([three])
    assert writer.catalog.marks() == {one: True}


def test_a_group_that_is_done_is_told_by_its_smallest_id(writer: StoreWriter) -> None:
    one, two, three, *_ = ids(writer)
    with writer.catalog.transaction():
        writer.catalog.review([three, one], "resolved")
        writer.catalog.review([two], "skipped")
    assert writer.catalog.reviews() == {
        one: Reviewed("resolved", one),
        two: Reviewed("skipped", two),
        three: Reviewed("resolved", one),
    }
    with writer.catalog.transaction():
        writer.catalog.review([one, three], None)
        writer.catalog.remove_images([two])
    assert writer.catalog.reviews() == {}


def purged(writer: StoreWriter, purge: int) -> list[PurgedFile]:
    images = writer.catalog.images_by_id(ids(writer)[:2])
    return [
        PurgedFile(
            id=0,
            purge=purge,
            image=photo.id,
            is_photo=True,
            keeper=ids(writer)[4],
            root=photo.root,
            path=photo.path,
            size=photo.size,
            modified_ns=photo.modified_ns,
            digest=photo.digest,
            state="moving",
        )
        for photo in images
    ]


def test_a_purge_is_remembered_file_by_file(writer: StoreWriter) -> None:
    with writer.catalog.transaction():
        first = writer.catalog.begin_purge(
            "p1", level="shots", folder="one", trash=None, began_ns=5
        )
        second = writer.catalog.begin_purge(
            "p2", level="scenes", folder="two", trash=b"/t", began_ns=6
        )
        files = purged(writer, second.id)
        numbers = writer.catalog.add_purged_files(files)
        writer.catalog.set_purge_state(numbers[1:], "in trash")
    assert writer.catalog.purges() == [first, second]
    assert writer.catalog.purged_files(first.id) == []
    states: list[PurgeState] = ["moving", "in trash"]
    assert writer.catalog.purged_files(second.id) == [
        replace(file, id=number, state=state)
        for file, number, state in zip(files, numbers, states, strict=True)
    ]
    assert files[0].full_path == writer.catalog.images_by_id(ids(writer))[0].full_path


def test_a_purge_that_goes_on_is_as_old_as_its_last_run(writer: StoreWriter) -> None:
    with writer.catalog.transaction():
        purge = writer.catalog.begin_purge("p", level="shots", folder="one", trash=None, began_ns=5)
        writer.catalog.renew_purge(purge.id, 9)
        writer.catalog.renew_purge(purge.id, 7)  # by a clock that was set back
    assert writer.catalog.purges() == [replace(purge, began_ns=9)]


def test_a_photo_is_known_to_stay_instead_of_what_did_not_come_back(writer: StoreWriter) -> None:
    keeper = ids(writer)[4]
    with writer.catalog.transaction():
        purge = writer.catalog.begin_purge("p", level="scenes", folder="1", trash=None, began_ns=5)
        numbers = writer.catalog.add_purged_files(purged(writer, purge.id))
        assert writer.catalog.keepers(["shots"]) == set()
        assert writer.catalog.keepers(["shots", "scenes"]) == {keeper}
        writer.catalog.set_purge_state(numbers[:1], "restored")
        assert writer.catalog.keepers(["scenes"]) == {keeper}
        writer.catalog.set_purge_state(numbers[1:], "not moved")
        assert writer.catalog.keepers(["scenes"]) == set()


def test_what_is_in_the_trash_outlives_compaction_and_marks_do_not(writer: StoreWriter) -> None:
    one, two, *_ = ids(writer)
    with writer.catalog.transaction():
        purge = writer.catalog.begin_purge("p", level="shots", folder="one", trash=None, began_ns=5)
        writer.catalog.add_purged_files(purged(writer, purge.id))
        writer.catalog.mark([one, two], keep=False)
        writer.catalog.review([one, two], "resolved")
        writer.catalog.add_examinations(
            [ExaminationRecord(digest, 1, "{}", b"") for digest in digests(writer)]
        )
        known = digests(writer)
        writer.catalog.remove_images([one, two])
    writer.compact()
    assert len(writer.catalog.purged_files(purge.id)) == 2
    assert set(writer.catalog.examinations(known)) == set(known[2:])
    for table in ("mark", "review"):
        assert next(writer.catalog._db.execute(f"SELECT count(*) FROM {table}"))[0] == 0
    assert not writer.catalog.integrity_problems()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO mark VALUES (1, 2)",
        "INSERT INTO review VALUES (1, 'odd', 1)",
        "INSERT INTO purged_file VALUES (1, 1, 1, 1, 1, 1, x'', 1, 1, x'', 'odd')",
    ],
)
def test_sqlite_itself_refuses_what_cannot_be(writer: StoreWriter, statement: str) -> None:
    with pytest.raises(apsw.ConstraintError):
        writer.catalog._db.execute(statement)


def test_sizes_are_those_of_present_photos(writer: StoreWriter) -> None:
    one, *others = ids(writer)
    with writer.catalog.transaction():
        writer.catalog.remove_images([one])
    images, sizes = writer.catalog.sizes()
    assert images.tolist() == others
    records = writer.catalog.images_by_id(others)
    assert sizes.tolist() == [record.size for record in records]
    beginnings = [record.digest[:8] for record in records]
    assert [each.tobytes() for each in writer.catalog.contents()] == beginnings


def test_no_photos_have_no_contents(writer: StoreWriter) -> None:
    with writer.catalog.transaction():
        writer.catalog.remove_images(ids(writer))
    assert len(writer.catalog.contents()) == 0


def test_a_photo_is_told_with_its_copies_and_how_it_was_taken(writer: StoreWriter) -> None:
    first, *_ = ids(writer)
    writer.append([taken(6, EVERYTHING)])
    add_photos(writer, 6)
    with writer.catalog.transaction():
        root = writer.catalog.roots()[0].id
        writer.catalog.add_image(root, b"copy", 1, 0, digests(writer)[0])
    sixth, copy = ids(writer)[-2:]
    found = writer.catalog.details([first, sixth, copy, 99])
    assert [found[image].copies for image in (first, sixth, copy)] == [2, 1, 2]
    assert found[sixth].capture == EVERYTHING
    assert found[first].capture == Capture()
    expected = content(6)
    shown = found[sixth]
    assert (shown.width, shown.height, shown.format) == (
        expected.width,
        expected.height,
        expected.format,
    )


def test_another_connection_that_commits_is_noticed(writer: StoreWriter) -> None:
    with Store(writer.path) as reader:
        before = reader.catalog.version()
        assert reader.catalog.version() == before
        with writer.catalog.transaction():
            writer.catalog.mark(ids(writer)[:1], keep=True)
        assert reader.catalog.version() != before


def test_what_belongs_to_some_photos_is_told_of_these_alone(writer: StoreWriter) -> None:
    one, two, *_ = writer.catalog.images_by_id(ids(writer))
    records = [
        CompanionRecord(photo.root.id, photo.path + b".xmp", 1, 0, photo.path)
        for photo in (one, two)
    ]
    with writer.catalog.transaction():
        writer.catalog.add_companions(records)
    every = writer.catalog.companions()
    assert every.keys() == {one.id, two.id}
    assert writer.catalog.companions([two.id, 99]) == {two.id: every[two.id]}

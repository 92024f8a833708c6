from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.errors import CollectionDamagedError
from annclust.storage.generation_writer import array_writer
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.vector_file import row_checksum
from annclust.storage.verify import CHECKS, require_sound, sound_vectors, verify
from tests.storage.conftest import DIMENSION, add_photos, content

Harm = Callable[[StoreWriter], None]


@pytest.fixture
def filled(writer: StoreWriter) -> StoreWriter:
    """Three blocks of two vectors, a photo each, and one derived file."""
    for first in (0, 2, 4):
        writer.append([content(first), content(first + 1)])
    add_photos(writer, *range(6))
    writer.publish("tree", {"rows.npy": array_writer(np.arange(6))}, basis="", spec={})
    return writer


def sql(statement: str) -> Harm:
    def harm(writer: StoreWriter) -> None:
        writer.catalog._db.execute("PRAGMA foreign_keys = OFF")
        writer.catalog._db.execute(statement)

    return harm


def flip_a_bit_of_row_3(writer: StoreWriter) -> None:
    with writer.vector_path.open("r+b") as file:
        file.seek(64 + 3 * 2 * DIMENSION)
        (byte,) = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def cut_the_vector_file(writer: StoreWriter) -> None:
    os.truncate(writer.vector_path, 64 + 3 * 2 * DIMENSION)


def empty_the_derived_file(writer: StoreWriter) -> None:
    next(writer.path.glob("tree-*")).write_bytes(b"")


HARMS: dict[str, tuple[Harm, list[int]]] = {
    "M1": (
        sql("DELETE FROM content WHERE digest IN (SELECT digest FROM embedding WHERE row = 2)"),
        [],
    ),
    "M2": (cut_the_vector_file, [4, 5, 6]),
    "M3": (sql("DELETE FROM block WHERE first_row = 2"), []),
    "M4": (flip_a_bit_of_row_3, [4]),
    "M5": (sql("UPDATE embedding SET row = 99 WHERE row = 5"), [6]),
    "M6": (sql("DELETE FROM vector WHERE row = 3"), []),
    "S1": (empty_the_derived_file, []),
    "S2": (sql("UPDATE generation SET rows = 99"), []),
    "S3": (sql("INSERT INTO member VALUES (1, 'shots', 2, 7, 1.0)"), []),
    "S4": (sql("UPDATE embedding SET row = -1 WHERE row IN (1, 3)"), [2, 4]),
}


def test_a_sound_collection_has_no_problems(filled: StoreWriter) -> None:
    assert verify(filled) == []


def test_an_empty_collection_has_no_problems(writer: StoreWriter) -> None:
    assert verify(writer) == []


def test_every_invariant_has_a_test_that_breaks_it() -> None:
    assert list(HARMS) == list(CHECKS)


@pytest.mark.parametrize("invariant", HARMS)
def test_a_broken_invariant_is_found_and_the_photos_are_named(
    filled: StoreWriter, invariant: str
) -> None:
    harm, ids = HARMS[invariant]
    harm(filled)
    with Store(filled.path) as store:
        problems = verify(store)
    assert {problem.invariant for problem in problems} == {invariant}
    assert sorted(image for problem in problems for image in problem.ids) == ids
    assert all(problem.derived == invariant.startswith("S") for problem in problems)
    mendable = invariant in ("M2", "M4", "S1", "S2", "S3", "S4")
    assert all(problem.mendable == mendable for problem in problems)


def test_a_lost_last_block_is_found(filled: StoreWriter) -> None:
    sql("DELETE FROM block WHERE first_row = 4")(filled)
    assert [problem.invariant for problem in verify(filled)] == ["M3"]


def test_a_content_of_a_removed_photo_counts_too(filled: StoreWriter) -> None:
    with filled.catalog.transaction():
        filled.catalog.remove_images([ImageId(6)])
    sql("UPDATE embedding SET row = 99 WHERE row = 5")(filled)
    assert [(p.invariant, p.ids) for p in verify(filled)] == [("M5", ())]


def test_a_cluster_without_a_photo_is_found(filled: StoreWriter) -> None:
    sql("INSERT INTO cluster VALUES (1, 'shots', 0, 999)")(filled)
    assert [problem.invariant for problem in verify(filled)] == ["S3"]


def test_a_lost_vector_file_is_named_once(filled: StoreWriter) -> None:
    filled.vector_path.unlink()
    (problem,) = verify(filled)
    assert problem.invariant == "M2"
    assert problem.message == "vectors-000001.f16: No such file or directory"
    assert len(problem.ids) == 6


def test_a_vector_file_with_another_header_affects_all_photos(filled: StoreWriter) -> None:
    with filled.vector_path.open("r+b") as file:
        file.write(b"x")
    (problem,) = verify(filled)
    assert (problem.invariant, len(problem.ids)) == ("M2", 6)


@pytest.mark.parametrize("harm", [flip_a_bit_of_row_3, cut_the_vector_file])
def test_damaged_vectors_are_not_believed(filled: StoreWriter, harm: Harm) -> None:
    vectors = sound_vectors(filled)
    rows = require_sound(filled, vectors, [5, 0, 3, 3])
    assert rows.tobytes() == vectors.stored[[5, 0, 3, 3]].tobytes()
    harm(filled)
    with pytest.raises(CollectionDamagedError):
        sound_vectors(filled)
    if harm is flip_a_bit_of_row_3:
        require_sound(filled, filled.vectors(), [0, 5])
        with pytest.raises(CollectionDamagedError, match="vector 3 is not as written"):
            require_sound(filled, filled.vectors(), [0, 3])


def test_a_disk_that_errs_once_is_asked_again(
    filled: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([0])
    monkeypatch.setattr(
        "annclust.storage.verify.row_checksum", lambda row: next(answers, row_checksum(row))
    )
    vectors = filled.vectors()
    assert require_sound(filled, vectors, [2, 1]).tobytes() == vectors.stored[[2, 1]].tobytes()


def test_a_writer_looks_at_each_vector_once(filled: StoreWriter) -> None:
    filled.sound_vectors()
    flip_a_bit_of_row_3(filled)
    filled.append([content(6), content(7)])
    assert filled.sound_vectors().shape[0] == 8
    with filled.vector_path.open("r+b") as file:
        file.truncate(64 + 7 * 2 * DIMENSION)
        file.truncate(64 + 8 * 2 * DIMENSION)
    filled._looked_at[filled.vector_path.name] = 6
    with pytest.raises(CollectionDamagedError, match="1 of vectors 6 to 8"):
        filled.sound_vectors()
    filled.close()
    with (
        StoreWriter(filled.path) as another,
        pytest.raises(CollectionDamagedError, match="1 of vectors 2 to 4"),
    ):
        another.sound_vectors()


@pytest.mark.parametrize("name", ["next_index", "next_groups"])
def test_a_setting_that_is_missing_is_damage(filled: StoreWriter, name: str) -> None:
    sql(f"DELETE FROM setting WHERE name = '{name}'")(filled)
    assert [problem.invariant for problem in verify(filled)] == ["M1"]


def test_a_writer_at_work_looks_like_no_damage(filled: StoreWriter) -> None:
    with Store(filled.path) as store, store.catalog.snapshot():
        filled.append([content(7), content(8)])
        assert verify(store) == []


def test_damage_inside_the_database_file_is_named(filled: StoreWriter) -> None:
    sql("PRAGMA writable_schema = ON")(filled)
    filled.catalog._db.execute(
        "UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'vector_checksum'"
    )
    filled.catalog.close()
    with pytest.raises(CollectionDamagedError, match="malformed"):
        Store(filled.path)

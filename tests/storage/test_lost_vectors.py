"""Vectors that are damaged or missing: what is left of them, and what their contents are then."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import ImageId, VectorRow
from annclust.errors import CollectionDamagedError, StorageError
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import damaged_rows, require_sound, sound_vectors, verify
from tests.failing_disks import FailingDisk
from tests.storage.conftest import (
    DIMENSION,
    SPEC,
    add_photos,
    content,
    limited_file_size,
    store_groups,
)


def test_a_content_that_lost_its_vector_counts_as_new_and_gets_another(writer: StoreWriter) -> None:
    writer.append([content(1), content(2, like=1), content(3)])
    first, *_ = add_photos(writer, 1, 2, 3)
    store_groups(writer, {0: 5, 1: 6}, first)
    writer.lose_vectors([VectorRow(0)])
    assert writer.catalog.content((1).to_bytes(32, "big")) is None
    assert writer.catalog.contents_of_size(101, 9) == frozenset()
    assert [photo.id for photo in writer.catalog.images_without_vector()] == [1, 2]
    assert writer.catalog.live()[0].tolist() == [3]
    assert [problem.invariant for problem in verify(writer)] == ["S4"]
    writer.append([content(1, like=7), content(4)])
    assert [photo.id for photo in writer.catalog.images_without_vector()] == [2]
    rows, clusters = writer.catalog.memberships("shots")
    assert dict(zip(rows.tolist(), clusters.tolist(), strict=True)) == {1: 6, 2: 5}
    assert [problem.invariant for problem in verify(writer)] == ["S4"]


def test_a_lost_vector_survives_compacting_as_lost(writer: StoreWriter) -> None:
    writer.append([content(1), content(2), content(3)])
    add_photos(writer, 1, 2, 3)
    store_groups(writer, {0: 5, 1: 5}, 2)
    writer.lose_vectors([VectorRow(0), VectorRow(2)])
    writer.compact()
    assert writer.catalog.rows() == 1
    assert writer.catalog.memberships("shots")[0].tolist() == [0]  # what was row 1
    assert [photo.id for photo in writer.catalog.images_without_vector()] == [1, 3]
    writer.append([content(3)])
    assert [photo.id for photo in writer.catalog.images_without_vector()] == [1]
    np.testing.assert_allclose(writer.vectors().block(1, 2)[0], content(3).vector, atol=1e-3)


def test_vectors_that_the_disk_cannot_read_are_damaged_and_the_others_are_kept(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append([content(n) for n in range(6)])
    add_photos(writer, *range(6))
    with monkeypatch.context() as patched:
        FailingDisk(patched, writer.vector_path, 2 * DIMENSION, 1, 4)
        (problem,) = verify(writer)
        assert (problem.invariant, list(problem.ids)) == ("M4", [2, 5])
        with pytest.raises(CollectionDamagedError, match="2 of vectors"):
            sound_vectors(writer)
        with pytest.raises(CollectionDamagedError, match="vector 4"):
            require_sound(writer, writer.vectors(), [3, 4])
        assert damaged_rows(writer) == [1, 4]
        with writer.catalog.transaction():
            writer.catalog.remove_images([ImageId(6)])
        with pytest.raises(StorageError, match="input/output"):
            writer.compact()
        writer.lose_vectors([VectorRow(1), VectorRow(4)])
        writer.append([content(4)])  # whether it is the one that was there, nobody can tell
        writer.compact()
    assert writer.catalog.rows() == 4
    assert [(p.invariant, list(p.ids)) for p in verify(writer)] == [("S4", [2])]


def test_rows_are_read_in_the_order_that_is_asked_for(writer: StoreWriter) -> None:
    writer.append([content(n) for n in range(6)])
    reader = writer.vectors()
    for rows in ([], [3], [0, 1, 2, 3, 4, 5], [5, 4, 0, 1, 1], [2, 4, 5]):
        found = reader.read(np.array(rows, dtype=np.int64))
        assert found.tobytes() == reader.stored[rows].tobytes()


def test_rows_that_somebody_cut_off_meanwhile_cannot_be_read(writer: StoreWriter) -> None:
    writer.append([content(n) for n in range(6)])
    reader = writer.vectors()
    os.truncate(writer.vector_path, 64 + 3 * 2 * DIMENSION)
    assert len(reader.read(np.arange(3))) == 3
    with pytest.raises(OSError, match="ends too early"):
        reader.read(np.arange(6))


@pytest.mark.parametrize("kept", [0, 64, 64 + 5 * DIMENSION, None])
def test_what_is_left_of_a_vector_file_is_salvaged(directory: Path, kept: int | None) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(n) for n in range(4)])
        add_photos(writer, *range(4))
    path = directory / "vectors-000001.f16"
    whole = path.read_bytes()
    if kept is None:
        path.unlink()
    else:
        path.write_bytes(whole[:kept])
    with pytest.raises((CollectionDamagedError, StorageError)):
        StoreWriter(directory)
    with limited_file_size(10), pytest.raises(StorageError):
        StoreWriter(directory, salvage=True)
    with StoreWriter(directory, salvage=True) as writer:
        left = max(0, (kept or 0) - 64) // (2 * DIMENSION)
        assert damaged_rows(writer) == list(range(left, 4))
        assert writer.vectors().stored.tobytes().startswith(whole[64 : 64 + left * 2 * DIMENSION])
        assert not path.exists()


def test_a_sound_vector_file_needs_no_salvage(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    with StoreWriter(directory, salvage=True) as writer:
        assert writer.vector_path.name == "vectors-000001.f16"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.errors import CollectionDamagedError, StorageError
from annclust.storage.generation_writer import array_writer
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import verify
from tests.storage.conftest import DIMENSION, SPEC, add_photos, content, limited_file_size

Cells = dict[int, tuple[bytes, bytes]]


@pytest.fixture
def filled(writer: StoreWriter) -> StoreWriter:
    """Ten photos in three blocks, of which 2, 5 and 6 were removed, and one derived file."""
    writer.append([content(number) for number in range(4)])
    writer.append([content(number) for number in range(4, 9)])
    writer.append([content(9, like=1)])
    add_photos(writer, *range(10))
    with writer.catalog.transaction():
        writer.catalog.remove_images([ImageId(2), ImageId(5), ImageId(6)])
    writer.publish("tree", {"rows.npy": array_writer(np.arange(6))}, basis="", spec={})
    return writer


def table(store: Store) -> Cells:
    """Digest of the content and bytes of the vector of each present photo, by id."""
    stored = store.vectors().stored
    (root,) = store.catalog.roots()
    images = store.catalog.images_under(root.id)
    return {int(i.id): (i.digest, stored[i.row].tobytes()) for i in images}


def test_photos_keep_their_ids_and_vectors(filled: StoreWriter) -> None:
    before = table(filled)
    filled.compact()
    assert table(filled) == before
    assert len(before) == 7
    assert filled.catalog.counts() == {
        "images": 7, "removed": 0, "contents": 7, "vectors": 7, "unreadable": 0, "companions": 0,
    }  # fmt: skip
    assert verify(filled) == []


def test_a_vector_that_a_removed_photo_shares_stays(filled: StoreWriter) -> None:
    with filled.catalog.transaction():
        filled.catalog.remove_images([ImageId(10)])
    filled.compact()
    found = filled.catalog.content((1).to_bytes(32, "big"))
    assert found is None  # photo 2 and its copy 10 are gone
    with_copy = content(9, like=1)
    filled.append([with_copy])
    assert verify(filled) == []


def test_the_old_files_go_and_new_ones_can_be_written(filled: StoreWriter, directory: Path) -> None:
    filled.compact()
    names = {path.name for path in directory.iterdir()}
    assert {name for name in names if name.startswith(("vectors", "tree"))} == {
        "vectors-000002.f16"
    }
    filled.append([content(20)])
    filled.compact()
    assert filled.vector_path.name == "vectors-000003.f16"
    assert verify(filled) == []


def test_an_id_is_not_given_again(filled: StoreWriter) -> None:
    with filled.catalog.transaction():
        filled.catalog.remove_images([ImageId(10)])
    filled.compact()
    filled.append([content(30)])
    assert add_photos(filled, 30) == [11]


def test_an_empty_collection_and_one_without_photos_can_be_compacted(writer: StoreWriter) -> None:
    writer.compact()
    writer.append([content(1)])
    images = [ImageId(image) for image in add_photos(writer, 1)]
    with writer.catalog.transaction():
        writer.catalog.remove_images(images)
    writer.compact()
    assert writer.catalog.rows() == 0
    assert verify(writer) == []


def test_clusters_keep_their_members_and_get_a_representative_that_is_there(
    filled: StoreWriter,
) -> None:
    with filled.catalog.transaction():
        filled.catalog.add_clustering(
            "shots",
            settings="{}",
            summary="{}",
            members=[(3, 0, 0.5), (4, 0, 1.0), (6, 0, 0.7), (5, 1, 1.0)],
            representatives={0: ImageId(5), 1: ImageId(6)},
            next_cluster=2,
        )
    before = {row.id: row.cluster for row in filled.catalog.export("shots")}
    filled.compact()
    rows = list(filled.catalog.export("shots"))
    assert {row.id: row.cluster for row in rows} == before
    assert [row.id for row in rows if row.representative] == [7]
    assert verify(filled) == []


def test_a_full_disk_changes_nothing(filled: StoreWriter, directory: Path) -> None:
    before = table(filled)
    with limited_file_size(64 + 3 * 2 * DIMENSION), pytest.raises(StorageError):
        filled.compact()
    assert table(filled) == before
    filled.append([content(40)])
    assert verify(filled) == []
    assert filled.vector_path == directory / "vectors-000001.f16"


def test_a_damaged_vector_is_not_copied_as_if_it_were_sound(filled: StoreWriter) -> None:
    with filled.vector_path.open("r+b") as file:
        file.seek(64 + 8 * 2 * DIMENSION)
        file.write(b"\xff\xff")
    with pytest.raises(CollectionDamagedError, match="vector 8 is not as written"):
        filled.compact()
    assert [(problem.invariant, problem.ids) for problem in verify(filled)] == [("M4", (9,))]


def test_a_damaged_vector_that_nobody_needs_is_dropped(filled: StoreWriter) -> None:
    with filled.vector_path.open("r+b") as file:
        file.seek(64 + 5 * 2 * DIMENSION)
        file.write(b"\xff\xff")
    assert [(problem.invariant, problem.ids) for problem in verify(filled)] == [("M4", ())]
    filled.compact()
    assert verify(filled) == []


def test_a_vector_file_of_an_interrupted_compaction_goes_when_the_other_is_whole(
    directory: Path,
) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
    leftover = directory / "vectors-000002.f16"
    leftover.write_bytes(b"half")
    StoreWriter(directory).close()
    assert not leftover.exists()


def test_a_reader_sees_the_state_it_began_with_or_the_new_one(filled: StoreWriter) -> None:
    with Store(filled.path) as reader:
        before = table(reader)
        mapped = reader.vectors()
        filled.compact()
        assert len(mapped.block(0, 9)) == 9  # what is mapped stays readable
        assert reader.at_one_moment(lambda: table(reader)) == before


def test_a_reader_that_comes_upon_the_compaction_looks_again(filled: StoreWriter) -> None:
    with Store(filled.path) as reader:
        looks = 0

        def read() -> tuple[int, int]:
            nonlocal looks
            looks += 1
            if looks == 1:
                reader.catalog.rows()  # from here on it sees one state
                filled.compact()
            return reader.vectors().shape

        assert reader.at_one_moment(read) == (7, DIMENSION)
        assert looks == 2


def test_a_vector_file_that_is_gone_for_good_is_an_error(filled: StoreWriter) -> None:
    filled.vector_path.unlink()
    with Store(filled.path) as reader, pytest.raises(StorageError, match="No such file"):
        reader.at_one_moment(reader.vectors)

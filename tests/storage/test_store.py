from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    CollectionLockedError,
    CollectionNotFoundError,
    DamagedFileWarning,
    EmbedderMismatchError,
    NewerFormatError,
    NotACollectionError,
    StorageError,
)
from annclust.storage import new_collection, store_writer
from annclust.storage.catalog import Catalog
from annclust.storage.checked_sqlite import open_to_write
from annclust.storage.generation_writer import array_writer
from annclust.storage.generations import load_array, load_current
from annclust.storage.layout import GenerationKind
from annclust.storage.new_collection import lay_out
from annclust.storage.records import Generation
from annclust.storage.schema import FORMAT
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.vector_file import row_checksum
from annclust.storage.verify import verify
from tests.storage.conftest import DIMENSION, SPEC, add_photos, content, limited_file_size


def test_a_new_collection_is_empty(writer: StoreWriter) -> None:
    assert writer.catalog.counts() == dict.fromkeys(
        ("images", "removed", "contents", "vectors", "unreadable", "companions"), 0
    )
    assert writer.vectors().shape == (0, DIMENSION)
    assert writer.embedder == SPEC


def test_no_vectors_can_be_read_of_none(writer: StoreWriter) -> None:
    nothing = writer.vectors()
    assert nothing.block(0, 0).shape == (0, writer.embedder.dimension)
    assert nothing.take(np.zeros(0, dtype=np.int64)).shape == (0, writer.embedder.dimension)


def test_pages_that_were_looked_at_are_let_go_of_and_come_back(writer: StoreWriter) -> None:
    writer.append([content(number) for number in range(4)])
    vectors = writer.vectors()
    assert vectors.pages is not None
    before = vectors.take(np.arange(4))
    vectors.pages.used(1 << 30)  # as after reading a gibibyte
    assert np.array_equal(vectors.take(np.arange(4)), before)


def test_vectors_travel_as_what_they_are_not_as_where_they_lie(writer: StoreWriter) -> None:
    writer.append([content(number) for number in range(4)])
    elsewhere = pickle.loads(pickle.dumps(writer.vectors()))
    assert elsewhere.descriptor < 0
    assert elsewhere.block(0, 4).tobytes() == writer.vectors().block(0, 4).tobytes()
    assert elsewhere.take(np.array([2])).tobytes() == writer.vectors().block(2, 3).tobytes()
    some = pickle.loads(pickle.dumps(writer.vectors().part(np.array([3, 1]))))
    assert some.shape == (2, DIMENSION)
    assert some.block(0, 2).tobytes() == writer.vectors().take(np.array([3, 1])).tobytes()


def test_vectors_come_back_as_unit_rows(writer: StoreWriter) -> None:
    contents = [content(1), content(2)]
    writer.append(contents)
    stored = writer.vectors().block(0, 2)
    np.testing.assert_allclose(stored, [c.vector for c in contents], atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)
    assert writer.vectors().take(np.array([1])).tolist() == stored[1:].tolist()


def test_equal_vectors_share_a_row(writer: StoreWriter) -> None:
    writer.append([content(1), content(2, like=1)])
    writer.append([content(3, like=1), content(4)])
    rows = [writer.catalog.content(n.to_bytes(32, "big")) for n in (1, 2, 3, 4)]
    assert [found.row for found in rows if found] == [0, 0, 0, 1]
    assert writer.catalog.rows() == 2


def test_a_batch_without_any_new_vector_needs_no_row(writer: StoreWriter) -> None:
    writer.append([content(1)])
    writer.append([content(2, like=1)])
    writer.append([])
    assert writer.catalog.rows() == 1
    assert [block.rows for block in writer.catalog.blocks()] == [1]


def test_two_vectors_of_one_checksum_are_still_told_apart(
    writer: StoreWriter,
) -> None:
    writer.append([content(1)])
    with writer.catalog.transaction():  # as if XXH3 had collided
        other = content(2).vector.astype("<f2")
        writer.catalog._db.execute("UPDATE vector SET checksum = ?", (row_checksum(other),))
    writer.append([content(2)])
    assert writer.catalog.rows() == 2


def test_what_is_written_is_there_after_reopening(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
        add_photos(writer, 1)
    with Store(directory) as store:
        assert store.catalog.counts()["images"] == 1
        assert store.vectors().shape == (1, DIMENSION)


def test_a_reader_sees_what_was_committed_while_the_writer_goes_on(writer: StoreWriter) -> None:
    writer.append([content(1)])
    with Store(writer.path) as reader:
        assert reader.catalog.rows() == 1
        writer.append([content(2)])
        assert reader.catalog.rows() == 2
        with reader.catalog.snapshot():
            assert reader.catalog.rows() == 2
            writer.append([content(3)])
            assert reader.catalog.rows() == 2


def test_a_second_writer_is_told_who_holds_the_collection(writer: StoreWriter) -> None:
    with pytest.raises(CollectionLockedError, match=f"process {os.getpid()}"):
        StoreWriter(writer.path)
    with pytest.raises(CollectionLockedError):
        StoreWriter.create(writer.path, SPEC)


def test_every_folder_that_was_made_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(new_collection, "sync_directory", synced.append)
    StoreWriter.create(tmp_path / "one" / "two" / "c.annclust", SPEC).close()
    assert {tmp_path, tmp_path / "one", tmp_path / "one" / "two"} <= set(synced)


def test_a_writer_that_cannot_open_what_it_compacted_lets_go_of_all(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append([content(1), content(2)])
    add_photos(writer, 1)

    def refuse(path: Path, **_: object) -> None:
        raise StorageError(path, reason="too many open files")

    with monkeypatch.context() as patched, writer:
        patched.setattr(store_writer, "VectorAppender", refuse)
        with pytest.raises(StorageError, match="too many"):
            writer.compact()
    with StoreWriter(writer.path) as again:
        assert verify(again) == []
        assert again.catalog.rows() == 1


def test_vectors_without_a_catalog_are_a_damaged_collection(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
    vectors = directory / "vectors-000001.f16"
    (directory / "catalog.sqlite").unlink()
    with pytest.raises(CollectionDamagedError, match=r"it has vectors, but no catalog\.sqlite"):
        Store(directory)
    os.truncate(vectors, 64)  # as an interrupted first run leaves it
    with pytest.raises(NotACollectionError, match=r"it holds no catalog"):
        Store(directory)


def test_closing_twice_closes_nothing_of_anybody_else(directory: Path) -> None:
    writer = StoreWriter.create(directory, SPEC)
    writer.close()
    with (directory / "other").open("w") as other:
        writer.close()
        other.write("still open")


def test_the_lock_is_free_after_closing_and_after_a_failed_opening(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    with pytest.raises(EmbedderMismatchError, match="test"):
        StoreWriter.create(directory, EmbedderSpec("other", "other 1", DIMENSION))
    StoreWriter(directory).close()


def test_another_revision_of_the_same_embedder_is_a_mismatch(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    with pytest.raises(EmbedderMismatchError, match="2"):
        StoreWriter.create(directory, EmbedderSpec("test", "2", DIMENSION))


def test_unacknowledged_vectors_are_cut_off(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
        path = writer.vector_path
    whole = path.read_bytes()
    path.write_bytes(whole + b"torn")
    with StoreWriter(directory) as writer:
        assert writer.vectors().shape == (1, DIMENSION)
    assert path.read_bytes() == whole


def test_missing_vectors_are_damage(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
        path = writer.vector_path
    os.truncate(path, path.stat().st_size - 1)
    with Store(directory) as store, pytest.raises(CollectionDamagedError, match="too short"):
        store.vectors()
    with pytest.raises(CollectionDamagedError):
        StoreWriter(directory)


def test_a_vector_file_of_another_kind_is_damage(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        path = writer.vector_path
    path.write_bytes(b"x" * 64)
    with pytest.raises(CollectionDamagedError, match="header"):
        StoreWriter(directory)


def test_a_missing_path_is_no_collection(tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFoundError, match="annclust index"):
        Store(tmp_path / "none")
    with pytest.raises(CollectionNotFoundError):
        StoreWriter(tmp_path / "none")


def test_a_file_is_no_collection(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotACollectionError, match="a file"):
        Store(file)
    with pytest.raises(NotACollectionError, match="a file"):
        StoreWriter.create(file, SPEC)


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(NotACollectionError, match="catalog"):
        Store(tmp_path)
    for attempt in (lambda: StoreWriter(tmp_path), lambda: StoreWriter.create(tmp_path, SPEC)):
        with pytest.raises(NotACollectionError, match="other files"):
            attempt()
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_interrupted_creation_is_finished_by_the_next_one(directory: Path) -> None:
    directory.mkdir()
    (directory / "writer.lock").touch()
    (directory / "vectors-000001.f16").write_bytes(b"half")
    (directory / "catalog.sqlite.unfinished").write_bytes(b"half")
    (directory / "catalog.sqlite.unfinished-wal").write_bytes(b"half")
    with StoreWriter.create(directory, SPEC) as writer:
        assert writer.catalog.rows() == 0


def test_a_catalog_that_is_no_database_is_damage(directory: Path) -> None:
    directory.mkdir()
    (directory / "catalog.sqlite").write_bytes(b"not a database, but long enough" * 50)
    with pytest.raises(CollectionDamagedError, match="not a database"):
        Store(directory)


def test_another_programs_database_is_refused(directory: Path) -> None:
    directory.mkdir()
    db = open_to_write(directory / "catalog.sqlite")
    db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(NotACollectionError, match="another program"):
        Store(directory)
    with pytest.raises(NotACollectionError):
        StoreWriter(directory)


def test_a_newer_format_is_refused_and_left_alone(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    db = open_to_write(directory / "catalog.sqlite")
    db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    db.close()
    with pytest.raises(NewerFormatError, match=f"format {FORMAT + 1}"):
        StoreWriter(directory)


def test_a_full_disk_loses_nothing(writer: StoreWriter) -> None:
    writer.append([content(1)])
    with limited_file_size(64 + 3 * DIMENSION), pytest.raises(StorageError) as failure:
        writer.append([content(2), content(3)])
    assert "limit" in failure.value.reason or "full" in failure.value.reason
    assert writer.catalog.rows() == 1
    writer.append([content(2)])
    assert writer.catalog.rows() == 2


def test_a_failed_commit_leaves_neither_contents_nor_vectors(writer: StoreWriter) -> None:
    writer.append([content(1)])
    with pytest.raises(StorageError):
        writer.append([content(2), content(1, like=3)])  # the digest of 1 is taken
    assert writer.catalog.rows() == 1
    assert writer.catalog.content((2).to_bytes(32, "big")) is None


def test_a_generation_replaces_the_one_before(writer: StoreWriter) -> None:
    for number in range(4):
        writer.publish(
            "tree", {"rows.npy": array_writer(np.arange(number))}, basis=str(number), spec={}
        )
    current = writer.usable_generation("tree")
    assert current is not None
    assert (current.number, current.basis) == (4, "3")
    names = {path.name for path in writer.path.glob("tree-*")}
    assert names == {"tree-000003.rows.npy", "tree-000004.rows.npy"}


def test_a_generation_of_another_basis_is_not_usable(writer: StoreWriter) -> None:
    writer.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="a", spec={})
    assert writer.usable_generation("tree", basis="a")
    assert writer.usable_generation("tree", basis="b") is None
    assert writer.usable_generation("graph") is None


@pytest.mark.parametrize("damage", ["remove", "shorten", "alter", "make unreadable"])
def test_a_damaged_generation_is_not_usable(writer: StoreWriter, damage: str) -> None:
    writer.publish("tree", {"rows.npy": array_writer(np.arange(300))}, basis="", spec={})
    path = writer.path / "tree-000001.rows.npy"
    whole = path.read_bytes()
    match damage:
        case "remove":
            path.unlink()
        case "shorten":
            path.write_bytes(whole[:-1])
        case "make unreadable":
            path.unlink()
            path.symlink_to(path)
        case _:
            path.write_bytes(whole[:-1] + b"\xff")
    with pytest.warns(DamagedFileWarning, match="makes it again when it writes next"):
        assert writer.usable_generation("tree") is None


def test_a_forgotten_generation_leaves_no_file(writer: StoreWriter) -> None:
    writer.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="", spec={})
    writer.forget("tree")
    assert writer.catalog.generation("tree") is None
    assert not list(writer.path.glob("tree-*"))


def test_generation_numbers_are_never_given_twice(writer: StoreWriter) -> None:
    writer.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="", spec={})
    writer.forget("tree")
    again = writer.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="", spec={})
    assert again.number == 2


def test_files_that_no_generation_lists_are_removed_on_opening(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    (directory / "graph-000009.rows.npy").touch()
    (directory / "index-000002.faiss.unfinished").touch()
    theirs = {"notes.txt", "graph-edges.csv", "index-of-trip.html", "notes.unfinished"}
    for name in theirs:
        (directory / name).touch()
    (directory / "tree-house").mkdir()
    StoreWriter(directory).close()
    assert {path.name for path in directory.iterdir()} >= {*theirs, "tree-house"}
    assert not list(directory.glob("graph-0*"))
    assert not list(directory.glob("index-*.unfinished"))


def test_vectors_without_a_catalog_are_not_overwritten(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
    for path in directory.glob("catalog*"):
        path.unlink()
    vectors = directory / "vectors-000001.f16"
    before = vectors.read_bytes()
    with pytest.raises(CollectionDamagedError, match="has vectors, but no catalog"):
        StoreWriter.create(directory, SPEC)
    assert vectors.read_bytes() == before


def test_a_failing_part_leaves_the_generation_before(writer: StoreWriter) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    writer.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="a", spec={})
    with pytest.raises(StorageError, match="disk is full"):
        writer.publish("tree", {"rows.npy": fail}, basis="b", spec={})
    assert writer.usable_generation("tree", basis="a")
    assert not list(writer.path.glob("*.unfinished"))


@pytest.mark.parametrize("k", [0, 1])
def test_a_stored_graph_comes_back(writer: StoreWriter, k: int) -> None:
    neighbors = np.array([[1], [0]], np.int32)[:, :k]
    distances = np.array([[0.5], [0.5]], np.float32)[:, :k]
    arrays = {"neighbors": neighbors, "distances": distances}
    parts = {f"{name}.npy": array_writer(array) for name, array in arrays.items()}
    graph = writer.graph(writer.publish("graph", parts, basis="", spec={}))
    assert (graph.n, graph.k) == (2, k)
    assert graph.neighbors.tolist() == neighbors.tolist()
    assert graph.distances.tolist() == distances.tolist()


class _LateReader(Catalog):
    """A reader whose first look at the catalog was just before a new generation came."""

    stale: Generation | None = None

    def generation(self, kind: GenerationKind) -> Generation | None:
        stale, self.stale = self.stale, None
        return stale or super().generation(kind)


def test_a_reader_that_comes_too_late_takes_the_newer_generation(writer: StoreWriter) -> None:
    parts = {"rows.npy": array_writer(np.arange(3))}
    first, *_, last = [writer.publish("tree", parts, basis="", spec={}) for _ in range(3)]
    with _LateReader(writer.catalog.path) as reader:
        reader.stale = first
        assert load_current(writer.path, reader, "tree", lambda found: found) == last


def test_a_file_that_vanishes_while_it_is_opened_is_looked_for_again(writer: StoreWriter) -> None:
    parts = {"rows.npy": array_writer(np.arange(3))}
    first = writer.publish("tree", parts, basis="", spec={})

    def load(generation: Generation) -> int:
        if generation == first:
            for _ in range(2):
                writer.publish("tree", parts, basis="", spec={})
        return len(load_array(writer.path, generation, "rows.npy")) + generation.number

    assert writer.load_generation("tree", load) == 3 + 3


def test_a_collection_made_meanwhile_is_not_made_again(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
    lay_out(directory, SPEC, StoreWriter._refuse_foreign)
    with StoreWriter(directory) as writer:
        assert writer.catalog.rows() == 1


def test_sizes_on_disk_are_counted(writer: StoreWriter) -> None:
    before = writer.bytes_on_disk()
    (writer.path / "more").write_bytes(b"x" * 1000)
    assert writer.bytes_on_disk() == before + 1000


def test_a_lock_whose_text_can_not_be_written_is_let_go(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    with limited_file_size(0), pytest.raises(StorageError, match="file sizes"):
        StoreWriter(directory)
    StoreWriter(directory).close()


def test_stray_clusters_are_forgotten(writer: StoreWriter) -> None:
    writer.append([content(1)])
    add_photos(writer, 1)
    writer.catalog._db.execute("INSERT INTO cluster VALUES (1, 'shots', 0, 999)")
    writer.forget_stray_clusters()
    assert writer.catalog.stray_cluster_records() == 0
    assert verify(writer) == []
    writer.forget_stray_clusters()  # nothing to do

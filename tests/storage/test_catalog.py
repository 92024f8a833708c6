from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import apsw
import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.errors import (
    CollectionDamagedError,
    NotACollectionError,
    StorageError,
    StorageWarning,
)
from annclust.storage import catalog_file_writer
from annclust.storage.catalog import Catalog
from annclust.storage.catalog_file_writer import _switch_log_on
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.checked_sqlite import open_to_write, verifies_pages
from annclust.storage.records import UnreadableRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import EmbeddedContent, StoreWriter
from annclust.url_path import UrlPath
from tests.storage.conftest import SPEC, ReadOnlyDisk, add_photos, content, limited_file_size


@pytest.fixture
def catalog(writer: StoreWriter) -> CatalogWriter:
    """A catalog of four photos, the last two of one vector."""
    writer.append([content(1), content(2), content(3), content(4, like=3)])
    add_photos(writer, 1, 2, 3, 4)
    return writer.catalog


def test_photos_below_a_url_go_by_urls(catalog: CatalogWriter) -> None:
    with catalog.transaction():
        there = catalog.add_root(b"s3://bucket/trip", None)
        catalog.add_image(there.id, "sub/ä.jpg".encode(), 1, 2, content(1).digest)
    (here, *_) = catalog.roots()
    assert (there.is_remote, str(there.folder)) == (True, "s3://bucket/trip")
    assert (here.is_remote, here.folder) == (False, Path("/photos"))
    (photo,) = catalog.images_under(there.id)
    url = "s3://bucket/trip/sub/ä.jpg"
    assert photo.full_path == UrlPath(url)
    assert catalog.digests_at(os.fsencode(photo.full_path)) == [photo.digest]
    assert [str(row.path) for row in catalog.export("shots") if row.id == photo.id] == [url]


def test_a_root_is_added_once(catalog: CatalogWriter) -> None:
    with catalog.transaction():
        first, again = (catalog.add_root(b"/more", 1) for _ in range(2))
    assert first == again
    assert [root.path for root in catalog.roots()] == [b"/photos", b"/more"]


def test_a_root_remembers_why_it_is_offline(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    with catalog.transaction():
        catalog.set_root_state(root.id, device=7, offline="unplugged")
    (changed,) = catalog.roots()
    assert (changed.device, changed.offline) == (7, "unplugged")


def test_images_come_with_root_and_row(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    images = catalog.images_under(root.id)
    assert [image.full_path for image in images][:2] == [
        Path("/photos/1.jpg"), Path("/photos/2.jpg"),
    ]  # fmt: skip
    assert [image.row for image in images] == [0, 1, 2, 2]
    assert [i.id for i in catalog.images_of_rows([2])] == [3, 4]


def test_removed_images_are_not_seen(catalog: CatalogWriter) -> None:
    with catalog.transaction():
        catalog.remove_images([ImageId(3)])
    assert [i.id for i in catalog.images_of_rows([2])] == [4]
    ids, rows = catalog.live()
    assert (ids.tolist(), rows.tolist()) == ([1, 2, 4], [0, 1, 2])
    assert catalog.counts()["removed"] == 1
    assert catalog.images_in_rows(2, 3) == [4]


def test_an_image_that_comes_back_gets_its_id_again(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    with catalog.transaction():
        catalog.remove_images([ImageId(1), ImageId(2)])
        again = catalog.add_image(root.id, b"elsewhere.jpg", 1, 1, (2).to_bytes(32, "big"))
    assert again == 2


def test_an_id_is_never_given_twice(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    with catalog.transaction():
        catalog._db.execute("DELETE FROM image WHERE id = 4")
        new = catalog.add_image(root.id, b"x", 1, 1, (1).to_bytes(32, "big"))
    assert new == 5


def test_two_photos_can_not_lie_in_one_place(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    with pytest.raises(StorageError), catalog.transaction():
        catalog.add_image(root.id, b"1.jpg", 1, 1, (2).to_bytes(32, "big"))
    assert catalog.counts()["images"] == 4


def test_a_transaction_is_all_or_nothing(catalog: CatalogWriter) -> None:
    with contextlib.suppress(KeyboardInterrupt), catalog.transaction():
        catalog.remove_images([ImageId(1)])
        raise KeyboardInterrupt
    assert catalog.counts()["removed"] == 0


def test_a_transaction_that_sqlite_ended_is_not_rolled_back_twice(catalog: CatalogWriter) -> None:
    def fail() -> None:
        with catalog.transaction():
            catalog._db.execute("ROLLBACK")
            raise apsw.FullError("as after a full disk")

    with pytest.raises(StorageError, match="full disk"):
        fail()


def test_unreadable_files_are_replaced_by_root(catalog: CatalogWriter) -> None:
    (root,) = catalog.roots()
    record = UnreadableRecord(root.id, b"bad.jpg", 3, 4, "broken", False)
    with catalog.transaction():
        catalog.replace_unreadable(root.id, [record])
    assert catalog.unreadable() == [(root, record)]
    with catalog.transaction():
        catalog.replace_unreadable(root.id, [])
    assert catalog.unreadable() == []


def test_contents_are_found_by_size_and_digest(catalog: CatalogWriter) -> None:
    assert catalog.contents_of_size(101, 9) == {(1).to_bytes(32, "big")}
    assert catalog.contents_of_size(7, 9) == frozenset()
    assert catalog.content(b"unknown") is None


def test_a_clustering_replaces_the_last_one_of_its_level(catalog: CatalogWriter) -> None:
    assert catalog.clustering() is None
    assert catalog.next_cluster("shots") == 0
    for cluster in (7, 8):
        with catalog.transaction():
            catalog.add_clustering(
                "shots",
                settings="{}",
                summary="{}",
                members=[(2, cluster, 0.5)],
                representatives={cluster: ImageId(4)},
                next_cluster=cluster + 1,
            )
    rows, clusters = catalog.memberships("shots")
    assert (rows.tolist(), clusters.tolist()) == ([2], [8])
    assert catalog.memberships("scenes")[0].tolist() == []
    assert catalog.next_cluster("shots") == 9
    last = catalog.clustering()
    assert last is not None
    assert (last.id, last.level) == (2, "shots")
    exported = list(catalog.export("shots"))
    assert [row.cluster for row in exported] == [None, None, 8, 8]
    assert [row.probability for row in exported] == [None, None, 0.5, 0.5]
    assert [row.representative for row in exported] == [False, False, False, True]


def test_clusters_that_are_gone_are_remembered_until_they_are_back(catalog: CatalogWriter) -> None:
    def cut(level: str, *clusters: tuple[int, int]) -> list[list[int]]:
        with catalog.transaction():
            catalog.add_clustering(
                level,
                settings="{}",
                summary="{}",
                members=[(row, cluster, 1.0) for row, cluster in clusters],
                representatives={cluster: ImageId(1) for _, cluster in clusters},
                next_cluster=9,
            )
        return [each.tolist() for each in catalog.past_memberships("shots")]

    assert cut("shots", (0, 3), (1, 3), (2, 4)) == [[], []]
    assert cut("scenes", (0, 5)) == [[], []]
    assert cut("shots", (0, 6), (2, 4)) == [[0, 1], [3, 3]]
    assert cut("shots", (0, 7)) == [[0, 1, 2, 0], [3, 3, 4, 6]]
    assert cut("shots", (0, 3), (1, 3)) == [[2, 0, 0], [4, 6, 7]]
    with catalog.transaction():
        catalog.forget_clusterings()
    assert [each.tolist() for each in catalog.past_memberships("shots")] == [[], []]


def test_of_too_many_clusters_of_the_past_the_first_are_remembered(
    catalog: CatalogWriter,
) -> None:
    for cluster in range(40):
        with catalog.transaction():
            catalog.add_clustering(
                "shots",
                settings="{}",
                summary="{}",
                members=[(0, cluster, 1.0)],
                representatives={cluster: ImageId(1)},
                next_cluster=cluster + 1,
            )
    most = 8 * catalog.rows()
    assert 0 < most < 39
    assert catalog.past_memberships("shots")[1].tolist() == list(range(most))


def test_a_snapshot_ends_with_its_block(catalog: CatalogWriter) -> None:
    with Catalog(catalog.path) as reader:
        with pytest.raises(ZeroDivisionError), reader.snapshot():
            raise ZeroDivisionError
        with catalog.transaction():
            catalog.remove_images([ImageId(1)])
        assert reader.counts()["images"] == 3


def test_a_catalog_damaged_in_its_middle_is_damage(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(number) for number in range(300)])
        add_photos(writer, *range(300))
    path = directory / "catalog.sqlite"
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xff" * (len(whole) - 4096)
    path.write_bytes(whole)
    with pytest.raises(CollectionDamagedError, match="not as it was"), Catalog(path) as reader:
        reader.live()


def test_pages_that_no_table_uses_yet_are_checked_when_they_are_read(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    path = directory / "catalog.sqlite"
    whole = path.read_bytes()
    for place in range(0, len(whole), 977):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises((CollectionDamagedError, NotACollectionError)):
            _read_everything(path)


def _read_everything(path: Path) -> None:
    with Catalog(path) as reader:
        problems = reader.integrity_problems()
        if problems:
            raise CollectionDamagedError(path, reason=problems[0])


def test_the_end_of_a_long_path_that_became_zeros_is_damage(directory: Path) -> None:
    folders = b"/".join(bytes([letter]) * 250 for letter in b"abcdef")
    with StoreWriter.create(directory, SPEC) as writer, writer.catalog.transaction():
        root = writer.catalog.add_root(b"/photos", 1)
        writer.catalog.replace_unreadable(
            root.id, [UnreadableRecord(root.id, folders, 1, 1, "odd", False)]
        )
    path = directory / "catalog.sqlite"
    whole = path.read_bytes()
    start = whole.index(b"f" * 200) // 4096 * 4096
    assert whole[start : start + 4] == bytes(4)  # the last page of a chain
    path.write_bytes(whole[:start] + bytes(4096) + whole[start + 4096 :])
    with Catalog(path) as reader:
        assert reader.integrity_problems() == ["paths have zeros in them"]
        with pytest.raises(CollectionDamagedError, match="zeros"):
            reader.unreadable()


@pytest.mark.parametrize("cut", [1, 512, 4096, 8192])
def test_a_catalog_that_is_cut_is_damage(directory: Path, cut: int) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(n) for n in range(300)])
    path = directory / "catalog.sqlite"
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(CollectionDamagedError):
        _read_everything(path)
    if cut < 4096:
        with pytest.raises(CollectionDamagedError, match="size"):
            CatalogWriter(path)


def test_a_log_that_cannot_be_taken_in_is_told_and_kept(directory: Path) -> None:
    writer = StoreWriter.create(directory, SPEC)
    writer.append([content(n) for n in range(300)])
    path = directory / "catalog.sqlite"
    with (
        limited_file_size(path.stat().st_size),
        pytest.warns(StorageWarning, match="safe, in the log beside it"),
    ):
        writer.close()
    with Catalog(path) as reader:
        assert reader.rows() == 300


def test_damage_that_taking_the_log_in_comes_upon_is_for_readers_to_tell(
    directory: Path,
) -> None:
    class Damaged:
        """A database of which a page is not as it was written."""

        def execute(self, _sql: str) -> None:
            error = apsw.CorruptError("database disk image is malformed")
            error.extendedresult = apsw.SQLITE_CORRUPT
            raise error

        def close(self) -> None:
            """Let go of nothing."""

    with StoreWriter.create(directory, SPEC) as writer:
        real, writer.catalog._db = writer.catalog._db, cast("apsw.Connection", Damaged())
    real.close()


def test_a_journal_that_fails_while_the_log_is_switched_on_is_an_error(tmp_path: Path) -> None:
    class FailsAtTheEnd:
        """As SQLite: the answer comes first, the write, and its error, after it."""

        def execute(self, _sql: str) -> Iterator[tuple[str]]:
            yield ("wal",)
            raise apsw.IOError("disk I/O error")

    with pytest.raises(apsw.IOError):
        _switch_log_on(cast("apsw.Connection", FailsAtTheEnd()), tmp_path)


def test_a_page_that_a_full_disk_cut_short_is_taken_from_the_log_again(directory: Path) -> None:
    writer = StoreWriter.create(directory, SPEC)
    writer.append([content(n) for n in range(300)])
    path = directory / "catalog.sqlite"
    with path.open("ab") as file:
        file.write(b"\0" * 100)
    assert (directory / "catalog.sqlite-wal").stat().st_size > 0
    with pytest.raises(CollectionDamagedError, match="size"):
        Catalog(path)
    with CatalogWriter(path) as opened:
        assert opened.rows() == 300
    writer.close()
    with Catalog(path) as reader:
        assert reader.rows() == 300


def test_a_header_that_was_torn_when_the_log_was_taken_in_is_taken_in_again(
    directory: Path,
) -> None:
    writer = StoreWriter.create(directory, SPEC)
    writer.append([content(n) for n in range(300)])
    path = directory / "catalog.sqlite"
    saved = {p: p.read_bytes() for p in directory.iterdir() if not p.name.endswith("-shm")}
    writer.close()
    for file, whole in saved.items():
        file.write_bytes(bytes(4096) + whole[4096:] if file == path else whole)
    with Catalog(path) as reader:
        assert reader.rows() == 300
    with CatalogWriter(path) as opened:
        assert verifies_pages(opened._db)
        assert opened.rows() == 300
    assert path.read_bytes()[:6] == b"SQLite"


def test_a_header_that_denies_the_checksums_is_damage(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    path = directory / "catalog.sqlite"
    whole = bytearray(path.read_bytes())
    whole[20] = 0  # bytes reserved on each page, which is where the checksum is
    path.write_bytes(whole)
    with pytest.raises(CollectionDamagedError, match="header"):
        Catalog(path)


def test_a_catalog_on_a_read_only_disk_can_be_read(
    directory: Path, read_only_disk: ReadOnlyDisk
) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
        add_photos(writer, 1)
    with read_only_disk(directory) as seen:
        with Store(seen) as store:
            assert store.catalog.counts()["images"] == 1
            assert store.vectors().shape[0] == 1
        with pytest.raises(StorageError, match="read-only"):
            StoreWriter(seen)


class _SneakingIn(Sequence[EmbeddedContent]):
    """Contents that, when read, let another writer commit: one that ignores the lock."""

    def __init__(self, path: Path, contents: list[EmbeddedContent]) -> None:
        self.path, self.contents = path, contents

    def __len__(self) -> int:
        return len(self.contents)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        return self.contents[place]

    def __iter__(self) -> Iterator[EmbeddedContent]:
        db = open_to_write(self.path)
        db.execute("UPDATE vector_set SET rows = 7")
        db.close()
        return iter(self.contents)


def test_a_writer_that_ignores_the_lock_is_noticed(writer: StoreWriter) -> None:
    contents = _SneakingIn(writer.catalog.path, [content(1)])
    with pytest.raises(CollectionDamagedError, match="another process"):
        writer.append(contents)


def test_live_photos_of_an_empty_catalog_are_none(writer: StoreWriter) -> None:
    ids, rows = writer.catalog.live()
    assert ids.dtype == rows.dtype == np.int64
    assert len(ids) == len(rows) == 0


def test_a_pending_log_is_read_on_a_folder_without_write_permission(writer: StoreWriter) -> None:
    writer.append([content(1)])
    assert (writer.path / "catalog.sqlite-wal").stat().st_size > 0
    with Store(writer.path) as reader:
        assert reader.catalog.rows() == 1


def test_a_catalog_that_can_not_start_its_log_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    CatalogWriter.create(path, SPEC, "vectors-000001.f16")
    before = path.read_bytes()
    with limited_file_size(0), pytest.raises(StorageError, match=r"catalog\.sqlite"):
        CatalogWriter(path)
    assert path.read_bytes() == before
    with CatalogWriter(path) as opened:  # nothing was left locked
        assert opened.rows() == 0


def test_reading_after_closing_is_a_mistake_and_no_damage(catalog: CatalogWriter) -> None:
    with Catalog(catalog.path) as reader:
        assert reader.rows() == 3
    with pytest.raises(apsw.ConnectionClosedError):
        reader.rows()


def test_a_snapshot_that_sqlite_ended_is_not_ended_twice(catalog: CatalogWriter) -> None:
    with Catalog(catalog.path) as reader:
        with reader.snapshot():
            reader._db.execute("ROLLBACK")
        assert reader.rows() == 3


def test_snapshots_may_be_nested(catalog: CatalogWriter) -> None:
    with Catalog(catalog.path) as reader, reader.snapshot():
        before = reader.rows()
        catalog._db.execute("UPDATE vector_set SET rows = 99")
        with reader.snapshot():
            assert reader.rows() == before
        assert reader.rows() == before


def test_a_disk_without_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="write-ahead log"):
        _switch_log_on(apsw.Connection(":memory:"), tmp_path)


def test_a_catalog_whose_disk_has_no_log_is_let_go(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreWriter.create(directory, SPEC).close()
    path = directory / "catalog.sqlite"

    def refuse(_db: apsw.Connection, path: Path) -> None:
        raise StorageError(path, reason="no log here")

    with monkeypatch.context() as patch:
        patch.setattr(catalog_file_writer, "_switch_log_on", refuse)
        with pytest.raises(StorageError, match="no log here"):
            CatalogWriter(path)
    with CatalogWriter(path) as opened:
        assert opened.rows() == 0


def test_what_is_asked_for_every_file_is_looked_up(catalog: CatalogWriter) -> None:
    asked: list[tuple[str, object]] = []

    def note(_cursor: object, sql: str, values: object) -> bool:
        asked.append((sql, values))
        return True

    digest = content(3).digest
    with catalog.transaction():
        catalog._db.exec_trace = note
        catalog.contents_of_size(content(3).size, 5)
        catalog.content(digest)
        catalog.images_of_digest(digest)
        catalog.rows_with_checksum(7)
        catalog.has_image(1, b"photo")
        catalog.add_image(1, b"another", 1, 1, digest)
        catalog._db.exec_trace = None
        questions = [each for each in asked if each[0].lstrip().startswith(("SELECT", "INSERT"))]
        assert len(questions) >= 6
        for sql, values in questions:
            for *_, step in catalog._db.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                assert not step.startswith("SCAN ") or step == "SCAN CONSTANT ROW", sql
                assert "row>" not in step, sql


def test_photos_are_found_by_their_place_and_by_their_number(catalog: CatalogWriter) -> None:
    one, two = ((number).to_bytes(32, "big") for number in (1, 2))
    with catalog.transaction():
        outer, inner = (catalog.add_root(path, None).id for path in (b"/photos", b"/photos/trip"))
        first = catalog.add_image(outer, b"a.jpg", 1, 1, one)
        second = catalog.add_image(inner, b"b.jpg", 1, 1, two)
    assert catalog.digests_at(b"/photos/a.jpg") == [one]
    assert catalog.digests_at(b"/photos/trip/b.jpg") == [two]
    assert catalog.digests_at(b"/photos/c.jpg") == []
    assert catalog.digests_at(b"/photos2/a.jpg") == []
    assert [photo.path for photo in catalog.images_by_id([second, first])] == [b"a.jpg", b"b.jpg"]
    with catalog.transaction():
        catalog.remove_images([first])
    assert catalog.digests_at(b"/photos/a.jpg") == []
    assert catalog.images_by_id([first]) == []

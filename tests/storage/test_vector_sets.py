"""Several sets of vectors in one collection, each of its own embedder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import ImageId
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    EmbedderMismatchError,
    VectorsDroppedError,
)
from annclust.storage.catalog import Catalog
from annclust.storage.generation_writer import array_writer
from annclust.storage.records import UnreadableRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import EmbeddedContent, StoreWriter
from annclust.storage.verify import verify
from tests.storage.conftest import DIMENSION, SPEC, add_photos, content, store_groups

OTHER = EmbedderSpec("other", "other 1", 3)


def other_content(number: int) -> EmbeddedContent:
    """The same content, as another embedder sees it."""
    vector = np.eye(3, dtype=np.float32)[number % 3]
    return replace(content(number), vector=vector)


@pytest.fixture
def both(directory: Path) -> StoreWriter:
    """Four photos with a vector of each of two embedders; groups and trees of both."""
    with StoreWriter.create(directory, SPEC) as first:
        first.append([content(number) for number in range(4)])
        add_photos(first, *range(4))
        first.publish("tree", {"rows.npy": array_writer(np.arange(4))}, basis="", spec={})
        store_groups(first, {0: 1, 1: 1}, 1)
    second = StoreWriter.create(directory, OTHER, add=True)
    second.append([other_content(number) for number in range(4)])
    second.publish("tree", {"rows.npy": array_writer(np.arange(3))}, basis="", spec={})
    store_groups(second, {0: 2, 2: 2}, 3)
    return second


def groups(store: Store) -> dict[int, int | None]:
    """The group of each photo."""
    return {row.id: row.cluster for row in store.catalog.export("shots")}


def test_each_set_has_its_own_vectors_groups_and_files(both: StoreWriter) -> None:
    with both:
        first = both.of_set(1)
        assert [(s.number, s.embedder, s.rows) for s in both.catalog.vector_sets()] == [
            (1, SPEC, 4),
            (2, OTHER, 3),  # two look alike to it
        ]
        assert both.vectors().shape == (3, 3)
        assert first.vectors().shape == (4, DIMENSION)
        assert groups(both) == {1: 2, 2: None, 3: 2, 4: 2}
        assert groups(first) == {1: 1, 2: 1, 3: None, 4: None}
        trees = both.catalog.generation("tree"), first.catalog.generation("tree")
        assert [tree.number for tree in trees if tree] == [2, 1]
        assert both.vector_path != first.vector_path
        assert verify(both) == verify(first) == []


def test_the_set_in_use_is_what_readers_see_until_another_one_is(both: StoreWriter) -> None:
    with both, Store(both.path) as reader:
        assert reader.embedder == SPEC
        both.make_active()
        assert reader.embedder == SPEC  # of one embedder from beginning to end
        with Store(both.path) as another:
            assert another.embedder == OTHER
        with Store(both.path, 1) as asked:
            assert asked.embedder == SPEC


def test_vectors_of_another_embedder_need_to_be_asked_for(both: StoreWriter) -> None:
    both.close()
    with pytest.raises(EmbedderMismatchError, match="third"):
        StoreWriter.create(both.path, EmbedderSpec("third", "third 1", 3))
    with StoreWriter.create(both.path, OTHER) as again:
        assert again.catalog.set_number == 2
    with StoreWriter.create(both.path, OTHER, add=True) as again:
        assert len(again.catalog.vector_sets()) == 2


def test_what_one_embedder_could_not_read_is_tried_again_for_another(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer, writer.catalog.transaction():
        root = writer.catalog.add_root(b"/photos", 1).id
        odd = UnreadableRecord(root, b"odd.jpg", 1, 1, "the embedder fails", False)
        writer.catalog.replace_unreadable(root, [odd])
    with StoreWriter.create(directory, OTHER, add=True) as writer:
        assert [record.retry for _, record in writer.catalog.unreadable()] == [True]


def test_photos_wait_for_the_embedder_that_has_not_seen_them(both: StoreWriter) -> None:
    with both:
        both.append([other_content(7)])
        add_photos(both, 7)
        first = both.of_set(1)
        assert [photo.id for photo in first.catalog.images_without_vector()] == [5]
        assert first.catalog.images_with_vector() == 4
        assert first.catalog.content((7).to_bytes(32, "big")) is None
        assert first.catalog.contents_of_size(107, 9) == frozenset()
        assert [p.invariant for p in verify(first)] == ["S4"]
        assert verify(both) == []
        first.append([content(7)])
        assert first.catalog.images_without_vector() == []
        assert verify(first) == []


def test_compacting_numbers_each_set_by_what_it_needs(both: StoreWriter) -> None:
    with both:
        first = both.of_set(1)
        with both.catalog.transaction():
            both.catalog.remove_images([ImageId(1)])  # the other one keeps its vector: photo 4's
        both.compact()
        assert [(s.rows, s.file) for s in both.catalog.vector_sets()] == [
            (3, "vectors-000003.f16"),
            (3, "vectors-000002.f16"),
        ]
        assert sorted(path.name for path in both.path.glob("vectors-*")) == [
            "vectors-000002.f16",
            "vectors-000003.f16",
        ]
        assert first.catalog.generation("tree") is None
        assert both.catalog.generation("tree") is not None
        assert groups(both) == {2: None, 3: 2, 4: 2}
        assert groups(first) == {2: 1, 3: None, 4: None}
        standing = [row.id for row in first.catalog.export("shots") if row.representative]
        assert standing == [2]
        assert verify(both) == verify(first) == []
        first.append([content(8)])
        both.append([other_content(8)])
        assert verify(both) == verify(first) == []


def test_a_set_that_is_dropped_takes_nothing_else_with_it(both: StoreWriter) -> None:
    with both:
        both.make_active()
        with both.catalog.transaction():
            both.catalog.remove_images([ImageId(1)])
        both.compact(dropped=1)
        assert [found.embedder for found in both.catalog.vector_sets()] == [OTHER]
        assert [path.name for path in both.path.glob("vectors-*")] == ["vectors-000002.f16"]
        assert len(list(both.path.glob("tree-*"))) == 1
        assert groups(both) == {2: None, 3: 2, 4: 2}
        assert verify(both) == []
        both.append([other_content(9)])
    with StoreWriter.create(both.path, SPEC, add=True) as again:
        assert again.catalog.set_number == 3  # never given twice
        assert again.catalog.rows() == 0


def test_a_reader_of_vectors_that_were_dropped_is_told_so(both: StoreWriter) -> None:
    with both, Store(both.path) as reader:
        assert len(reader.catalog.live()[0]) == 4
        both.make_active()
        both.compact(dropped=1)
        questions: list[Callable[[], object]] = [
            reader.catalog.live,
            reader.catalog.counts,
            reader.vectors,
            lambda: list(reader.catalog.export("shots")),
            lambda: reader.catalog.clustering(),
            lambda: verify(reader),
        ]
        for ask in questions:
            with pytest.raises(VectorsDroppedError, match="Open it again"):
                ask()


def test_what_one_embedder_refused_is_tried_again_when_another_one_is_used(
    both: StoreWriter,
) -> None:
    with both:
        with both.catalog.transaction():
            root = both.catalog.roots()[0].id
            odd = UnreadableRecord(root, b"odd.jpg", 1, 1, "the embedder fails", False)
            both.catalog.replace_unreadable(root, [odd])
        both.make_active()
        assert [record.retry for _, record in both.catalog.unreadable()] == [True]


def test_damage_in_a_set_that_is_not_in_use_is_found_and_named(both: StoreWriter) -> None:
    with both:
        pass
    with (both.path / "vectors-000002.f16").open("r+b") as file:
        file.seek(64 + 6)
        file.write(b"\xff\xff")
    with Store(both.path) as store:
        (problem,) = verify(store)
        assert (problem.invariant, problem.ids) == ("M4", (ImageId(2),))
        assert problem.message.startswith("other: ")
    with StoreWriter(both.path) as writer:  # which writes as before
        writer.append([content(5)])
        with pytest.raises(CollectionDamagedError, match="not as written"):
            writer.of_set(2).sound_vectors()


def test_a_set_whose_vectors_are_gone_does_not_keep_the_others_from_being_written(
    both: StoreWriter,
) -> None:
    both.close()
    (both.path / "vectors-000002.f16").rename(both.path / "vectors-000009.f16")
    with StoreWriter(both.path) as writer:
        writer.append([content(5)])
    # What may be left of it is kept, as long as it is not made good.
    assert (both.path / "vectors-000009.f16").exists()
    with StoreWriter(both.path, salvage=True) as writer:
        assert [s.file for s in writer.catalog.vector_sets()] == [
            "vectors-000001.f16",
            "vectors-000003.f16",
        ]
    assert not (both.path / "vectors-000009.f16").exists()


def test_a_crash_between_vector_file_and_catalog_leaves_the_sets_that_were(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreWriter.create(directory, SPEC).close()

    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("annclust.storage.catalog_writer.CatalogWriter.add_set", crash)
        with pytest.raises(KeyboardInterrupt):
            StoreWriter.create(directory, OTHER, add=True)
    assert (directory / "vectors-000002.f16").exists()
    with StoreWriter(directory) as writer:
        assert [found.embedder for found in writer.catalog.vector_sets()] == [SPEC]
    assert not (directory / "vectors-000002.f16").exists()


def test_a_set_that_is_missing_is_damage(both: StoreWriter) -> None:
    both.close()
    path = both.path / "catalog.sqlite"
    with Catalog(path, 7) as catalog, pytest.raises(VectorsDroppedError):
        catalog.rows()
    with StoreWriter(both.path) as writer, writer.catalog.transaction():
        writer.catalog.set_setting("active", "7")
    with pytest.raises(CollectionDamagedError, match="vectors 7"), Store(both.path) as store:
        store.vectors()


def test_parts_of_unfinished_work_are_those_of_their_set(both: StoreWriter) -> None:
    with both:
        part = np.arange(3)
        both.shelf("work").put("join-0", part)
        assert both.shelf("work").get("join-0") is not None
        assert both.of_set(1).shelf("work").get("join-0") is None


def test_a_setting_that_is_no_number_of_a_set_is_damage(both: StoreWriter) -> None:
    both.close()
    with StoreWriter(both.path) as writer, writer.catalog.transaction():
        writer.catalog.set_setting("active", "many")
    with pytest.raises(CollectionDamagedError, match="active"):
        Store(both.path)


def test_another_revision_is_another_embedder(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    newer = replace(SPEC, revision="2")
    with StoreWriter.create(directory, newer, add=True) as writer:
        assert writer.embedder == newer
        assert len(writer.catalog.vector_sets()) == 2
        assert writer.vector_path.exists()

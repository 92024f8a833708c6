"""Files of a collection that are lost, or something else in their place."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from annclust.errors import CollectionDamagedError
from annclust.storage.generation_writer import array_writer
from annclust.storage.store_writer import StoreWriter
from tests.storage.conftest import DIMENSION, SPEC, add_photos, content


def test_a_collection_whose_catalog_is_lost_is_not_made_anew(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        writer.append([content(1)])
        add_photos(writer, 1)
        writer.compact()  # the second vector file
    catalog = directory / "catalog.sqlite"
    for target in (directory / "gone" / "catalog.sqlite", catalog):
        catalog.unlink()
        catalog.symlink_to(target)
        before = sorted(directory.iterdir())
        with pytest.raises(CollectionDamagedError, match="it has vectors"):
            StoreWriter.create(directory, SPEC)
        assert sorted(directory.iterdir()) == before


def test_a_catalog_that_is_no_file_is_not_written_over(directory: Path) -> None:
    directory.mkdir()
    (directory / "catalog.sqlite").symlink_to(directory / "gone")
    with pytest.raises(CollectionDamagedError, match="not a file"):
        StoreWriter.create(directory, SPEC)


def test_a_pipe_in_the_place_of_the_vectors_is_damage(directory: Path) -> None:
    StoreWriter.create(directory, SPEC).close()
    path = directory / "vectors-000001.f16"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CollectionDamagedError, match="not a file"):
        StoreWriter(directory)
    with StoreWriter(directory, salvage=True) as writer:
        assert writer.vectors().shape == (0, DIMENSION)


def test_whatever_lies_in_the_folder_has_a_size(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as writer:
        before = writer.bytes_on_disk()
        loop = directory / "tree-000001.rows.npy"
        loop.symlink_to(loop)
        assert writer.bytes_on_disk() >= before


def test_a_directory_in_the_place_of_a_derived_file_hinders_nobody(directory: Path) -> None:
    with StoreWriter.create(directory, SPEC) as store:
        store.append([content(1)])
        add_photos(store, 1)
        layout = array_writer(np.zeros((1, 2), np.float32))
        (file,) = store.publish("map", {"layout.npy": layout}, basis="", spec={}).files
        (directory / file.name).unlink()
        (directory / file.name).mkdir()
        store.forget("map")
        again = store.publish("map", {"layout.npy": layout}, basis="", spec={})
    with StoreWriter(directory) as store:
        assert store.usable_generation("map") == again
    assert (directory / file.name).is_dir()

"""The door of Python: what cannot be asked of a collection is refused by name."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annclust.collection import Collection
from annclust.errors import CollectionClosedError, UsageError
from annclust.pipeline.exporting import write_whole
from tests.albums import save

REFUSED: dict[str, dict[str, Any]] = {
    "granularity must be a number, not '1'": {"granularity": "1"},
    "granularity must be a number, not True": {"granularity": True},
    "granularity must be a number from 0 on, not nan": {"granularity": math.nan},
    "min_cluster_size must be a whole number, not '3'": {"min_cluster_size": "3"},
    "min_cluster_size must be a whole number, not 2.5": {"min_cluster_size": 2.5},
    "min_samples must be a whole number, not 1.5": {"level": "density", "min_samples": 1.5},
    "min_samples must be a whole number, not True": {"min_samples": True},
    "method must be one of eom, leaf, not 'x'": {"level": "density", "method": "x"},
    "times must be True or False, not 'no'": {"times": "no"},
    "level must be one of shots, scenes, themes, density, not 'copies'": {"level": "copies"},
    "a granularity of 3 shows themes, not shots": {"level": "shots", "granularity": 3},
}


@pytest.mark.parametrize("message", REFUSED)
def test_choices_of_a_wrong_kind_are_refused(collection: Collection, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        collection.cluster(**REFUSED[message])


def test_numbers_of_numpy_are_numbers(collection: Collection, photos: Path) -> None:
    collection.index([photos])
    found = collection.cluster(granularity=np.float32(0.5), min_cluster_size=np.int64(3))  # type: ignore[arg-type]
    assert found.clusters == 3


UNKNOWN_LEVELS: dict[str, Callable[[Collection], object]] = {
    "clusters": lambda it: it.clusters("foo"),  # type: ignore[arg-type]
    "one cluster": lambda it: it.cluster_of_id(0, "foo"),  # type: ignore[arg-type]
    "being out of date": lambda it: it.clusters_are_out_of_date("foo"),  # type: ignore[arg-type]
    "the last clustering": lambda it: it.last_clustering("copies"),  # type: ignore[arg-type]
    "an explanation": lambda it: it.explain("x.jpg", level="copies"),  # type: ignore[arg-type]
    "explained density": lambda it: it.explain("x.jpg", level="density"),
    "a table": lambda it: it.photo_table("foo"),  # type: ignore[arg-type]
    "a tree": lambda it: it.tree_table("foo"),  # type: ignore[arg-type]
    "a map": lambda it: it.map_table("foo"),  # type: ignore[arg-type]
    "a picture": lambda it: it.tree_svg("foo"),  # type: ignore[arg-type]
    "a page": lambda it: it.write_html(io.BytesIO(), "foo"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("asked", UNKNOWN_LEVELS)
def test_levels_that_there_are_not_are_refused_by_name(collection: Collection, asked: str) -> None:
    with pytest.raises(UsageError, match="level must be one of"):
        UNKNOWN_LEVELS[asked](collection)


NO_PATHS: dict[str, Callable[[Collection], object]] = {
    "explain": lambda it: it.explain(b"photo.jpg"),  # type: ignore[arg-type]
    "decide": lambda it: it.decide("apart", "photo.jpg", 3),  # type: ignore[arg-type]
    "similar": lambda it: it.similar(b"photo.jpg"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("asked", NO_PATHS)
def test_files_are_named_by_paths(collection: Collection, asked: str) -> None:
    with pytest.raises(UsageError, match="name a file by a str or a path"):
        NO_PATHS[asked](collection)


def test_a_look_takes_a_number(collection: Collection) -> None:
    with pytest.raises(UsageError, match="granularity must be a number, not None"):
        collection.groups_at(None)  # type: ignore[arg-type]


def test_a_group_and_a_number_of_matches_are_whole_numbers(collection: Collection) -> None:
    with pytest.raises(UsageError, match="cluster must be a whole number"):
        collection.cluster_of_id("1")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="k must be a whole number"):
        collection.similar("x.jpg", k=2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["clusters", "status", "cluster", "decisions", "neighbor_graph"])
def test_a_closed_collection_says_that_it_is(collection: Collection, asked: str) -> None:
    collection.close()
    with pytest.raises(CollectionClosedError, match="was closed"):
        getattr(collection, asked)()


def test_a_look_into_a_closed_collection_is_refused(collection: Collection) -> None:
    collection.close()
    collection.close()
    with pytest.raises(CollectionClosedError, match="Open it again"):
        collection.groups_at(1)


def test_a_tilde_may_be_a_part_of_a_name(collection: Collection, tmp_path: Path) -> None:
    photo = save(tmp_path / "~photos" / "~beach.jpg", 1)
    with chdir(tmp_path):
        collection.index(["~photos"])
    with chdir(photo.parent):
        assert collection.similar("~beach.jpg")[0].path == photo
        write_whole(Path("~table.csv"), lambda file: file.write(b"id"))
        assert photo.with_name("~table.csv").read_text() == "id"

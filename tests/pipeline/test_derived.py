"""Index, graph and tree follow the photos that come and go, and go on where they were stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Vectors
from annclust.collection import Collection
from annclust.engine import LOCAL
from annclust.pipeline.derived import refresh, refresh_graph
from annclust.pipeline.live_vectors import live_vectors
from annclust.progress import StoppedError
from annclust.settings import IndexingSettings, SearchSettings
from annclust.storage.store_writer import StoreWriter
from tests.engines import Elsewhere
from tests.search.samples import clustered
from tests.stopping import StopAt
from tests.vectors import DIMENSION, add_vectors, collection_of

EXACT = SearchSettings(threads=1)
IVF = SearchSettings(threads=2, exact_up_to=500)
BOTH = pytest.mark.parametrize("settings", [EXACT, IVF], ids=["exact", "ivf"])


def vectors_of(n: int, seed: int = 0) -> Vectors:
    return clustered(n, DIMENSION, seed=seed)


def told(store: StoreWriter, kind: str) -> dict[str, object]:
    generation = store.catalog.generation(kind)  # type: ignore[arg-type]
    assert generation is not None
    return json.loads(generation.spec) | {"number": generation.number}


@BOTH
def test_a_graph_is_updated_when_few_photos_come(settings: SearchSettings, tmp_path: Path) -> None:
    vectors = vectors_of(1_200)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:1_100])) as store:
        refresh(store, settings)
        assert told(store, "graph")["updates"] == 0
        index = told(store, "index")
        add_vectors(store, vectors[1_100:], [f"new {number}" for number in range(100)])
        graph = refresh_graph(store, live_vectors(store), settings)
        assert told(store, "graph")["updates"] == 1
        assert told(store, "index")["lists"] == index["lists"]
    with StoreWriter(collection_of(tmp_path / "anew", vectors)) as store:
        anew = refresh_graph(store, live_vectors(store), settings)
    assert graph.n == anew.n
    assert np.isclose(graph.distances, anew.distances, atol=1e-5).mean() > 0.97


@BOTH
def test_a_graph_is_updated_when_few_photos_go(settings: SearchSettings, tmp_path: Path) -> None:
    with StoreWriter(collection_of(tmp_path / "c", vectors_of(1_200))) as store:
        refresh(store, settings)
        photos = store.catalog.live()[0]
        with store.catalog.transaction():
            store.catalog.remove_images(photos[::20].tolist())
        graph = refresh_graph(store, live_vectors(store), settings)
        assert told(store, "graph")["updates"] == 1
        assert graph.n == 1_140
        assert graph.problems() == []
        assert (graph.neighbors >= 0).all()


@BOTH
def test_a_graph_is_made_anew_when_many_photos_come(
    settings: SearchSettings, tmp_path: Path
) -> None:
    vectors = vectors_of(1_200)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:800])) as store:
        refresh(store, settings)
        add_vectors(store, vectors[800:], [f"new {number}" for number in range(400)])
        refresh(store, settings)
        assert told(store, "graph")["updates"] == 0


def test_an_index_learns_anew_when_it_has_twice_as_many_vectors(tmp_path: Path) -> None:
    vectors = vectors_of(2_600)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:1_200])) as store:
        refresh(store, IVF)
        add_vectors(store, vectors[1_200:2_300], [f"a {number}" for number in range(1_100)])
        refresh(store, IVF)
        assert told(store, "index")["trained"] == 1_200
        add_vectors(store, vectors[2_300:], [f"b {number}" for number in range(300)])
        refresh(store, IVF)
        assert told(store, "index")["trained"] == 2_600


def test_where_the_index_changes_its_kind_so_does_the_graph(tmp_path: Path) -> None:
    vectors = vectors_of(520)
    with StoreWriter(collection_of(tmp_path / "c", vectors[:490])) as store:
        refresh(store, IVF)
        assert told(store, "graph")["neighbors"] == 32
        add_vectors(store, vectors[490:], [f"new {number}" for number in range(30)])
        refresh(store, IVF)
        assert told(store, "graph")["neighbors"] == 16
        assert told(store, "graph")["updates"] == 0


def test_work_that_was_stopped_goes_on_and_leaves_nothing(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(1_500))
    settings = IndexingSettings(search=IVF)
    stops, kept = 0, set[str]()
    for _ in range(20):
        # One more report each time: by and by every stage is stopped in.
        with Collection(path, settings=settings, progress=StopAt(stops + 1)) as collection:
            try:
                collection.cluster("density")
                break
            except StoppedError:
                stops += 1
                kept |= {entry.name.split("-")[2] for entry in path.glob("work-*")}
    assert stops > 3
    assert kept == {"join", "refine", "measure", "tree"}
    assert not list(path.glob("work-*"))
    other = collection_of(tmp_path / "other", vectors_of(1_500))
    with (
        Collection(path, settings=settings) as collection,
        Collection(other, settings=settings) as undisturbed,
    ):
        undisturbed.cluster("density")
        assert collection.clusters() == undisturbed.clusters()
        assert collection.check().ok


@pytest.mark.parametrize("shard", [None, 200], ids=["whole", "in shards"])
def test_what_is_derived_elsewhere_is_the_same_to_the_byte(
    tmp_path: Path, shard: int | None
) -> None:
    vectors, found = vectors_of(1_500), []
    for name, engine in (("here", LOCAL), ("there", Elsewhere())):
        path = collection_of(tmp_path / name, vectors)
        settings = IndexingSettings(search=replace(IVF, shard=shard, engine=engine))
        with Collection(path, settings=settings) as collection:
            collection.cluster("density")
        kinds = ("index", "graph", "hierarchy", "tree")
        found.append(
            {entry.name: entry.read_bytes() for kind in kinds for entry in path.glob(f"{kind}-*")}
        )
    assert found[0] == found[1]
    assert len(found[0]) > 4


def test_a_tree_goes_on_from_the_forest_that_was_joined(tmp_path: Path) -> None:
    path = collection_of(tmp_path / "c", vectors_of(1_500))
    settings = IndexingSettings(search=IVF)
    with StoreWriter(path) as store:
        refresh(store, IVF)
    with (
        Collection(path, settings=settings, progress=StopAt(1)) as collection,
        pytest.raises(StoppedError),
    ):
        collection.cluster("density")
    assert [entry.name.split("-")[2] for entry in path.glob("work-*")] == ["tree"] * 2
    with Collection(path, settings=settings) as collection:
        collection.cluster("density")
        assert not list(path.glob("work-*"))
        assert collection.last_clustering().components >= 1

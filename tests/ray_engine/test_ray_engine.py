"""What an engine promises, kept by a real Ray cluster."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annclust.arrays import Vectors
from annclust.clustering.graph_forest import graph_forest
from annclust.collection import Collection
from annclust.errors import EngineError, InputError
from annclust.ray_engine.ray_engine import RayEngine
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.settings import SearchSettings
from annclust.storage.vector_file import VectorReader
from tests.search.samples import clustered

SETTINGS = SearchSettings(threads=2, neighbors=8, exact_up_to=0)


def doubled(numbers: Vectors, factor: int) -> Vectors:
    return numbers * factor


def refused(_numbers: Vectors, factor: int) -> Vectors:
    raise InputError(f"not by {factor}")


def dies_once(marker: str, number: int) -> int:
    """Kill the process that computes the part, the first time."""
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_the_order_of_the_parts(engine: RayEngine) -> None:
    numbers = engine.hold(np.arange(10_000, dtype=np.float32))
    found = engine.map(doubled, ((numbers, factor) for factor in range(20)), threads=1)
    sums = [float(engine.value(each)[1]) for each in found]
    assert sums == list(range(20))


def test_what_a_part_made_is_an_argument_of_another(engine: RayEngine) -> None:
    numbers = engine.hold(np.ones(3, dtype=np.float32))
    (once,) = engine.map(doubled, [(numbers, 2)], threads=1)
    (twice,) = engine.map(doubled, [(once, 2)], threads=1)
    assert engine.value(twice).tolist() == [4.0, 4.0, 4.0]


def test_an_error_of_a_part_is_that_error(engine: RayEngine) -> None:
    numbers = engine.hold(np.ones(3, dtype=np.float32))
    with pytest.raises(InputError, match="not by 7"):
        [engine.value(each) for each in engine.map(refused, [(numbers, 7)], threads=1)]


def test_a_part_whose_worker_dies_is_computed_again(engine: RayEngine, tmp_path: Path) -> None:
    marker = str(tmp_path / "died")
    found = engine.map(dies_once, [(marker, number) for number in range(6)], threads=1)
    assert [engine.value(each) for each in found] == list(range(6))
    assert Path(marker).exists()


def test_few_parts_are_under_way_at_a_time(engine: RayEngine) -> None:
    taken: list[int] = []

    def parts() -> object:
        for number in range(50):
            taken.append(number)
            yield (np.ones(1, dtype=np.float32), number)

    found = engine.map(doubled, parts(), threads=1)  # type: ignore[arg-type]
    next(found)
    assert len(taken) < 10
    found.close()  # type: ignore[attr-defined]


def test_graph_and_forest_are_those_of_this_process_to_the_bit(
    engine: RayEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = VectorReader(clustered(20_000, 16).astype("<f2"))
    index = build_index(vectors, choose_index(20_000, 16, SETTINGS), SETTINGS)
    order = ListOrder.of(index, np.arange(20_000))
    here = build_graph(vectors, SETTINGS, order=order).graph
    there = build_graph(vectors, replace(SETTINGS, engine=engine), order=order).graph
    assert there.neighbors.tobytes() == here.neighbors.tobytes()
    assert there.distances.tobytes() == here.distances.tobytes()

    monkeypatch.setattr("annclust.clustering.graph_forest._PART", 40_000)
    core = np.ascontiguousarray(here.distances[:, 3])
    whole, parts = graph_forest(here, core), graph_forest(here, core, engine=engine)
    for name in ("left", "right", "weight"):
        assert getattr(parts, name).tobytes() == getattr(whole, name).tobytes()


def groups(collection: Collection) -> list[list[str]]:
    """Groups of both kinds as paths: ids are as photos came in."""
    found = []
    for level in ("shots", "density"):
        collection.cluster(level)
        clusters = collection.clusters(level)
        found += sorted(sorted(str(each.path) for each in group.members) for group in clusters)
    return found


def test_a_collection_is_made_and_grouped_alike(joined: None, photos: Path, tmp_path: Path) -> None:
    with Collection(tmp_path / "here.annclust", embedder="color-histogram") as here:
        here.index(photos)
        expected = groups(here)
    path = tmp_path / "there.annclust"
    with Collection(path, embedder="color-histogram", engine="ray") as there:
        assert there.index(photos).embedded == 12
        assert groups(there) == expected
        assert isinstance(there.settings.search.engine, RayEngine)


def test_an_engine_that_there_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="engine must be one of local, ray, not 'rei'"):
        Collection(tmp_path / "c.annclust", engine="rei")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1: connection refused"),
        ("somewhere", "RAY_ADDRESS is 'somewhere', not host:port"),
        ("no.such.host.invalid:6379", "no Ray cluster answers at no.such.host.invalid:6379"),
    ],
)
def test_an_address_where_nobody_answers_is_told(
    monkeypatch: pytest.MonkeyPatch, address: str, told: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with pytest.raises(EngineError, match=told), RayEngine() as engine:
        engine.hold(1)

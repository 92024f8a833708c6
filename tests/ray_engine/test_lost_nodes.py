"""Several nodes on one machine: one is lost while it works, one is not as the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster

from annclust.errors import EngineError
from annclust.ray_engine.cluster import ADDRESS
from annclust.ray_engine.ray_engine import RayEngine
from annclust.search.graph_build import build_graph
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.settings import SearchSettings
from annclust.storage.vector_file import VectorReader
from tests.purge.purges import Meanwhile
from tests.search.samples import clustered

_STORE = 100 << 20
SETTINGS = SearchSettings(threads=2, neighbors=8, exact_up_to=0)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Two nodes of one processor each; this process comes to the first one."""
    found = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "include_dashboard": False,
            "object_store_memory": _STORE,
            "_system_config": {
                "health_check_initial_delay_ms": 500,
                "health_check_period_ms": 500,
                "health_check_failure_threshold": 2,
            },
        },
    )
    monkeypatch.setenv(ADDRESS, found.address)
    yield found
    found.shutdown()


@pytest.mark.parametrize("shard", [None, 4_000], ids=["whole", "in shards"])
def test_a_node_that_is_lost_in_the_middle_changes_nothing(
    cluster: Cluster, shard: int | None
) -> None:
    vectors = VectorReader(clustered(30_000, 16).astype("<f2"))
    index = build_index(vectors, choose_index(30_000, 16, SETTINGS), SETTINGS)
    order = ListOrder.of(index, np.arange(30_000))
    here = build_graph(vectors, replace(SETTINGS, shard=shard), order=order).graph

    node = cluster.add_node(num_cpus=1)
    with RayEngine() as engine:
        settings = replace(SETTINGS, engine=engine, shard=shard)
        lost = Meanwhile(lambda: cluster.remove_node(node, allow_graceful=False))
        there = build_graph(vectors, settings, order=order, progress=lost).graph
    assert there.neighbors.tobytes() == here.neighbors.tobytes()
    assert there.distances.tobytes() == here.distances.tobytes()


def node_of(_: object) -> str:
    return str(ray.get_runtime_context().get_node_id())


def test_what_is_held_apart_is_on_several_nodes_and_outlives_each(cluster: Cluster) -> None:
    node = cluster.add_node(num_cpus=1)
    with RayEngine() as engine:
        held = [engine.hold(np.full(100_000, number), apart=True) for number in range(6)]
        picked = engine.map(node_of, ((each,) for each in held), threads=1, light=True)
        assert len({engine.value(each) for each in picked}) == 2
        cluster.remove_node(node, allow_graceful=False)
        assert [engine.value(each)[-1] for each in held] == [*range(6)]


def test_what_no_object_store_has_room_for_is_held_on_the_disk(cluster: Cluster) -> None:
    large = np.arange(_STORE // 4, dtype=np.int64)
    with RayEngine() as engine:
        held = engine.hold(large)
        assert np.array_equal(engine.value(held), large)


def test_a_node_with_another_annclust_is_told(cluster: Cluster, tmp_path: Path) -> None:
    about = tmp_path / "annclust-0.0.1.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: annclust\nVersion: 0.0.1\n")
    cluster.add_node(num_cpus=1, env_vars={"PYTHONPATH": str(tmp_path)})
    told = r"has annclust 0.0.1, this machine .*: they have to be the same"
    with RayEngine() as engine, pytest.raises(EngineError, match=told):
        engine.hold(1)

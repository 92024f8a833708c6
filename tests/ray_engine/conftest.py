"""A real Ray cluster on this machine, for as long as a module's tests take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from annclust.ray_engine.cluster import ADDRESS, cluster
from annclust.ray_engine.ray_engine import RayEngine

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'annclust[ray]'")


@pytest.fixture(autouse=True)
def no_cluster_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)


@pytest.fixture(scope="module")
def joined() -> Iterator[None]:
    """This process is part of a cluster of its own."""
    with cluster(cpus=2):
        yield


@pytest.fixture
def engine(joined: None) -> Iterator[RayEngine]:
    with RayEngine() as found:
        yield found

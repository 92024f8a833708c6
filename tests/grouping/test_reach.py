"""Reach against a walk along the lists."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.grouping.reach import reach
from annclust.neighbor_graph import NeighborGraph
from tests.clustering.graphs import graph_of
from tests.grouping.samples import graph_without, unit_vectors


def walked(graph: NeighborGraph, node: int, step: float) -> int:
    """How many others can be reached from a node."""
    seen, waiting = {node}, [node]
    while waiting:
        here = waiting.pop()
        near = graph.neighbors[here][graph.distances[here] <= step]
        further = set(near[near >= 0].tolist()) - seen
        seen |= further
        waiting += further
    return len(seen) - 1


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 5), most=st.integers(1, 30))
def test_it_is_as_many_as_a_walk_finds(seed: int, k: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    graph = graph_of(unit_vectors(25, 3, seed), k)
    graph = graph_without(graph, np.arange(k) >= rng.integers(0, k + 1, size=25)[:, np.newaxis])
    nodes = rng.permutation(25)[: rng.integers(0, 26)]
    steps = rng.uniform(0, 1.5, size=len(nodes)).astype(np.float32)
    expected = [
        min(walked(graph, node, step), most) for node, step in zip(nodes, steps, strict=True)
    ]
    assert reach(graph, nodes, steps, most).tolist() == expected


def test_many_are_counted_in_blocks_on_any_number_of_threads() -> None:
    n = 5000
    following = ((np.arange(n) + 1) % n)[:, np.newaxis].astype(np.int32)
    graph = NeighborGraph(following, np.ones((n, 1), dtype=np.float32))
    steps = np.where(np.arange(n) % 2, 1.0, 0.5).astype(np.float32)
    for threads in (1, 3):
        found = reach(graph, np.arange(n), steps, 7, threads=threads)
        assert found.tolist() == np.where(np.arange(n) % 2, 7, 0).tolist()


def test_bursts_beside_a_crowd_take_little_memory() -> None:
    """Whoever reaches many has wide rows, which those that reach few are not to have."""
    rng, n, k, burst = np.random.default_rng(0), 4000, 32, 40
    neighbors = rng.integers(1000, n, size=(n, k)).astype(np.int32)
    own = np.arange(1000)[:, np.newaxis]
    neighbors[:1000] = own // burst * burst + (own + np.arange(1, k + 1)) % burst
    graph = NeighborGraph(neighbors, np.ones((n, k), dtype=np.float32))
    tracemalloc.start()
    found = reach(graph, np.arange(2000), np.ones(2000, dtype=np.float32), 45)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tolist() == [burst - 1] * 1000 + [45] * 1000
    assert peak < 200 << 20

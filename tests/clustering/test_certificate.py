"""The certificate: what it counts, and that what it certifies is true."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.clustering.certificate import certified_share, horizons, proven_merges
from annclust.clustering.hierarchy import build_hierarchy
from annclust.clustering.single_linkage import NO_MERGES, Dendrogram
from annclust.neighbor_graph import EMPTY_GRAPH, NeighborGraph
from tests.clustering.graphs import (
    BruteBridges,
    Points,
    blobs,
    generic_points,
    graph_of,
    grid_points,
    line,
    pairwise_distances,
)

# Leaves 0 and 1 meet at 1, 2 and 3 at 2, all at 3.
PAIRS = Dendrogram(np.array([[0, 1, 1, 2], [2, 3, 2, 2], [4, 5, 3, 4]], dtype=np.float64))


def test_the_horizon_is_the_last_known_neighbor() -> None:
    assert horizons(graph_of(line(0, 1, 3, 7), k=2)).tolist() == [3, 2, 3, 6]


def test_the_horizon_is_infinite_where_all_are_known() -> None:
    assert horizons(graph_of(line(0, 1, 3))).tolist() == [np.inf, np.inf, np.inf]
    assert horizons(EMPTY_GRAPH).tolist() == []


def test_the_horizon_is_nothing_where_nobody_is_known() -> None:
    neighbors = np.array([[1], [0], [-1]], dtype=np.int32)
    distances = np.array([[1], [1], [np.inf]], dtype=np.float32)
    assert horizons(NeighborGraph(neighbors, distances)).tolist() == [1, 1, 0]


def test_a_merge_within_the_horizon_of_one_whole_side_is_proven() -> None:
    measured = np.ones(3, dtype=np.bool_)
    near, far = np.array([2.9, 3, 0, 2]), np.array([3.0, 3, 0, 2])
    assert proven_merges(PAIRS, far, measured).tolist() == [True, True, True]
    assert proven_merges(PAIRS, near, measured).tolist() == [True, True, False]


def test_a_merge_by_an_edge_that_may_be_longer_is_not_proven() -> None:
    boundless, measured = np.full(4, np.inf), np.array([True, False, True])
    assert proven_merges(PAIRS, boundless, measured).tolist() == [True, False, True]


def test_a_core_distance_that_was_stood_in_for_proves_nothing() -> None:
    points = line(0, 1, 3, 50, 60)
    graph = graph_of(points, 2)
    graph.neighbors[0], graph.distances[0] = [1, -1], [1, np.inf]  # vector 2, at 3, is unknown
    hierarchy = build_hierarchy(graph, 3, BruteBridges(points), min_cluster_size=2).hierarchy
    exact = build_hierarchy(graph_of(points), 3, BruteBridges(points), min_cluster_size=2).hierarchy
    assert (hierarchy.dendrogram.distance[0], exact.dendrogram.distance[0]) == (2, 3)
    # Vector 0 comes by 2, and vector 2 by the one of two equal edges that leads to vector 0.
    assert hierarchy.proven.tolist() == [False, False, True, True]


def test_only_merges_of_two_large_sides_are_counted() -> None:
    proven = np.array([False, True, False])
    assert certified_share(PAIRS, proven, min_cluster_size=1) == 1 / 3
    assert certified_share(PAIRS, proven, min_cluster_size=2) == 0


def test_where_nothing_is_decided_all_is_certified() -> None:
    assert certified_share(PAIRS, np.zeros(3, np.bool_), min_cluster_size=3) == 1
    assert certified_share(NO_MERGES, np.zeros(0, np.bool_), min_cluster_size=2) == 1


def test_bridges_beyond_all_horizons_are_not_proven() -> None:
    points = blobs(0, 50)
    hierarchy = build_hierarchy(
        graph_of(points, 5), 3, BruteBridges(points), min_cluster_size=2
    ).hierarchy
    assert not hierarchy.proven[-1]
    assert certified_share(hierarchy.dendrogram, hierarchy.proven, min_cluster_size=10) == 0


@given(points=st.one_of(generic_points(), grid_points()))
def test_over_a_complete_graph_all_is_proven(points: Points) -> None:
    assert build_hierarchy(
        graph_of(points), 2, BruteBridges(points), min_cluster_size=2
    ).hierarchy.proven.all()


@st.composite
def padded_graphs(draw: st.DrawFn, points: Points, k: int) -> NeighborGraph:
    """The k nearest neighbors, of which each point has forgotten some of the farthest."""
    graph = graph_of(points, k)
    kept = draw(st.lists(st.integers(0, k), min_size=len(points), max_size=len(points)))
    forgotten = np.arange(k) >= np.array(kept)[:, np.newaxis]
    graph.neighbors[forgotten], graph.distances[forgotten] = -1, np.inf
    return graph


def leaves_below(dendrogram: Dendrogram) -> list[list[int]]:
    n = len(dendrogram.merges) + 1
    below = [[leaf] for leaf in range(n)]
    for left, right in zip(dendrogram.left.tolist(), dendrogram.right.tolist(), strict=True):
        below.append(below[left] + below[right])
    return below


@given(
    points=st.one_of(generic_points(min_n=4), grid_points(min_n=4)),
    k=st.integers(1, 8),
    min_samples=st.integers(1, 4),
    choice=st.data(),
)
def test_no_edge_leaves_a_proven_merge_at_less(
    points: Points, k: int, min_samples: int, choice: st.DataObject
) -> None:
    k = min(k, len(points) - 1)
    min_samples = min(min_samples, k + 1)
    graph = choice.draw(st.one_of(st.just(graph_of(points, k)), padded_graphs(points, k)))
    hierarchy = build_hierarchy(
        graph, min_samples, BruteBridges(points), min_cluster_size=2
    ).hierarchy
    distances = pairwise_distances(points)
    core = np.sort(distances, axis=1)[:, min_samples - 1]
    reach = np.maximum(distances, np.maximum.outer(core, core))
    below = leaves_below(hierarchy.dendrogram)
    for merge in np.flatnonzero(hierarchy.proven):
        left, right, distance, _ = hierarchy.dendrogram.merges[merge]
        shortest = [
            np.delete(reach[below[int(side)]], below[int(side)], axis=1).min()
            for side in (left, right)
        ]
        assert distance == max(shortest)

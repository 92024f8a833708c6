"""Spanning forests against Kruskal's algorithm written slowly, and the joining of components."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Distances, Nodes
from annclust.clustering.core_distance import core_distances
from annclust.clustering.graph_forest import graph_forest
from annclust.clustering.spanning_tree import (
    SpanningForest,
    components,
    joined,
    spanning_forest,
)
from annclust.neighbor_graph import NeighborGraph
from tests.clustering.graphs import (
    BruteBridges,
    NoBridges,
    Points,
    blobs,
    edges_of_graph,
    generic_points,
    graph_of,
    grid_points,
    line,
    neighbor_graphs,
    pairwise_distances,
)
from tests.engines import Elsewhere

Edge = tuple[float, int, int]


def edges_of(forest: SpanningForest) -> list[Edge]:
    columns = (forest.weight.tolist(), forest.left.tolist(), forest.right.tolist())
    return list(zip(*columns, strict=True))


def kruskal(left: Nodes, right: Nodes, weight: Distances, n: int) -> list[Edge]:
    """Take edges in the order (weight, left, right), unless they close a cycle."""
    ends = np.sort(np.column_stack([left, right]), axis=1).tolist()
    tree_of = list(range(n))
    taken = []
    for w, (a, b) in sorted(zip(weight.tolist(), ends, strict=True)):
        if tree_of[a] != tree_of[b]:
            taken.append((w, a, b))
            tree_of = [tree_of[b] if tree == tree_of[a] else tree for tree in tree_of]
    return taken


def arrays(*edges: Edge) -> tuple[Nodes, Nodes, Distances]:
    weight, left, right = zip(*edges, strict=True)
    return np.array(left), np.array(right), np.array(weight, dtype=np.float32)


def test_the_heaviest_edge_of_a_cycle_is_left_out() -> None:
    forest = spanning_forest(*arrays((1, 0, 1), (3, 0, 2), (2, 1, 2)), 3)
    assert edges_of(forest) == [(1, 0, 1), (2, 1, 2)]


def test_edges_of_no_length_are_edges() -> None:
    forest = spanning_forest(*arrays((0, 0, 1), (0, 1, 2), (1, 0, 2)), 3)
    assert edges_of(forest) == [(0, 0, 1), (0, 1, 2)]


def test_of_equal_edges_the_lowest_ends_are_taken() -> None:
    forest = spanning_forest(*arrays((1, 2, 1), (1, 2, 0), (1, 1, 0)), 3)
    assert edges_of(forest) == [(1, 0, 1), (1, 0, 2)]


def test_of_parallel_edges_the_lightest_counts() -> None:
    forest = spanning_forest(*arrays((5, 0, 1), (4, 0, 1), (6, 1, 0), (3, 1, 2), (3, 1, 2)), 3)
    assert edges_of(forest) == [(3, 1, 2), (4, 0, 1)]


def test_components_are_numbered() -> None:
    forest = spanning_forest(*arrays((1, 0, 2)), 4)
    labels = components(forest, 4).tolist()
    assert labels[0] == labels[2]
    assert len(set(labels)) == 3


@given(graph=neighbor_graphs())
def test_the_forest_is_that_of_kruskal(graph: NeighborGraph) -> None:
    edges = edges_of_graph(graph, core_distances(graph, min_samples=2))
    assert edges_of(spanning_forest(*edges, graph.n)) == kruskal(*edges, graph.n)


@pytest.mark.parametrize("most", [1.0, 1e30])  # fits into one number with the ends, or does not
def test_many_nodes_and_weights_of_any_size_are_sorted_alike(most: float) -> None:
    rng, n = np.random.default_rng(3), 1 << 18
    left, right = rng.integers(0, 60, 400), n - 1 - rng.integers(0, 60, 400)
    weight = (most ** rng.random(400) * rng.integers(1, 9, 400)).astype(np.float32)
    weight[::5] = weight[0]
    found = spanning_forest(left, right, weight, n)
    assert edges_of(found) == kruskal(left, right, weight, n)
    wide = spanning_forest(left, right, weight.astype(np.float64), n)
    assert edges_of(found) == edges_of(wide)


@given(graph=neighbor_graphs())
def test_the_order_and_direction_of_edges_do_not_matter(graph: NeighborGraph) -> None:
    left, right, weight = edges_of_graph(graph, core_distances(graph, min_samples=2))
    there = spanning_forest(left, right, weight, graph.n)
    back = spanning_forest(right[::-1], left[::-1], weight[::-1], graph.n)
    assert edges_of(there) == edges_of(back)


@given(graph=neighbor_graphs())
def test_the_forest_of_a_graph_is_that_of_its_edges(graph: NeighborGraph) -> None:
    core = core_distances(graph, min_samples=2)
    expected = spanning_forest(*edges_of_graph(graph, core), graph.n)
    assert edges_of(graph_forest(graph, core)) == edges_of(expected)


@pytest.mark.parametrize("grain", [0, 1])
def test_nor_do_batches_make_a_difference(monkeypatch: pytest.MonkeyPatch, grain: int) -> None:
    points = np.round(blobs(0, 6, 40, size=150), grain)  # many edges of one weight, or few
    graph = graph_of(points, 12)
    core = core_distances(graph, min_samples=4)
    whole = graph_forest(graph, core)
    monkeypatch.setattr("annclust.clustering.graph_forest._BATCH", 500)
    assert edges_of(graph_forest(graph, core)) == edges_of(whole)
    assert edges_of(graph_forest(graph, core, threads=2)) == edges_of(whole)
    assert edges_of(whole) == edges_of(spanning_forest(*edges_of_graph(graph, core), graph.n))


@given(graph=neighbor_graphs())
def test_the_forest_of_the_forests_of_parts_is_that_of_the_whole(graph: NeighborGraph) -> None:
    core = core_distances(graph, min_samples=2)
    engine = Elsewhere(twice=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("annclust.clustering.graph_forest._PART", 3 * graph.k)
        found = graph_forest(graph, core, engine=engine)
    assert edges_of(found) == edges_of(graph_forest(graph, core))
    assert graph.n <= 3 or engine.parts.count("_forest_of_part") == -(-graph.n // 3)


@pytest.mark.parametrize("nodes", [3, 40, 200])
def test_parts_of_any_size_have_the_forest_of_the_whole(
    nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = np.random.default_rng(0).integers(0, 40, (200, 2)).astype(np.float64)
    graph = graph_of(points, 4)
    core = core_distances(graph, min_samples=3)
    monkeypatch.setattr("annclust.clustering.graph_forest._PART", nodes * graph.k)
    assert edges_of(graph_forest(graph, core, engine=Elsewhere())) == edges_of(
        graph_forest(graph, core)
    )


def spanning_tree_of(points: Points, k: int, min_samples: int) -> SpanningForest:
    graph = graph_of(points, k)
    core = core_distances(graph, min_samples=min_samples)
    forest = graph_forest(graph, core)
    return joined(forest, core, BruteBridges(points))[0]


def test_components_are_joined_where_they_are_nearest() -> None:
    tree = spanning_tree_of(line(0, 1, 5, 6, 20, 21), k=1, min_samples=1)
    assert edges_of(tree) == [(1, 0, 1), (1, 2, 3), (1, 4, 5), (4, 1, 2), (14, 3, 4)]


def test_a_bridge_is_as_long_as_mutual_reachability_says() -> None:
    forest = spanning_forest(*arrays((1, 0, 1), (1, 2, 3)), 4)
    core = np.array([0, 6, 7, 0], dtype=np.float32)
    tree = joined(forest, core, BruteBridges(line(0, 1, 3, 4)))[0]
    # 1 and 2 are but 2 apart, and yet 7 by their core distances; 3 finds 1 at 6, and 0 at 4.
    assert edges_of(tree) == [(1, 0, 1), (1, 2, 3), (4, 0, 3)]


def test_a_graph_without_edges_is_joined_from_nothing() -> None:
    points = line(0, 1, 3, 7)
    forest = spanning_forest(np.zeros(0, int), np.zeros(0, int), np.zeros(0, np.float32), 4)
    tree = joined(forest, np.zeros(4, np.float32), BruteBridges(points))[0]
    assert edges_of(tree) == [(1, 0, 1), (2, 1, 2), (4, 2, 3)]


def test_components_that_cannot_be_joined_are_an_error() -> None:
    forest = spanning_forest(*arrays((1, 0, 1), (1, 2, 3)), 4)
    with pytest.raises(ValueError, match="out of none of 2 components"):
        joined(forest, np.zeros(4, np.float32), NoBridges())


def test_only_the_densest_of_a_large_component_are_asked() -> None:
    asked: list[int] = []

    class Watched(BruteBridges):
        def nearest_outside(
            self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
        ) -> tuple[Nodes, Distances]:
            asked.append(len(queries))
            return super().nearest_outside(queries, places, barred, count)

    points = blobs(0, 50, 100, size=40)
    graph = graph_of(points, 10)
    core = core_distances(graph, min_samples=3)
    forest = spanning_forest(*edges_of_graph(graph, core), graph.n)
    tree = joined(forest, core, Watched(points))[0]
    assert asked[0] == 32  # 16 of all components but one
    assert asked[1:] in ([], [16])
    assert len(tree.left) == 119


@given(points=st.one_of(generic_points(max_n=16), grid_points(max_n=16)))
def test_bridges_alone_make_the_minimum_spanning_tree(points: Points) -> None:
    n = len(points)
    none = np.zeros(0, dtype=np.int64)
    forest = spanning_forest(none, none, np.zeros(0), n)
    tree = joined(forest, np.zeros(n, dtype=np.float32), BruteBridges(points))[0]
    left, right = np.triu_indices(n, 1)
    lengths = pairwise_distances(points)[left, right]
    expected = [weight for weight, *_ in kruskal(left, right, lengths, n)]
    assert tree.weight.tolist() == expected


@given(points=st.one_of(generic_points(), grid_points()), k=st.integers(1, 3))
def test_a_joined_forest_is_a_tree_of_finite_edges(points: Points, k: int) -> None:
    n = len(points)
    k = min(k, n - 1)
    tree = spanning_tree_of(points, k, min_samples=k + 1)
    assert len(tree.left) == n - 1
    assert (components(tree, n) == 0).all()
    assert np.isfinite(tree.weight).all()
    assert (np.diff(tree.weight) >= 0).all()


@given(points=st.one_of(generic_points(), grid_points()), k=st.integers(1, 3))
def test_a_joined_forest_is_never_lighter_than_the_tree_of_all_edges(
    points: Points, k: int
) -> None:
    k = min(k, len(points) - 1)
    tree = spanning_tree_of(points, k, min_samples=1)
    exact = spanning_tree_of(points, len(points) - 1, min_samples=1)
    real = pairwise_distances(points)[tree.left, tree.right]
    assert (tree.weight == real).all()
    assert (tree.weight >= exact.weight).all()

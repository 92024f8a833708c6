"""Repair: whom it asks, and what it brings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Distances
from annclust.clustering.certificate import horizons, proven_merges
from annclust.clustering.core_distance import known_core_distances
from annclust.clustering.graph_forest import graph_forest
from annclust.clustering.hierarchy import Hierarchy, build_hierarchy
from annclust.clustering.inheritance import Heir
from annclust.clustering.repair import RepairPlan, plan_repair
from annclust.clustering.single_linkage import Dendrogram, single_linkage
from annclust.clustering.spanning_tree import joined
from tests.clustering.graphs import BruteBridges, Points, blobs, generic_points, graph_of
from tests.stopping import DictShelf


def planned(points: Points, k: int, size: int) -> tuple[Dendrogram, Distances, RepairPlan]:
    graph = graph_of(points, k)
    core = known_core_distances(graph, min_samples=2)
    tree = joined(graph_forest(graph, core), core, BruteBridges(points))[0]
    dendrogram, heir = single_linkage(tree), Heir(np.arange(graph.n))
    proven = proven_merges(dendrogram, horizons(graph), np.ones(graph.n - 1, dtype=np.bool_))
    plan = plan_repair(dendrogram, proven, horizons(graph), core, heir, min_cluster_size=size)
    return dendrogram, core, plan


def test_nobody_is_asked_over_a_complete_graph() -> None:
    _, _, plan = planned(blobs(0, 9, 30, size=20), 59, 5)
    assert len(plan.queries) == 0
    assert plan.barred.shape == (0, 2)


def test_the_budget_is_a_tenth_of_all() -> None:
    _, _, plan = planned(blobs(*range(0, 200, 8), size=20), 4, 3)
    assert 0 < len(plan.queries) <= 50


@given(points=generic_points(min_n=12), k=st.integers(1, 4), size=st.integers(2, 5))
def test_everyone_asked_stands_in_the_smaller_side_of_a_merge(
    points: Points, k: int, size: int
) -> None:
    dendrogram, _, plan = planned(points, k, size)
    order, starts = dendrogram.layout.order, dendrogram.layout.starts
    sizes = dendrogram.sizes
    sides = {(int(starts[node]), int(starts[node] + sizes[node])) for node in range(len(starts))}
    assert (plan.places[order] == np.arange(len(points))).all()
    for query, (first, last) in zip(plan.queries, plan.barred.tolist(), strict=True):
        assert (first, last) in sides
        assert first <= plan.places[query] < last
        assert size <= last - first <= len(points) / 2


def test_half_of_those_asked_are_the_densest() -> None:
    points = blobs(0, 12, size=300)
    dendrogram, core, plan = planned(points, 3, 100)
    order = dendrogram.layout.order
    (first, last), count = plan.barred[0], int((plan.barred == plan.barred[0]).all(axis=1).sum())
    side = order[first:last]
    densest = side[np.argsort(core[side], kind="stable")][: count // 2]
    assert count > 20
    assert len(np.intersect1d(plan.queries[:count], densest)) >= count // 3


def test_repair_brings_the_tree_nearer_to_the_exact_one() -> None:
    points = blobs(*range(0, 60, 5), size=60, seed=3)
    graph, bridges = graph_of(points, 8), BruteBridges(points)
    core = known_core_distances(graph, min_samples=6)
    without = joined(graph_forest(graph, core), core, bridges)[0].weight.sum()
    repaired = build_hierarchy(graph, 6, bridges, min_cluster_size=10).hierarchy
    exact = build_hierarchy(graph_of(points), 6, bridges, min_cluster_size=10).hierarchy
    gap, left = (
        total - exact.dendrogram.distance.sum()
        for total in (without, repaired.dendrogram.distance.sum())
    )
    assert 0 <= left < 0.7 * gap


@pytest.mark.parametrize("n", [2, 3, 30])
def test_leaves_below_a_node_stand_together(n: int) -> None:
    points = blobs(0, size=n)
    graph = graph_of(points)
    core = known_core_distances(graph, min_samples=2)
    dendrogram = single_linkage(graph_forest(graph, core))
    order, starts = dendrogram.layout.order, dendrogram.layout.starts
    below: list[set[int]] = [{leaf} for leaf in range(n)]
    for left, right in zip(dendrogram.left, dendrogram.right, strict=True):
        below.append(below[left] | below[right])
    for node, leaves in enumerate(below):
        first = starts[node]
        assert set(order[first : first + len(leaves)].tolist()) == leaves


def test_a_tree_that_was_joined_is_taken_from_the_shelf() -> None:
    points = blobs(*range(0, 60, 5), size=30)
    graph, shelf = graph_of(points, 5), DictShelf()

    def built() -> Hierarchy:
        return build_hierarchy(
            graph, 3, BruteBridges(points), min_cluster_size=5, shelf=shelf
        ).hierarchy

    first = built()
    assert list(shelf.parts) == ["tree-0", "tree-1"]
    again = built()
    assert again.components == first.components > 1
    assert np.array_equal(again.dendrogram.merges, first.dendrogram.merges)
    assert np.array_equal(again.proven, first.proven)

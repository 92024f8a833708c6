"""Inheritance: what a tree leaves to the next one, when vectors come and go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Distances, Nodes
from annclust.clustering.certificate import doubtful_sides
from annclust.clustering.hierarchy import BuiltHierarchy, build_hierarchy
from annclust.clustering.inheritance import Heir, Inheritance
from annclust.clustering.spanning_tree import NO_EDGES
from tests.clustering.graphs import BruteBridges, Points, blobs, generic_points, graph_of

SIZE = 2


class Counting(BruteBridges):
    """Notes how many are asked."""

    asked = 0

    def nearest_outside(
        self, queries: Nodes, places: Nodes, barred: Nodes, count: int, /
    ) -> tuple[Nodes, Distances]:
        self.asked += len(queries)
        return super().nearest_outside(queries, places, barred, count)


def built(
    points: Points, names: Nodes, before: Inheritance | None = None, k: int = 4
) -> tuple[BuiltHierarchy, int]:
    """The hierarchy over those of all points that are named, and how many were asked for it."""
    chosen = points[names]
    bridges = Counting(chosen)
    found = build_hierarchy(
        graph_of(chosen, k), 3, bridges, min_cluster_size=SIZE, heir=Heir(names, before)
    )
    return found, bridges.asked


def doubtful(found: BuiltHierarchy) -> int:
    tree = found.hierarchy
    return len(doubtful_sides(tree.dendrogram, tree.proven, SIZE)[0])


POINTS = blobs(*range(0, 120, 5), size=30, seed=4)
EVERY = np.arange(len(POINTS))


def test_where_nothing_changed_no_side_is_asked_about_twice() -> None:
    found, asked = built(POINTS, EVERY)
    while asked:
        known = set(found.inheritance.sides.tolist())
        weight = found.hierarchy.dendrogram.distance.sum()
        components = found.hierarchy.components
        found, asked = built(POINTS, EVERY, found.inheritance)
        assert found.hierarchy.dendrogram.distance.sum() <= weight
        assert found.hierarchy.components == components
        assert not asked or not known >= set(found.inheritance.sides.tolist())
    assert doubtful(found) > 0  # and was asked about
    again, _ = built(POINTS, EVERY, found.inheritance)
    one, two = again.hierarchy.dendrogram.merges, found.hierarchy.dendrogram.merges
    assert one.tobytes() == two.tobytes()


def test_what_the_budget_left_out_is_asked_about_the_next_time() -> None:
    first, _ = built(POINTS, EVERY)
    assert 0 < len(first.inheritance.sides) < doubtful(first)
    assert built(POINTS, EVERY, first.inheritance)[1] > 0


def test_edges_of_the_tree_that_no_graph_has_are_left() -> None:
    first, _ = built(POINTS, EVERY)
    edges = first.inheritance.edges
    assert len(edges.left) >= first.hierarchy.components - 1
    away = np.sqrt(((POINTS[edges.left] - POINTS[edges.right]) ** 2).sum(axis=1))
    assert edges.distance == pytest.approx(away, rel=1e-6)


def test_a_few_new_vectors_let_few_be_asked() -> None:
    old = np.setdiff1d(EVERY, EVERY[7::60])
    first, asked = built(POINTS, old)
    _, anew = built(POINTS, EVERY)
    updated, asked_now = built(POINTS, EVERY, first.inheritance)
    assert asked_now < 0.4 * min(asked, anew)
    exact = graph_of(POINTS)
    truth = build_hierarchy(exact, 3, BruteBridges(POINTS), min_cluster_size=SIZE).hierarchy
    total = updated.hierarchy.dendrogram.distance.sum()
    assert truth.dendrogram.distance.sum() <= total * (1 + 1e-6)
    assert total <= truth.dendrogram.distance.sum() * 1.01


def test_where_the_way_out_is_gone_it_is_asked_again() -> None:
    first, _ = built(POINTS, EVERY)
    kept = np.setdiff1d(EVERY, first.inheritance.outer)
    assert Heir(kept, first.inheritance).edges.left.size < first.inheritance.edges.left.size
    _, asked = built(POINTS, kept, first.inheritance)
    assert asked > 0


def test_a_side_that_has_grown_much_is_asked_about_again() -> None:
    first, _ = built(POINTS, EVERY)
    left = first.inheritance
    smaller = Inheritance(left.names, left.edges, left.sides, left.outer, left.sizes // 2)
    assert built(POINTS, EVERY, smaller)[1] > 50


def test_who_inherits_nothing_asks_for_everything() -> None:
    _, asked = built(POINTS, EVERY)
    assert built(POINTS, EVERY, Inheritance.nothing(EVERY))[1] == asked
    assert Heir(EVERY).edges is NO_EDGES


@pytest.mark.parametrize("n", [0, 1])
def test_a_tree_without_merges_leaves_nothing(n: int) -> None:
    found, _ = built(POINTS, EVERY[:n], k=0)
    assert found.inheritance.names.tolist() == list(range(n))
    assert len(found.inheritance.edges.left) == len(found.inheritance.sides) == 0


@given(
    points=generic_points(min_n=8),
    choice=st.data(),
    k=st.integers(2, 4),
)
def test_what_is_inherited_is_never_longer_than_what_is_there(
    points: Points, choice: st.DataObject, k: int
) -> None:
    """The updated tree is no lighter than the exact one, merge by merge."""
    flags = st.lists(st.booleans(), min_size=len(points), max_size=len(points))
    before, after = (np.flatnonzero(choice.draw(flags)) for _ in range(2))
    if min(len(before), len(after)) <= k:
        return
    first, _ = built(points, before, k=k)
    updated, _ = built(points, after, first.inheritance, k=k)
    chosen = points[after]
    exact = build_hierarchy(graph_of(chosen), 3, BruteBridges(chosen), min_cluster_size=SIZE)
    found, true = (each.hierarchy.dendrogram.distance for each in (updated, exact))
    assert len(found) == len(after) - 1
    assert (np.sort(found) >= np.sort(true) * (1 - 1e-6)).all()

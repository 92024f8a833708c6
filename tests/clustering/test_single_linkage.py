"""Single linkage, small and against SciPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, is_valid_linkage, linkage
from scipy.spatial.distance import squareform

from annclust.clustering.hierarchy import build_hierarchy
from annclust.clustering.single_linkage import NO_MERGES, single_linkage
from annclust.clustering.spanning_tree import SpanningForest
from tests.clustering.graphs import (
    BruteBridges,
    Points,
    generic_points,
    graph_of,
    grid_points,
    pairwise_distances,
)

CHAIN = SpanningForest(np.array([1, 0, 2]), np.array([2, 1, 3]), np.array([1.0, 2.0, 5.0]))


def test_edges_merge_what_lies_at_their_ends() -> None:
    dendrogram = single_linkage(CHAIN)
    assert {*dendrogram.merges[0, :2]} == {1, 2}
    assert {*dendrogram.merges[1, :2]} == {0, 4}
    assert {*dendrogram.merges[2, :2]} == {5, 3}
    assert dendrogram.distance.tolist() == [1, 2, 5]
    assert dendrogram.sizes.tolist() == [1, 1, 1, 1, 2, 3, 4]


def test_a_single_leaf_merges_with_nobody() -> None:
    assert NO_MERGES.sizes.tolist() == [1]
    assert len(NO_MERGES.left) == len(NO_MERGES.right) == 0


@given(points=st.one_of(generic_points(), grid_points()))
def test_pairs_meet_where_scipy_lets_them_meet(points: Points) -> None:
    # With min_samples 1 mutual reachability is the distance itself.
    merges = build_hierarchy(
        graph_of(points), 1, BruteBridges(points), min_cluster_size=2
    ).hierarchy.dendrogram.merges
    distances = squareform(pairwise_distances(points).astype(np.float64), checks=False)
    assert is_valid_linkage(merges)
    assert (cophenet(merges) == cophenet(linkage(distances, "single"))).all()

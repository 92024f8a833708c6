"""The chain against the original, and on input at its limits."""

from __future__ import annotations

from dataclasses import replace

import hdbscan
import numpy as np
import pytest
import sklearn.cluster
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet

from annclust.arrays import Labels
from annclust.clustering.hdbscan import Clustering, cluster_graph, cut
from annclust.clustering.single_linkage import Dendrogram
from annclust.neighbor_graph import EMPTY_GRAPH
from annclust.settings import ClusterSettings, Method
from tests.clustering.graphs import (
    BruteBridges,
    NoBridges,
    Points,
    blobs,
    generic_points,
    graph_of,
    grid_points,
    line,
)


def clustered(
    points: Points, settings: ClusterSettings, k: int | None = None, *, single: bool = False
) -> Clustering:
    graph = graph_of(points, k)
    return cluster_graph(graph, settings, BruteBridges(points), allow_single_cluster=single)


def same_groups(one: Labels, other: Labels) -> bool:
    """Whether two labelings are the same but for names; noise must be noise in both."""
    pairs = {*zip(one.tolist(), other.tolist(), strict=True)}
    unambiguous = len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    return unambiguous and all((a < 0) == (b < 0) for a, b in pairs)


def original(points: Points, settings: ClusterSettings, *, single: bool = False) -> hdbscan.HDBSCAN:
    return hdbscan.HDBSCAN(
        min_cluster_size=settings.min_cluster_size,
        min_samples=settings.min_samples,
        cluster_selection_method=settings.method,
        allow_single_cluster=single,
        algorithm="generic",
    ).fit(points)


SETTINGS = st.builds(
    ClusterSettings,
    min_cluster_size=st.integers(2, 8),
    min_samples=st.one_of(st.none(), st.integers(1, 8)),
    method=st.sampled_from(["eom", "leaf"]),
)


def heights_are_apart(distance: NDArray[np.float64]) -> bool:
    """Whether float32 and float64 must sort the merges alike: equal, or clearly different."""
    gaps = np.diff(distance) / np.maximum(distance[1:], 1e-30)
    return bool(((gaps == 0) | (gaps > 1e-5)).all())


def ties_decide(dendrogram: Dendrogram, min_cluster_size: int) -> bool:
    """Whether the order among equal merges, which is arbitrary, may change the clusters.

    Mutual reachability makes ties by its nature: all edges within a core distance are as long as
    it. Where three or more branches meet at one height, a binary tree must invent an order. That
    matters only if they can be parted in two sides that both are large enough.
    """
    sizes = dendrogram.sizes.tolist()
    n = len(dendrogram.merges) + 1
    heights = [-1.0] * n + dendrogram.distance.tolist()
    meeting: dict[int, list[int]] = {}
    for merge, (left, right) in enumerate(
        zip(dendrogram.left.tolist(), dendrogram.right.tolist(), strict=True)
    ):
        node = n + merge
        meeting[node] = []
        for side in (left, right):
            level = heights[side] == heights[node]
            meeting[node] += meeting.pop(side) if level else [sizes[side]]
    return any(
        len(branches) > 2
        and sum(branches) >= 2 * min_cluster_size
        and sum(branches) - max(branches) >= min_cluster_size
        for branches in meeting.values()
    )


def test_two_groups_and_a_lone_vector() -> None:
    found = clustered(line(0, 1, 2, 10, 11, 12, 30), ClusterSettings(3, 1))
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert found.probabilities.tolist() == [1, 1, 1, 1, 1, 1, 0]
    assert found.ids.tolist() == list(range(7))
    assert found.clusters == 2
    assert found.certified == 1


@given(points=generic_points(min_n=2), settings=SETTINGS)
def test_over_a_complete_graph_pairs_meet_where_hdbscan_lets_them(
    points: Points, settings: ClusterSettings
) -> None:
    merges = clustered(points, settings).hierarchy.dendrogram.merges
    expected = original(points, settings).single_linkage_tree_.to_numpy()
    np.testing.assert_allclose(cophenet(merges), cophenet(expected), rtol=1e-5)


@given(points=generic_points(min_n=2), settings=SETTINGS)
def test_over_a_complete_graph_the_clusters_are_those_of_hdbscan(
    points: Points, settings: ClusterSettings
) -> None:
    found = clustered(points, settings)
    dendrogram = found.hierarchy.dendrogram
    assume(heights_are_apart(dendrogram.distance))
    assume(not ties_decide(dendrogram, settings.min_cluster_size))
    expected = original(points, settings)
    assert same_groups(found.labels, expected.labels_)
    np.testing.assert_allclose(found.probabilities, expected.probabilities_, rtol=1e-4)
    assert found.certified == 1


@given(points=generic_points(min_n=2), settings=SETTINGS)
def test_a_single_cluster_is_that_of_hdbscan(points: Points, settings: ClusterSettings) -> None:
    # It holds only what leaves last, so that a rounded tie matters; one sample makes no ties.
    settings = replace(settings, min_samples=1)
    found = clustered(points, settings, single=True)
    assume(heights_are_apart(found.hierarchy.dendrogram.distance))
    assert same_groups(found.labels, original(points, settings, single=True).labels_)


@given(points=grid_points(), settings=SETTINGS)
def test_ties_that_do_not_matter_change_nothing(points: Points, settings: ClusterSettings) -> None:
    found = clustered(points, settings)
    assume(not ties_decide(found.hierarchy.dendrogram, settings.min_cluster_size))
    assert same_groups(found.labels, original(points, settings).labels_)


def test_min_samples_counts_as_hdbscan_does_and_scikit_learn_one_more() -> None:
    points = blobs(0, 4, 8, size=10, seed=37)  # groups that every further sample changes
    ours = [clustered(points, ClusterSettings(5, count)).labels for count in (1, 3, 5)]
    assert not same_groups(ours[0], ours[1])
    assert not same_groups(ours[1], ours[2])
    for count, labels in zip((1, 3, 5), ours, strict=True):
        assert same_groups(labels, original(points, ClusterSettings(5, count)).labels_)
        with_itself = sklearn.cluster.HDBSCAN(5, min_samples=count + 1, copy=True).fit(points)
        assert same_groups(labels, with_itself.labels_)


@pytest.mark.parametrize("method", ["eom", "leaf"])
def test_no_vectors_make_no_clusters(method: Method) -> None:
    found = cluster_graph(EMPTY_GRAPH, ClusterSettings(method=method), NoBridges())
    assert found.labels.tolist() == found.probabilities.tolist() == found.ids.tolist() == []
    assert len(found.tree.parent) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("method", ["eom", "leaf"])
def test_fewer_vectors_than_a_cluster_needs_are_noise(n: int, method: Method) -> None:
    found = clustered(line(*range(n)), ClusterSettings(5, method=method))
    assert found.labels.tolist() == [-1] * n
    assert found.probabilities.tolist() == [0] * n


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("method", ["eom", "leaf"])
def test_they_may_be_a_single_cluster_by_excess_of_mass_alone(n: int, method: Method) -> None:
    found = clustered(line(*range(n)), ClusterSettings(5, method=method), single=True)
    together = n > 1 and method == "eom"
    assert found.labels.tolist() == [0 if together else -1] * n


@pytest.mark.parametrize("n", [2, 3, 50])
def test_identical_vectors_are_one_cluster_at_most(n: int) -> None:
    points = line(*[7.0] * n)
    settings = ClusterSettings(2, 1)
    assert (clustered(points, settings).labels == -1).all()
    together = clustered(points, settings, k=1, single=True)
    assert (together.labels == 0).all()
    assert (together.probabilities == 1).all()


def test_copies_beside_others_stay_together() -> None:
    points = np.vstack([np.zeros((20, 2)), blobs(30, size=20), blobs(60, size=20)])
    labels = clustered(points, ClusterSettings(5), k=8).labels
    assert len({*labels[:20].tolist()}) == 1
    assert labels[0] >= 0


def test_a_graph_in_pieces_does_not_collapse_into_one_cluster() -> None:
    centers = 40.0 * np.arange(12)
    points = blobs(*centers, size=15)
    found = clustered(points, ClusterSettings(5, 3), k=4)
    exact = clustered(points, ClusterSettings(5, 3))
    assert np.isfinite(found.hierarchy.dendrogram.distance).all()
    assert np.bincount(found.labels[found.labels >= 0]).max() <= 15
    assert found.clusters >= 12
    assert exact.clusters == 12


def test_a_graph_without_neighbors_is_clustered_by_its_bridges() -> None:
    points = line(0, 1, 2, 10, 11, 12)
    assert clustered(points, ClusterSettings(3), k=0).labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_vector_that_nobody_knows_is_noise_and_not_an_error() -> None:
    points = line(0, 1, 2, 10, 11, 12, 30)
    graph = graph_of(points, 2)
    graph.neighbors[6], graph.distances[6] = -1, np.inf
    found = cluster_graph(graph, ClusterSettings(3, 2), BruteBridges(points))
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_the_graph_is_left_as_it_was() -> None:
    points = blobs(0, 9)
    graph = graph_of(points, 6)
    neighbors, distances = graph.neighbors.copy(), graph.distances.copy()
    cluster_graph(graph, ClusterSettings(4), BruteBridges(points))
    assert (graph.neighbors == neighbors).all()
    assert (graph.distances == distances).all()


def test_more_samples_than_vectors_mean_all_of_them() -> None:
    points = blobs(0, 20, size=6)
    many = clustered(points, ClusterSettings(3, 1_000))
    assert same_groups(many.labels, clustered(points, ClusterSettings(3, 11)).labels)


def test_samples_that_follow_the_cluster_size_are_bounded_by_the_graph() -> None:
    points = blobs(0, 20, 40, size=20)
    implied = clustered(points, ClusterSettings(10), k=6)
    assert same_groups(implied.labels, clustered(points, ClusterSettings(10, 6), k=6).labels)


def test_samples_that_the_graph_cannot_give_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"min_samples=7 needs 7 neighbors .* has 6"):
        clustered(blobs(0, 20), ClusterSettings(10, 7), k=6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ClusterSettings(1), "min_cluster_size must be 2 or more, not 1"),
        (ClusterSettings(5, 0), "min_samples must be 1 or more, not 0"),
    ],
)
def test_settings_out_of_range_are_an_error(settings: ClusterSettings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clustered(line(0, 1, 2), settings)


@given(
    points=st.one_of(generic_points(min_n=0), grid_points(min_n=0)),
    before=st.integers(2, 8),
    settings=SETTINGS,
)
def test_a_hierarchy_can_be_cut_anew(
    points: Points, before: int, settings: ClusterSettings
) -> None:
    # Over a complete graph: else the repair looks at other merges for another size of clusters.
    settings = replace(settings, min_samples=2)
    first = clustered(points, ClusterSettings(before, 2))
    directly = clustered(points, settings)
    again = cut(first.hierarchy, settings)
    assert (again.labels == directly.labels).all()
    assert (again.probabilities == directly.probabilities).all()
    assert again.certified == directly.certified


def test_a_cut_below_two_vectors_is_an_error() -> None:
    hierarchy = clustered(line(0, 1, 2), ClusterSettings(2, 1)).hierarchy
    with pytest.raises(ValueError, match="2 or more"):
        cut(hierarchy, ClusterSettings(1))

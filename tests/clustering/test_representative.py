"""Medoids: against trying every member."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Labels
from annclust.clustering.representative import representatives
from annclust.vector_source import ArrayVectors
from tests.clustering.graphs import Points, generic_points, grid_points, line


def medoids(points: Points, labels: Labels) -> list[int]:
    return representatives(ArrayVectors(points.astype(np.float32)), np.asarray(labels)).tolist()


def test_the_middle_of_a_group_stands_for_it() -> None:
    points = line(0, 9, 1, 10, 5, 11, 3)
    assert medoids(points, np.array([0, 1, 0, 1, -1, 1, 0])) == [2, 3]


def test_of_a_pair_the_first_stands_for_both() -> None:
    assert medoids(line(0.1, 0.7), np.array([0, 0])) == [0]


def test_without_clusters_nobody_stands_for_anything() -> None:
    assert medoids(line(1, 2), np.array([-1, -1])) == []
    assert medoids(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == []


def test_large_clusters_are_read_in_blocks() -> None:
    points = line(*range(9_001))
    assert medoids(points, np.zeros(9_001, dtype=np.int64)) == [4_500]


@given(points=st.one_of(generic_points(), grid_points()), clusters=st.integers(1, 3))
def test_no_member_is_nearer_to_all_others(points: Points, clusters: int) -> None:
    points = points.astype(np.float32).astype(np.float64)
    labels = np.arange(len(points)) % min(clusters, len(points))
    for cluster, medoid in enumerate(medoids(points, labels)):
        members = np.flatnonzero(labels == cluster)
        difference = points[members][:, np.newaxis] - points[members]
        sums = (difference**2).sum(axis=(1, 2))
        assert medoid in members
        assert sums[members == medoid] <= sums.min() * (1 + 1e-9)

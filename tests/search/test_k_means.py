from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Vectors
from annclust.search.k_means import distances_to_centers, k_means
from annclust.settings import SearchSettings
from tests.search.samples import clustered, grid_vectors, true_distances


def inertia(vectors: Vectors, centers: Vectors) -> float:
    return float((true_distances(vectors, centers).min(axis=1) ** 2).sum())


def test_far_groups_get_a_center_each() -> None:
    places = np.array([[0, 0], [50, 0], [0, 50]], dtype=np.float32)
    vectors = np.repeat(places, 40, axis=0) + clustered(120, 2) / 100
    centers = k_means(vectors, 3, SearchSettings(seed=1, threads=1))
    assert true_distances(places, centers).min(axis=1).max() < 1


def test_centers_are_nearer_than_drawn_vectors() -> None:
    vectors = clustered(3_000, 12)
    drawn = vectors[np.random.default_rng(0).choice(3_000, 30, replace=False)]
    found = k_means(vectors, 30, SearchSettings(seed=0, threads=1))
    assert inertia(vectors, found) < 0.8 * inertia(vectors, drawn)


def test_the_number_of_threads_changes_no_byte() -> None:
    vectors = clustered(10_000, 20)
    one, two = (k_means(vectors, 50, SearchSettings(seed=0, threads=count)) for count in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_a_center_that_lost_all_its_vectors_moves_to_a_far_one() -> None:
    vectors = np.zeros((50, 2), dtype=np.float32)
    vectors[:3] = [[9, 0], [0, 9], [9, 9]]
    centers = k_means(vectors, 4, SearchSettings(seed=0, threads=1))
    assert inertia(vectors, centers) == pytest.approx(0, abs=1e-6)


@given(vectors=grid_vectors(fewest=2), data=st.data())
def test_distances_to_centers_differ_by_the_length_of_the_vector(
    vectors: Vectors, data: st.DataObject
) -> None:
    centers = vectors[: data.draw(st.integers(1, len(vectors)))]
    lengths = (vectors.astype(np.float64) ** 2).sum(axis=1)
    found = distances_to_centers(vectors, centers) + lengths[:, np.newaxis]
    assert found == pytest.approx(true_distances(vectors, centers) ** 2)

"""The scikit-learn estimator: its contract, and that it is HDBSCAN."""

from __future__ import annotations

import pickle

import hdbscan
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import annclust
from annclust.estimator import AnnHDBSCAN

LINE = np.array([0, 1, 3, 20, 21, 22, 60], dtype=np.float64)[:, np.newaxis]


def groups(n: int = 300, dimension: int = 8, seed: int = 0) -> NDArray[np.float64]:
    points, _ = make_blobs(n, dimension, centers=6, random_state=seed)
    return np.asarray(points)


@parametrize_with_checks([AnnHDBSCAN(), AnnHDBSCAN(min_cluster_size=3, n_neighbors=5)])
def test_it_keeps_the_contract_of_scikit_learn(estimator: AnnHDBSCAN, check: object) -> None:
    # scikit-learn itself skips the array API check unless the environment asks for it.
    assert callable(check)
    check(estimator)


def test_it_is_a_public_name() -> None:
    assert annclust.AnnHDBSCAN is AnnHDBSCAN


def test_groups_get_numbers_and_the_lone_vector_is_noise() -> None:
    found = AnnHDBSCAN(min_cluster_size=2, min_samples=1).fit(LINE)
    assert found.labels_.tolist() == [0, 0, 0, 1, 1, 1, -1]
    np.testing.assert_allclose(found.probabilities_, [1, 1, 0.5, 1, 1, 1, 0], rtol=1e-6)
    assert found.certified_ == 1
    assert found.n_features_in_ == 1


def test_the_tree_speaks_of_the_distances_that_were_given() -> None:
    tree = AnnHDBSCAN(min_cluster_size=2, min_samples=1).fit(LINE).condensed_tree_
    leaving = dict(zip(tree.child.tolist(), tree.lambda_.tolist(), strict=True))
    expected = [1, 1, 1 / 2, 1, 1, 1, 1 / 38]
    np.testing.assert_allclose([leaving[vector] for vector in range(7)], expected, rtol=1e-5)


@pytest.mark.parametrize("method", ["eom", "leaf"])
@pytest.mark.parametrize("seed", range(4))
def test_small_input_gives_exactly_the_clusters_of_hdbscan(method: str, seed: int) -> None:
    # One sample makes no ties, whose order is arbitrary in any implementation.
    points = groups(seed=seed)
    expected = hdbscan.HDBSCAN(
        10, min_samples=1, cluster_selection_method=method, algorithm="generic"
    ).fit(points)
    found = AnnHDBSCAN(10, 1, method).fit(points)
    assert adjusted_rand_score(found.labels_, expected.labels_) == 1
    np.testing.assert_allclose(found.probabilities_, expected.probabilities_, rtol=1e-4)


def test_beyond_the_complete_graph_clusters_still_agree_with_hdbscan() -> None:
    points = groups(2_500)
    found = AnnHDBSCAN(min_cluster_size=10).fit(points)
    expected = hdbscan.HDBSCAN(min_cluster_size=10).fit_predict(points)
    assert adjusted_rand_score(found.labels_, expected) > 0.99
    assert 0 <= found.certified_ < 1


def test_large_input_is_joined_through_an_index() -> None:
    points, groups_of = make_blobs(21_000, 4, centers=20, cluster_std=0.2, random_state=1)
    labels = AnnHDBSCAN(min_cluster_size=100, min_samples=5, n_neighbors=16).fit_predict(points)
    assert adjusted_rand_score(labels[labels >= 0], groups_of[labels >= 0]) > 0.99
    assert (labels < 0).mean() < 0.2


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 1e6), (1e-25, 0.0), (1e25, 0.0), (1e-3, -5e3)])
def test_neither_place_nor_scale_matters(scale: float, shift: float) -> None:
    points = groups()
    here = AnnHDBSCAN(10, 1).fit_predict(points)
    there = AnnHDBSCAN(10, 1).fit_predict(points * scale + shift)
    assert adjusted_rand_score(here, there) == 1


def test_float32_is_as_good_as_float64() -> None:
    points = groups().astype(np.float32)
    single = AnnHDBSCAN(10, 1).fit_predict(points)
    double = AnnHDBSCAN(10, 1).fit_predict(points.astype(np.float64))
    assert adjusted_rand_score(single, double) == 1


def test_all_vectors_may_be_one_cluster_if_allowed() -> None:
    points = np.zeros((10, 3))
    assert (AnnHDBSCAN().fit_predict(points) == -1).all()
    assert (AnnHDBSCAN(allow_single_cluster=True).fit_predict(points) == 0).all()


def test_a_single_vector_is_noise() -> None:
    found = AnnHDBSCAN().fit([[1.0, 2.0]])
    assert found.labels_.tolist() == [-1]
    assert found.certified_ == 1


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1, -1_000])
def test_threads_do_not_change_the_result(n_jobs: int | None) -> None:
    points = groups()
    alone = AnnHDBSCAN().fit_predict(points)
    assert (AnnHDBSCAN(n_jobs=n_jobs).fit_predict(points) == alone).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_cluster_size": 1}, "min_cluster_size must be 2 or more, not 1"),
        ({"min_samples": 0}, "min_samples must be 1 or more, not 0"),
        ({"method": "dbscan"}, "method must be 'eom' or 'leaf', not 'dbscan'"),
        ({"n_neighbors": 0}, "n_neighbors must be 1 or more, not 0"),
        ({"n_neighbors": 4}, "min_samples=5 needs 5 neighbors"),
    ],
)
def test_parameters_out_of_range_are_an_error(parameters: dict[str, object], message: str) -> None:
    estimator = AnnHDBSCAN(**parameters)  # scikit-learn wants fit to complain, not the constructor
    with pytest.raises(ValueError, match=message):
        estimator.fit(groups(20))


def test_a_fitted_estimator_can_be_stored_and_an_unfitted_one_cloned() -> None:
    fitted = AnnHDBSCAN(min_cluster_size=7).fit(groups(50))
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.labels_ == fitted.labels_).all()
    assert (again.condensed_tree_.parent == fitted.condensed_tree_.parent).all()
    assert clone(fitted).get_params() == fitted.get_params()

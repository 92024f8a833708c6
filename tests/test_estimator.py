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


def large(**parameters: object) -> AnnHDBSCAN:
    """Fitted to 21,000 vectors, which an index joins; it misses some neighbors."""
    points, _ = make_blobs(21_000, 16, centers=20, random_state=1)
    return AnnHDBSCAN(100, min_samples=5, n_neighbors=16, **parameters).fit(points)


@pytest.fixture(scope="module")
def large_fit() -> AnnHDBSCAN:
    return large(n_jobs=1, random_state=0)


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


def test_large_input_gives_the_groups_it_was_made_of(large_fit: AnnHDBSCAN) -> None:
    _, groups_of = make_blobs(21_000, 16, centers=20, random_state=1)
    assert adjusted_rand_score(large_fit.labels_, groups_of) > 0.99


def test_large_input_is_joined_through_an_index(large_fit: AnnHDBSCAN) -> None:
    # Nothing but the index looks at the seed: an exact graph would give the same tree again.
    other_seed = large(random_state=1)
    assert not np.array_equal(large_fit.condensed_tree_.lambda_, other_seed.condensed_tree_.lambda_)
    assert adjusted_rand_score(large_fit.labels_, other_seed.labels_) > 0.99


def test_smaller_input_is_joined_exactly() -> None:
    points = groups(2_500, 16)
    one, other = (AnnHDBSCAN(10, random_state=seed).fit(points) for seed in (0, 1))
    assert np.array_equal(one.condensed_tree_.lambda_, other.condensed_tree_.lambda_)


PLACES_AND_SCALES = [
    (1.0, 1e6),
    (1e-3, -5e3),
    (1e-25, 0.0),
    (1e25, 0.0),
    (1e300, 0.0),  # hdbscan finds nothing but noise here: its squares overflow
    (6e306, 1e308),  # two of these cannot even be added
]


@pytest.mark.parametrize(("scale", "shift"), PLACES_AND_SCALES)
def test_neither_place_nor_scale_matters(scale: float, shift: float) -> None:
    points = groups()
    here = AnnHDBSCAN(10, 1).fit_predict(points)
    there = AnnHDBSCAN(10, 1).fit_predict(points * scale + shift)
    assert adjusted_rand_score(here, there) == 1


@pytest.mark.parametrize(("base", "extent"), [(1e5, 1e-3), (1e3, 1e-4), (1e2, 1e-5)])
def test_far_from_the_origin_an_outlier_costs_no_precision(base: float, extent: float) -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(rng.standard_normal((4, 8)) * 10, 50, axis=0) + rng.standard_normal((200, 8))
    far = np.vstack([base + extent * groups, np.full((1, 8), 2.5 * base)])
    labels = AnnHDBSCAN(min_cluster_size=10).fit(far).labels_
    near = AnnHDBSCAN(min_cluster_size=10).fit(groups).labels_
    assert adjusted_rand_score(labels[:200], near) == 1


@pytest.mark.parametrize("distance", [1e6, 1e9, 1e12, 1e24])
def test_an_outlier_however_far_leaves_the_others_apart(distance: float) -> None:
    points = np.vstack([0.01 * groups(100), np.full((1, 8), distance)])
    expected = hdbscan.HDBSCAN(5, min_samples=1).fit_predict(points)
    assert expected.max() == 5
    assert adjusted_rand_score(AnnHDBSCAN(5, 1).fit_predict(points), expected) == 1


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


@pytest.mark.parametrize("n_jobs", [None, 2, 5, -1, -1_000])
def test_threads_do_not_change_the_result(large_fit: AnnHDBSCAN, n_jobs: int | None) -> None:
    found = large(n_jobs=n_jobs, random_state=0)
    assert np.array_equal(found.labels_, large_fit.labels_)
    assert np.array_equal(found.condensed_tree_.lambda_, large_fit.condensed_tree_.lambda_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_cluster_size": 1}, "'min_cluster_size' .* must be an int .* Got 1 instead"),
        ({"min_cluster_size": 5.5}, "'min_cluster_size' .* must be an int .* Got 5.5 instead"),
        ({"min_samples": 0}, "'min_samples' .* must be an int .* Got 0 instead"),
        ({"min_samples": 2.5}, "'min_samples' .* must be an int .* Got 2.5 instead"),
        ({"method": "dbscan"}, "'method' .* must be a str among .* Got 'dbscan' instead"),
        ({"n_neighbors": 0}, "'n_neighbors' .* must be an int .* Got 0 instead"),
        ({"n_neighbors": 3.7}, "'n_neighbors' .* must be an int .* Got 3.7 instead"),
        ({"n_neighbors": 4}, "min_samples=5 needs 5 neighbors"),
        ({"allow_single_cluster": "no"}, "'allow_single_cluster' .* Got 'no' instead"),
        ({"n_jobs": 0}, "'n_jobs' .* must be an int .* Got 0 instead"),
        ({"n_jobs": 1.5}, "'n_jobs' .* must be an int .* Got 1.5 instead"),
        ({"random_state": "luck"}, "'random_state' .* Got 'luck' instead"),
    ],
)
def test_parameters_of_a_wrong_kind_or_out_of_range_are_an_error(
    parameters: dict[str, object], message: str
) -> None:
    estimator = AnnHDBSCAN(**parameters)  # scikit-learn wants fit to complain, not the constructor
    with pytest.raises(ValueError, match=message):
        estimator.fit(groups(20))


def test_parameters_may_be_numpy_numbers() -> None:
    points = groups(100)
    numbers = [np.int64(5), np.int32(3), "eom", np.int64(9), np.False_, np.int64(1), np.int64(2)]
    found = AnnHDBSCAN(*numbers).fit_predict(points)
    assert (found == AnnHDBSCAN(5, 3, "eom", 9, False, 1, 2).fit_predict(points)).all()


def test_a_fitted_estimator_can_be_stored_and_an_unfitted_one_cloned() -> None:
    fitted = AnnHDBSCAN(min_cluster_size=7).fit(groups(50))
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.labels_ == fitted.labels_).all()
    assert (again.condensed_tree_.parent == fitted.condensed_tree_.parent).all()
    assert clone(fitted).get_params() == fitted.get_params()

"""Attraction and repulsion, compared with sums over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from annclust.photo_map.affinities import affinities
from annclust.photo_map.attraction import attraction
from annclust.photo_map.places import Places
from annclust.photo_map.repulsion import Repulsion
from tests.clustering.graphs import graph_of
from tests.photo_map.graphs import cliques, crowds


def scattered(n: int, extent: float, seed: int = 0) -> Places:
    return (np.random.default_rng(seed).normal(size=(n, 2)) * extent).astype(np.float32)


def apart(places: Places) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """y_i - y_j, and the kernel of every pair."""
    away = places[:, np.newaxis].astype(np.float64) - places
    return away, 1 / (1 + (away**2).sum(axis=2))


@pytest.mark.parametrize("threads", [1, 2])
def test_attraction_is_the_sum_over_neighbors(threads: int) -> None:
    drawn_to = affinities(graph_of(crowds(), 15))
    places = scattered(drawn_to.n, 5)
    away, kernel = apart(places)
    expected = -((drawn_to.matrix().toarray() * kernel)[:, :, np.newaxis] * away).sum(axis=1)
    assert attraction(drawn_to, places, threads=threads) == pytest.approx(expected, abs=1e-5)


def test_nobody_draws_who_has_no_neighbors() -> None:
    drawn_to = affinities(cliques(3, 1))
    pulled = attraction(drawn_to, scattered(4, 5))
    assert pulled[:3].all()
    assert not pulled[3].any()
    alone = affinities(cliques(1, 1))
    assert not attraction(alone, scattered(2, 5)).any()


@pytest.mark.parametrize("extent", [1, 5])
@pytest.mark.parametrize("n", [100, 1_500])
def test_repulsion_is_the_sum_over_all_pairs(n: int, extent: float) -> None:
    places = scattered(n, extent)
    total, pushed = Repulsion(threads=2).between(places)
    away, kernel = apart(places)
    expected = ((kernel**2)[:, :, np.newaxis] * away).sum(axis=1)
    assert total == pytest.approx(kernel.sum() - n, rel=0.03)
    assert np.linalg.norm(pushed - expected) < 0.1 * np.linalg.norm(expected)


def test_a_wide_map_has_wider_meshes() -> None:
    places = scattered(300, 1)
    places[2] = 9_000
    total, pushed = Repulsion().between(places)
    assert np.isfinite(total)
    assert np.abs(pushed[2]).max() < 0.05


def test_the_kernel_is_that_of_the_map_at_hand() -> None:
    small, large = scattered(300, 1), scattered(300, 60)
    one = Repulsion()
    one.between(small)
    assert np.array_equal(one.between(large)[1], Repulsion().between(large)[1])
    assert np.array_equal(one.between(large)[1], one.between(large)[1])

"""The exact join: whatever it compares first, what it finds is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.arrays import Vectors
from annclust.search import exact_join
from annclust.search.exact_join import ExactJoin
from tests.search.samples import (
    clustered,
    grid_vectors,
    nearest_by_sorting,
    true_distances,
    two_towns,
)

FEW = 300


def agrees(vectors: Vectors, k: int, *, every: int = 1) -> None:
    """Whether some nodes find what sorting finds; which of two that seem equally far may differ."""
    nodes = np.arange(0, len(vectors), every)
    distances, found = ExactJoin.of(vectors, threads=1).nearest(nodes, k)
    true = true_distances(vectors[nodes], vectors)
    true[np.arange(len(nodes)), nodes] = np.inf
    assert distances == pytest.approx(np.sort(true, axis=1)[:, :k], rel=1e-5, abs=1e-7)
    assert np.take_along_axis(true, found, 1) == pytest.approx(distances, rel=1e-5, abs=1e-7)
    assert all(len(set(each)) == k for each in found.tolist())


@pytest.fixture
def axes_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_join, "_DIMENSIONS", 40)
    monkeypatch.setattr(exact_join, "_MANY", 100)
    monkeypatch.setattr(exact_join, "_AXES", 12)


def low(n: int, d: int, rank: int, noise: float) -> Vectors:
    """Vectors along a few directions, with noise in all."""
    rng = np.random.default_rng(2)
    along = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
    return (along + noise * rng.standard_normal((n, d))).astype(np.float32)


@given(vectors=grid_vectors(fewest=2), k=st.integers(1, 5))
def test_it_finds_what_sorting_finds(vectors: Vectors, k: int) -> None:
    k = min(k, len(vectors) - 1)
    n = len(vectors)
    found = ExactJoin.of(vectors, threads=1).nearest(np.arange(n), k)[1]
    true = true_distances(vectors, vectors)
    others = nearest_by_sorting(true, k, lambda row: np.delete(np.arange(n), row))
    assert found.tolist() == others


@pytest.mark.usefixtures("axes_pay")
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_along_a_few_axes_it_finds_the_same(noise: float) -> None:
    vectors = low(FEW, 60, 8, noise)
    assert ExactJoin.of(vectors, threads=1).queries.shape == (FEW, 14)
    agrees(vectors, 7)


@pytest.mark.usefixtures("axes_pay")
def test_where_axes_hold_little_all_dimensions_are_compared() -> None:
    vectors = np.random.default_rng(0).standard_normal((FEW, 60)).astype(np.float32)
    assert ExactJoin.of(vectors, threads=1).queries.shape == (FEW, 62)
    agrees(vectors, 7)


@pytest.mark.usefixtures("axes_pay")
def test_copies_and_what_is_nearly_one_are_told_apart() -> None:
    vectors = np.repeat(low(40, 60, 6, 0.1), 9, axis=0)
    vectors[::5] += np.float32(1e-6)
    agrees(vectors, 12)


def test_of_those_equally_far_the_lower_nodes_come_first() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        one = rng.standard_normal(7).astype(np.float32)
        vectors = np.stack([rng.permutation(one) for _ in range(40)])
        distances, found = ExactJoin.of(vectors, threads=1).nearest(np.arange(40), 8)
        tied = distances[:, 1:] == distances[:, :-1]
        assert (found[:, 1:] > found[:, :-1])[tied].all()


@pytest.mark.parametrize("outlier", [30, 300])
def test_an_outlier_makes_nobody_else_measure_everything(outlier: float) -> None:
    vectors = clustered(FEW, 256)
    vectors[7] *= outlier
    join = ExactJoin.of(vectors, threads=1)
    away = join.queries @ join.others.T
    true = np.square(true_distances(vectors, vectors))
    others = np.delete(np.arange(FEW), 7)
    gap = (true - away)[np.ix_(others, others)] / true[others].mean()
    assert gap.min() + 1e-5 >= 0
    assert gap.max() < 0.01
    agrees(vectors, 7)


def test_towns_far_apart_hide_no_neighbor() -> None:
    agrees(two_towns(400, 8, 1e-4), 6)


@pytest.mark.parametrize("seen", [4, 37, 10_000])
def test_it_does_not_matter_in_how_many_columns_it_is_looked(
    monkeypatch: pytest.MonkeyPatch, seen: int
) -> None:
    monkeypatch.setattr(exact_join, "_SEEN", seen)
    vectors = clustered(900, 20)
    vectors[::3] = vectors[0] + 1e-3 * vectors[::3]  # those that are looked at are all alike
    agrees(vectors, 9, every=4)

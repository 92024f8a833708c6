from __future__ import annotations

import numpy as np
import pytest

from annclust.arrays import Vectors
from annclust.search.reduction import Reduction, learn_reduction
from tests.search.samples import clustered, true_distances


def learned(vectors: Vectors, reduced: int, threads: int = 1) -> Reduction:
    return learn_reduction(np.array_split(vectors, 5), reduced, seed=0, threads=threads)


def test_vectors_on_a_line_keep_their_distances_in_one_dimension() -> None:
    line = np.linspace(-3, 8, 40, dtype=np.float32)[:, np.newaxis] * np.ones((1, 3), np.float32)
    reduced = learned(line, 1).apply(line)
    assert reduced.shape == (40, 1)
    assert true_distances(reduced, reduced) == pytest.approx(true_distances(line, line), abs=1e-4)


def test_no_two_vectors_come_apart() -> None:
    vectors = clustered(300, 40) + 5
    reduced = learned(vectors[:100], 12).apply(vectors)
    assert (true_distances(reduced, reduced) <= true_distances(vectors, vectors) + 1e-4).all()


def test_it_keeps_the_axes_of_largest_variance() -> None:
    spread = np.array([1, 9, 3, 27], dtype=np.float32)
    vectors = np.random.default_rng(0).standard_normal((5_000, 4)).astype(np.float32) * spread
    axes = learned(vectors, 2).axes
    assert np.abs(axes).argmax(axis=0).tolist() == [3, 1]
    assert axes.T @ axes == pytest.approx(np.eye(2), abs=1e-5)


def test_of_many_axes_it_keeps_nearly_the_best() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((600, 200)) * np.linspace(1, 0.05, 200) ** 2
    found = learned(vectors.astype(np.float32), 20)
    largest = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    best = largest[:20].sum() / largest.sum()
    assert 0.98 * best < found.held <= best * (1 + 1e-5)
    along = np.square(found.apply(vectors.astype(np.float32))).sum()
    assert along / largest.sum() == pytest.approx(found.held, rel=1e-4)
    assert learned(np.ones((50, 4), dtype=np.float32), 2).held == 1


def test_the_number_of_threads_changes_no_byte() -> None:
    vectors = clustered(2_000, 30)
    one, two = (learned(vectors, 9, threads) for threads in (1, 2))
    assert one.axes.tobytes() == two.axes.tobytes()

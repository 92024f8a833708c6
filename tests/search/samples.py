"""Vectors for the tests of search, and slow and obvious answers to compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annclust.arrays import Nodes, Vectors
from annclust.neighbor_graph import NeighborGraph
from annclust.search.recall import RecallSample
from annclust.vector_source import VectorSource


def grid_vectors(*, fewest: int = 1, most: int = 40) -> st.SearchStrategy[Vectors]:
    """Vectors of small whole numbers: many are equal, and float32 computes with them exactly."""
    sizes = st.tuples(st.integers(fewest, most), st.integers(1, 5))
    whole = st.integers(-3, 3).map(float)
    return sizes.flatmap(lambda size: arrays(np.float32, size, elements=whole))


def clustered(n: int, d: int, *, seed: int = 0) -> Vectors:
    """Vectors around n / 20 centers."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((max(n // 20, 1), d))
    spread = 0.3 * rng.standard_normal((n, d))
    return (centers[rng.integers(0, len(centers), n)] + spread).astype(np.float32)


def two_towns(n: int, d: int, spread: float) -> Vectors:
    """Vectors around two far places, nearer to each other than float32 products can tell."""
    rng = np.random.default_rng(0)
    places = np.where(np.arange(n) % 2, 0.5, -0.5)[:, np.newaxis]
    return (places + spread * rng.standard_normal((n, d))).astype(np.float32)


def true_distances(queries: Vectors, vectors: Vectors) -> NDArray[np.float64]:
    """Every distance, one by one in float64: shape (m, n)."""
    wide = vectors.astype(np.float64)
    rows = [np.sqrt(((wide - query) ** 2).sum(axis=1)) for query in queries.astype(np.float64)]
    return np.array(rows).reshape(len(queries), len(vectors))


def nearest_by_sorting(
    distances: NDArray[np.float64], k: int, seen: Callable[[int], Nodes]
) -> list[list[int]]:
    """The k nearest of the columns that each row may see, ties by column."""
    lists = []
    for row, line in enumerate(distances):
        columns = seen(row)
        lists.append(columns[np.lexsort((columns, line[columns]))][:k].tolist())
    return lists


def recall_of(graph: NeighborGraph, vectors: VectorSource, *, size: int = 200) -> float:
    """Share of the true neighbors that a graph has."""
    sample = RecallSample.drawn(vectors, graph.k, size=size, seed=0)
    return sample.recall(graph.distances[sample.nodes]).overall

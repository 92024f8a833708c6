"""Synthetic photos: unit vectors that lie as image embeddings do, for measurements.

Clusters of lognormal size spread over few directions each, under isotropic noise; some vectors
belong to no cluster, some are near-duplicates of others.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from annclust.arrays import Labels, Nodes, Vectors, unit_rows

MEAN_SIZE = 100
LOCAL_DIMENSION = 12
BACKGROUND = 0.15
NEAR_DUPLICATES = 0.04


def photos(n: int, dimension: int, seed: int = 0) -> Vectors:
    """Make n vectors, shape (n, dimension), float32, of length 1."""
    rng = np.random.default_rng(seed)
    spread = _spectrum(dimension)
    clusters = max(n // MEAN_SIZE, 2)
    weights = rng.lognormal(0, 1.3, clusters)
    labels: Labels = rng.choice(clusters, n, p=weights / weights.sum())
    labels[rng.random(n) < BACKGROUND] = -1
    vectors = np.empty((n, dimension), dtype=np.float32)
    for label in range(-1, clusters):
        members = np.flatnonzero(labels == label)
        vectors[members] = _members(rng, members, spread, alone=label < 0)
    _repeat_some(rng, vectors)
    return unit_rows(vectors)


def _spectrum(dimension: int) -> Vectors:
    """Standard deviation along each direction: few of them hold most of the variance."""
    spread = np.arange(1, dimension + 1, dtype=np.float32) ** -0.7
    return spread / np.sqrt((spread**2).sum())


def _members(rng: Generator, members: Nodes, spread: Vectors, *, alone: bool) -> Vectors:
    shape = (len(members), len(spread))
    noise = rng.standard_normal(shape, dtype=np.float32) * np.float32(0.2 / len(spread) ** 0.5)
    if alone:
        return noise + rng.standard_normal(shape, dtype=np.float32) * spread
    center = rng.standard_normal(len(spread), dtype=np.float32) * spread
    directions = rng.standard_normal((LOCAL_DIMENSION, len(spread)), dtype=np.float32) * spread
    place = rng.standard_normal((len(members), LOCAL_DIMENSION), dtype=np.float32)
    scale = np.float32(0.5 * rng.lognormal(0, 0.35) / LOCAL_DIMENSION**0.5)
    return noise + center + scale * (place @ directions)


def _repeat_some(rng: Generator, vectors: Vectors) -> None:
    """Turn some vectors into near-duplicates of others, in place."""
    n, dimension = vectors.shape
    copies = rng.choice(n, int(NEAR_DUPLICATES * n), replace=False)
    originals = rng.choice(n, len(copies))
    noise = rng.standard_normal((len(copies), dimension), dtype=np.float32)
    vectors[copies] = vectors[originals] + noise * np.float32(0.02 / dimension**0.5)

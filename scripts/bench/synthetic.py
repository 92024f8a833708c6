"""Synthetic photos: labelled unit vectors that lie as image embeddings do, for measurements.

Clusters of lognormal size around centers that share themes; each spreads over 8 to 20 directions of
its own, under noise in all directions. Some vectors belong to no cluster, some are near-duplicates
or exact copies of others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from annclust.arrays import Labels, Nodes, Vectors, unit_rows

MEAN_SIZE = 150
BACKGROUND = 0.15
NEAR_DUPLICATES = 0.04
EXACT_COPIES = 0.005

_SPANNED = 192
"""Dimensions that hold all but the noise, as in embeddings of real images."""

_WIDTH = 0.55
"""Spread of a cluster against that of all vectors."""

_NOISE = 0.25
_TREMBLE = 0.02
_BLOCK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVectors:
    """Unit vectors, shape (n, d), and the cluster of each, shape (n,); -1 belongs to none."""

    vectors: Vectors
    labels: Labels


def photos(n: int, dimension: int, seed: int = 0) -> Vectors:
    """Make n vectors, shape (n, dimension), float32, of length 1."""
    return labelled_photos(n, dimension, seed).vectors


def labelled_photos(n: int, dimension: int, seed: int = 0) -> LabelledVectors:
    """Make n vectors of length 1 with the clusters that they were drawn from."""
    rng = np.random.default_rng(seed)
    labels = _labels(rng, n)
    vectors = _clustered(rng, labels, dimension)
    _tremble(rng, vectors, _NOISE)
    _repeat(rng, vectors, labels, NEAR_DUPLICATES, _TREMBLE)
    _repeat(rng, vectors, labels, EXACT_COPIES, 0.0)
    for first in range(0, n, _BLOCK):
        vectors[first : first + _BLOCK] = unit_rows(vectors[first : first + _BLOCK])
    return LabelledVectors(vectors, labels)


def _labels(rng: Generator, n: int) -> Labels:
    clusters = max(8, int(n * (1 - BACKGROUND) / MEAN_SIZE))
    weights = rng.lognormal(0, 1.3, clusters)
    labels: Labels = rng.choice(clusters, n, p=weights / weights.sum())
    labels[rng.random(n) < BACKGROUND] = -1
    return labels


def _clustered(rng: Generator, labels: Labels, dimension: int) -> Vectors:
    """Every vector where its cluster has it, before noise."""
    spanned = min(dimension, _SPANNED)
    spread = np.arange(1, spanned + 1, dtype=np.float32) ** -0.5
    spread /= np.sqrt((spread**2).sum())
    basis = np.linalg.qr(rng.standard_normal((dimension, spanned)))[0].T.astype(np.float32)
    clusters = int(labels.max()) + 1
    centers = _centers(rng, clusters, spread)
    vectors = np.empty((len(labels), dimension), dtype=np.float32)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(-1, clusters + 1))
    for cluster in range(-1, clusters):
        members = order[ends[cluster + 1] : ends[cluster + 2]]
        if cluster < 0:
            places = rng.standard_normal((len(members), spanned), dtype=np.float32) * spread
        else:
            places = centers[cluster] + _around(rng, len(members), spread)
        for first in range(0, len(members), _BLOCK):
            part = members[first : first + _BLOCK]
            vectors[part] = places[first : first + _BLOCK] @ basis
    return vectors


def _centers(rng: Generator, clusters: int, spread: Vectors) -> Vectors:
    themes = rng.standard_normal((max(4, int(clusters**0.5)), len(spread)), dtype=np.float32)
    own = rng.standard_normal((clusters, len(spread)), dtype=np.float32)
    shared = themes[rng.integers(0, len(themes), clusters)]
    return (np.float32(0.6) * shared + np.float32(0.8) * own) * spread


def _around(rng: Generator, size: int, spread: Vectors) -> Vectors:
    """Members of a cluster, seen from its center."""
    directions = int(rng.integers(8, 21))
    width = np.float32(_WIDTH * rng.lognormal(0, 0.35))
    axes = rng.standard_normal((directions, len(spread)), dtype=np.float32) * spread
    axes *= (np.arange(1, directions + 1, dtype=np.float32) ** -0.5)[:, np.newaxis]
    axes *= width / np.sqrt((axes**2).sum())
    return rng.standard_normal((size, directions), dtype=np.float32) @ axes


def _tremble(rng: Generator, vectors: Vectors, size: float) -> None:
    """Add noise of this length in all directions, in place."""
    n, dimension = vectors.shape
    for first in range(0, n, _BLOCK):
        part = vectors[first : first + _BLOCK]
        noise = rng.standard_normal(part.shape, dtype=np.float32)
        part += noise * np.float32(size / dimension**0.5)


def _repeat(
    rng: Generator, vectors: Vectors, labels: Labels, share: float, distance: float
) -> None:
    """Turn a share of the vectors into (near-)copies of others, some four of each, in place."""
    n, dimension = vectors.shape
    count = int(share * n)
    templates = rng.integers(0, n, max(1, count // 4))
    originals: Nodes = templates[rng.integers(0, len(templates), count)]
    places = rng.choice(n, count, replace=False)
    away = rng.standard_normal((count, dimension), dtype=np.float32)
    vectors[places] = vectors[originals] + away * np.float32(distance / dimension**0.5)
    labels[places] = labels[originals]

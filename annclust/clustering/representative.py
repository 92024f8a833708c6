"""Representative: the member of a cluster that stands for it.

It is the medoid under squared Euclidean distance: Σ |x - y|² over the members y is least for the
member x that is nearest to their mean. So one pass for the means and one for the distances find it,
in O(n d) instead of O(n² d).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from annclust.arrays import Labels, Nodes, Weights
from annclust.vector_source import VectorSource

_BLOCK = 4_096
"""Members read at a time: 42 MB in float64 at 1,280 dimensions."""


def representatives(vectors: VectorSource, labels: Labels) -> Nodes:
    """The medoid of each cluster.

    Parameters
    ----------
    vectors : VectorSource
        n vectors of dimension d.
    labels : ndarray of shape (n,), int64
        Clusters from 0 without gaps; -1 is noise.

    Returns
    -------
    ndarray of shape (clusters,), int64
        Position of each cluster's medoid; the lowest of equally good ones.
    """
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(int(labels.max(initial=-1)) + 2))
    members = [order[first:last] for first, last in pairwise(starts)]
    return np.array([_medoid(vectors, each) for each in members], dtype=np.int64)


def _medoid(vectors: VectorSource, members: Nodes) -> int:
    blocks = [members[first : first + _BLOCK] for first in range(0, len(members), _BLOCK)]
    sums = [_exact_rows(vectors, block).sum(axis=0) for block in blocks]
    mean = np.sum(sums, axis=0) / len(members)
    distances = [_squared_distances(_exact_rows(vectors, block), mean) for block in blocks]
    return int(members[np.concatenate(distances).argmin()])


def _exact_rows(vectors: VectorSource, rows: Nodes) -> Weights:
    """Rows in float64, in which both members of a pair are equally far from their mean."""
    return vectors.take(rows).astype(np.float64)


def _squared_distances(rows: Weights, mean: Weights) -> Weights:
    difference = rows - mean
    squared: Weights = np.einsum("ij,ij->i", difference, difference)
    return squared

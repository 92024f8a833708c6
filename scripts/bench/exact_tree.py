"""Exact tree: HDBSCAN over all pairs, in pieces that fit into memory, to compare with.

Prim's algorithm over a matrix that is computed row by row: n passes over all vectors. hdbscan's
own functions make the clusters of it.
"""

from __future__ import annotations

import numpy as np
from hdbscan._hdbscan_linkage import label
from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
from sklearn.metrics import adjusted_rand_score

from annclust.arrays import Labels, Vectors
from annclust.search.exact import nearest
from annclust.vector_source import ArrayVectors

_BLOCK = 1_000


def exact_labels(vectors: Vectors, min_samples: int, min_cluster_size: int) -> Labels:
    """Clusters of all vectors, shape (n,); -1 is noise. Takes seconds for each 1,000 vectors."""
    n = len(vectors)
    core = np.empty(n, dtype=np.float32)
    for first in range(0, n, _BLOCK):
        nodes = np.arange(first, min(first + _BLOCK, n))
        found = nearest(ArrayVectors(vectors), vectors[nodes], min_samples, itself=nodes)
        core[nodes] = found[0][:, -1]
    edges = _spanning_tree(vectors, core)
    condensed = condense_tree(
        label(edges[np.argsort(edges[:, 2], kind="stable")]), min_cluster_size
    )
    return np.asarray(get_clusters(condensed, compute_stability(condensed))[0])


def _spanning_tree(vectors: Vectors, core: np.ndarray) -> np.ndarray:
    n = len(vectors)
    best, origin = np.full(n, np.inf, dtype=np.float32), np.zeros(n, dtype=np.int64)
    outside = np.ones(n, dtype=np.bool_)
    lengths = np.einsum("ij,ij->i", vectors, vectors)
    edges, node = np.empty((n - 1, 3)), 0
    for step in range(n - 1):
        outside[node] = False
        away = np.sqrt(np.maximum(lengths + lengths[node] - 2 * (vectors @ vectors[node]), 0))
        np.maximum(away, core, out=away)
        np.maximum(away, core[node], out=away)
        nearer = outside & (away < best)
        best[nearer], origin[nearer] = away[nearer], node
        following = int(np.where(outside, best, np.inf).argmin())
        edges[step] = origin[following], following, best[following]
        node = following
    return edges


def agreement(one: Labels, other: Labels) -> float:
    """Adjusted Rand index with every noise vector as a cluster by itself ("ari1").

    As one cluster, noise would hold nearly all pairs and decide the score.
    """
    return float(adjusted_rand_score(_alone(one), _alone(other)))


def _alone(labels: Labels) -> Labels:
    noise = labels < 0
    apart = labels.copy()
    apart[noise] = labels.max(initial=-1) + 1 + np.arange(noise.sum())
    return apart

"""Refinement: better candidates among the neighbors of neighbors. Pure.

Near vectors are likely to know each other (Dong, Moses, Li 2011, Efficient k-nearest neighbor graph
construction for generic similarity measures, WWW): a node looks at its nearest candidates, at those
that have it among theirs, and at the nearest candidates of all these.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Candidates, Distances, Nodes, Vectors
from annclust.search.faiss_index import squared_distances_by_row

FORWARD = 12
"""Candidates of a node that are followed."""

REVERSE = 8
"""Nodes that are followed because they have a node among their own first `FORWARD`."""


def reverse_lists(candidates: Candidates) -> Candidates:
    """For each node, nodes that have it among their nearest candidates.

    Parameters
    ----------
    candidates : ndarray of shape (n, p), int32
        Nearest first; -1 where there is none.

    Returns
    -------
    ndarray of shape (n, REVERSE), int32
        Those that have it nearest to the front come first; -1 where there are fewer.
    """
    n = len(candidates)
    targets = np.ascontiguousarray(candidates[:, :FORWARD].T).ravel()
    # Sorted as plain numbers, which NumPy does with vector instructions: the target above, the
    # place in the columns below.
    entries = targets.astype(np.int64)
    entries <<= 32
    entries |= np.arange(len(targets), dtype=np.int32)
    entries.sort()
    starts = np.searchsorted(entries, np.arange(n + 1, dtype=np.int64) << 32)
    lists = np.full((n, REVERSE), -1, dtype=np.int32)
    for each in range(REVERSE):
        there = np.flatnonzero(starts[:-1] + each < starts[1:])
        lists[there, each] = (entries[starts[there] + each] & 0xFFFFFFFF) % n
    return lists


def refined(
    nodes: Nodes, candidates: Candidates, reverse: Candidates, reduced: Vectors
) -> Candidates:
    """The nearest of what some nodes, their neighbors, and the neighbors of these know.

    Parameters
    ----------
    nodes : ndarray of shape (m,), int64
        Those whose candidates are refined.
    candidates : ndarray of shape (n, p), int32
        Nearest first; -1 where there is none.
    reverse : ndarray of shape (n, REVERSE), int32
        As `reverse_lists` gives it.
    reduced : ndarray of shape (n, r), float32
        Vectors after PCA.

    Returns
    -------
    ndarray of shape (m, p), int32
    """
    near: Candidates = np.hstack([candidates[nodes, :FORWARD], reverse[nodes]])
    beyond: Candidates = candidates[near, :FORWARD]  # of -1: the last node's, which are masked
    beyond[near < 0] = -1
    together = np.hstack([candidates[nodes], near, beyond.reshape(len(nodes), -1)])
    known = _distinct(together, nodes)
    squared = squared_distances_by_row(reduced[nodes], reduced, known)
    squared[known < 0] = np.inf
    return _nearest(known, squared, candidates.shape[1])


def _distinct(known: Candidates, nodes: Nodes) -> Candidates:
    """Each node once per row, the row's own left out; -1 in front, as narrow as can be."""
    known.sort(axis=1)
    known[:, 1:][known[:, 1:] == known[:, :-1]] = -1
    known[known == nodes[:, np.newaxis]] = -1
    known.sort(axis=1)
    widest = int((known >= 0).sum(axis=1).max(initial=1))
    return np.ascontiguousarray(known[:, -widest:])


def _nearest(known: Candidates, squared: Distances, size: int) -> Candidates:
    if known.shape[1] > size:
        chosen = np.argpartition(squared, size - 1, axis=1)[:, :size]
        known = np.take_along_axis(known, chosen, 1)
        squared = np.take_along_axis(squared, chosen, 1)
    order = np.lexsort((known, squared), axis=1)
    nearest: Candidates = np.take_along_axis(known, order, 1)
    padding = ((0, 0), (0, size - nearest.shape[1]))
    padded: Candidates = np.pad(nearest, padding, constant_values=-1)
    return padded

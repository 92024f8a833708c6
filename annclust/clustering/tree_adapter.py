"""Tree adapter: the one module that touches the private halves of scikit-learn and hdbscan.

Single linkage comes from scikit-learn's compiled loop (.5 s for a million edges), or from hdbscan's
(27 s) where a later scikit-learn has moved it. Both are imported when they are first needed: that
takes a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, Weights

LinkageMatrix = NDArray[np.float64]
"""SciPy's linkage form, shape (n - 1, 4): left, right, distance, size."""


def linkage(left: Nodes, right: Nodes, weight: Weights) -> LinkageMatrix:
    """Single linkage of a spanning tree, by the fastest way there is.

    Parameters
    ----------
    left, right : ndarray of shape (n - 1,), int64
        The ends of its edges.
    weight : ndarray of shape (n - 1,), float64
        Ascending.
    """
    try:
        return linkage_by_scikit_learn(left, right, weight)
    except ImportError:
        return linkage_by_hdbscan(left, right, weight)


def linkage_by_scikit_learn(left: Nodes, right: Nodes, weight: Weights) -> LinkageMatrix:
    """Single linkage by `sklearn.cluster._hdbscan`; arguments as of `linkage`."""
    from sklearn.cluster._hdbscan._linkage import MST_edge_dtype, make_single_linkage

    edges = np.empty(len(left), dtype=MST_edge_dtype)
    edges["current_node"], edges["next_node"], edges["distance"] = left, right, weight
    merges = make_single_linkage(edges)
    columns = ("left_node", "right_node", "value", "cluster_size")
    found = np.empty((len(left), len(columns)))
    for place, name in enumerate(columns):
        found[:, place] = merges[name]
    return found


def linkage_by_hdbscan(left: Nodes, right: Nodes, weight: Weights) -> LinkageMatrix:
    """Single linkage by `hdbscan`; arguments as of `linkage`."""
    from hdbscan._hdbscan_linkage import label

    merges: LinkageMatrix = label(np.column_stack([left, right, weight]))
    return merges

"""Tree adapter: the one module that touches the private halves of scikit-learn and hdbscan.

Single linkage and condensed tree come from scikit-learn's compiled loops (.5 and 1.3 s for a
million edges), or from hdbscan's (27 and 2.5 s) where a later scikit-learn has moved them. Both are
imported when they are first needed: that takes a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Nodes, Weights

Table = NDArray[Any]
"""A structured array with the fields ``parent``, ``child``, ``lambda_val``, ``child_size``."""

_FIELDS = ("parent", "child", "lambda_val", "child_size")

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
    return np.column_stack([merges[name] for name in columns]).astype(np.float64)


def linkage_by_hdbscan(left: Nodes, right: Nodes, weight: Weights) -> LinkageMatrix:
    """Single linkage by `hdbscan`; arguments as of `linkage`."""
    from hdbscan._hdbscan_linkage import label

    merges: LinkageMatrix = label(np.column_stack([left, right, weight]))
    return merges


def condense(merges: LinkageMatrix, min_cluster_size: int) -> Table:
    """The condensed tree of a linkage, by the fastest way there is."""
    try:
        return condense_by_scikit_learn(merges, min_cluster_size)
    except ImportError:
        return condense_by_hdbscan(merges, min_cluster_size)


def condense_by_scikit_learn(merges: LinkageMatrix, min_cluster_size: int) -> Table:
    """The condensed tree by `sklearn.cluster._hdbscan`; arguments as of `condense`."""
    from sklearn.cluster._hdbscan._tree import HIERARCHY_dtype, _condense_tree

    hierarchy = np.empty(len(merges), dtype=HIERARCHY_dtype)
    columns = ("left_node", "right_node", "value", "cluster_size")
    for name, column in zip(columns, merges.T, strict=True):
        hierarchy[name] = column
    table: Table = _condense_tree(hierarchy, min_cluster_size)
    return table.view([(name, table.dtype[place]) for place, name in enumerate(_FIELDS)])


def condense_by_hdbscan(merges: LinkageMatrix, min_cluster_size: int) -> Table:
    """The condensed tree by `hdbscan`; arguments as of `condense`."""
    from hdbscan._hdbscan_tree import condense_tree

    table: Table = condense_tree(merges, min_cluster_size)
    return table

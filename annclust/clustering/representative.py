"""Representative: the member of a cluster that stands for it: the one in its densest place.

It is known from the tree alone, so that clusters can be cut anew without the vectors.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Labels, Nodes, Weights


def representatives(labels: Labels, left_at: Weights) -> Nodes:
    """The member of each cluster that stays in the tree for longest.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Clusters from 0 without gaps; -1 is noise.
    left_at : ndarray of shape (n,), float64
        λ at which each vector leaves the condensed tree.

    Returns
    -------
    ndarray of shape (clusters,), int64
        The lowest of equally good ones.
    """
    order = np.lexsort((-left_at, labels))
    first = np.searchsorted(labels[order], np.arange(int(labels.max(initial=-1)) + 1))
    chosen: Nodes = order[first]
    return chosen

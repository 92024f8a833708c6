"""Attraction: how far neighbors pull each photo of a map.

Part of step 3 of a map; see :mod:`annclust.photo_map.descent`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.parallel import map_parts
from annclust.photo_map.affinities import Affinities
from annclust.photo_map.places import Places

_BLOCK = 8_192
"""Nodes at a time: their edges fit in the processor's caches."""


def attraction(affinities: Affinities, places: Places, *, threads: int = 1) -> Places:
    """Sum over the neighbors j of each node i of a_ij (y_j - y_i) / (1 + |y_j - y_i|²).

    The attractive half of t-SNE's gradient [1]_.

    Parameters
    ----------
    affinities : Affinities
        Of n nodes.
    places : ndarray of shape (n, 2), float32
    threads : int
        Makes no difference to the result.

    Returns
    -------
    ndarray of shape (n, 2), float32

    References
    ----------
    .. [1] van der Maaten, Hinton (2008), JMLR 9, Equation 5.
    """
    along = np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])

    def of_block(first: int) -> Places:
        return _of_nodes(affinities, along, first, min(first + _BLOCK, affinities.n))

    blocks = map_parts(of_block, range(0, affinities.n, _BLOCK), threads)
    return np.concatenate(list(blocks))


def _of_nodes(
    affinities: Affinities,
    along: tuple[NDArray[np.float32], NDArray[np.float32]],
    first: int,
    last: int,
) -> Places:
    bounds = affinities.starts[first : last + 1]
    edges, counts = slice(bounds[0], bounds[-1]), np.diff(bounds)
    others = affinities.others[edges]
    apart = [axis[others] - np.repeat(axis[first:last], counts) for axis in along]
    pull = affinities.weights[edges] / (1 + apart[0] ** 2 + apart[1] ** 2)
    pulled = np.zeros((last - first, 2), dtype=np.float32)
    drawn = np.flatnonzero(counts)  # reduceat knows no empty rows
    begins = (bounds[:-1] - bounds[0])[drawn]
    for axis, difference in enumerate(apart):
        if len(drawn):
            pulled[drawn, axis] = np.add.reduceat(difference * pull, begins)
    return pulled

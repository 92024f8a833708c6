"""Remembered start: where photos begin on a map that was drawn before, so that one knows it again.

Step 2 of a map; see :mod:`annclust.photo_map.drawing` for the chain.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Nodes
from annclust.photo_map.affinities import Affinities
from annclust.photo_map.places import Places

_ROUNDS = 8
"""Photos that are no more steps than this away from one with a place begin beside it."""

_JITTER = 0.1
"""Of the distance at which attraction is half as strong: newcomers do not begin in one place."""


def remembered_start(affinities: Affinities, known: Places, *, seed: int) -> Places:
    """Known places, and for the others the middle of their neighbors.

    Parameters
    ----------
    affinities : Affinities
        Of n nodes.
    known : ndarray of shape (n, 2), float32
        NaN where a node has no place; one has at least.
    seed : int
        Of what tells newcomers apart.

    Returns
    -------
    ndarray of shape (n, 2), float32
        Whoever has nobody with a place within reach begins around the middle of the map.
    """
    rng = np.random.default_rng(seed)
    new = np.isnan(known[:, 0])
    places = _spread(affinities, known)
    lost = np.isnan(places[:, 0])
    there = known[~new]
    middle, spread = there.mean(axis=0), there.std(axis=0)
    places[lost] = middle + spread * rng.standard_normal((int(lost.sum()), 2), dtype=np.float32)
    away = rng.standard_normal((int(new.sum()), 2), dtype=np.float32)
    places[new] += np.float32(_JITTER) * away
    return places


def _spread(affinities: Affinities, known: Places) -> Places:
    """Known places, and the middle of those of the neighbors, step by step."""
    matrix, places = affinities.matrix(), known.copy()
    for _ in range(_ROUNDS):
        there = ~np.isnan(places[:, 0])
        if there.all():
            break
        weight = matrix @ there.astype(np.float32)
        sums = matrix @ np.where(there[:, np.newaxis], places, np.float32(0))
        reached: Nodes = np.flatnonzero(~there & (weight > 0))
        places[reached] = sums[reached] / weight[reached, np.newaxis]
    return places

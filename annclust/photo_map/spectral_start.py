"""Spectral start: where photos of a map that was never drawn begin, so that near ones begin near.

Step 2 of a map; see :mod:`annclust.photo_map.drawing` for the chain.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from annclust.arrays import Vectors
from annclust.parallel import one_thread_in_blas
from annclust.photo_map.affinities import Affinities
from annclust.photo_map.places import Places

_LOOSELY_TIED = 0.05
"""Affinity of each photo to all the others together, besides its own: without it the smoothest
directions are those that tell one lonely group from the rest, and where the graph falls into
pieces there would be no order among them (Qin and Rohe 2013, NeurIPS 26)."""

_DIRECTIONS = 12
_ROUNDS = 5
_DEGREE = 20
"""Five rounds of a polynomial of that degree settle the first directions of 10,000 photos; what
is left to settle descent does in its first steps."""

_FIRST_CUT = 0.3
_JITTER = 1e-3


def spectral_start(affinities: Affinities, *, seed: int) -> Places:
    """Places along the two smoothest directions over a graph that are not the same everywhere.

    They are the first eigenvectors of the normalized affinities (Laplacian eigenmaps [1]_),
    computed roughly: subspace iteration, with a Chebyshev polynomial that damps all but the
    largest eigenvalues.

    Parameters
    ----------
    affinities : Affinities
        Of n nodes, 2 at least.
    seed : int
        Of the directions that it begins with.

    Returns
    -------
    ndarray of shape (n, 2), float32
        Around 0, with a standard deviation of 1 in either direction.

    References
    ----------
    .. [1] Belkin, Niyogi (2003), Neural Computation 15(6).
    """
    rng = np.random.default_rng(seed)
    walk = _Walk(affinities)
    directions = rng.standard_normal((affinities.n, _DIRECTIONS), dtype=np.float32)
    with one_thread_in_blas():
        smooth = _smoothest(walk, directions)
    places = smooth * walk.scale
    places -= places.mean(axis=0)
    places /= np.maximum(places.std(axis=0), np.finfo(np.float32).tiny)
    # Nodes with the same neighbors would be in one place, which nothing takes apart.
    jittered: Places = places + rng.standard_normal(places.shape, dtype=np.float32) * _JITTER
    return jittered


class _Walk:
    """Normalized affinities, each node loosely tied to all others: D^-1/2 (A + t 11'/n) D^-1/2."""

    def __init__(self, affinities: Affinities) -> None:
        self._affinities: csr_array[np.float32] = affinities.matrix()
        degrees = np.asarray(self._affinities.sum(axis=1)).ravel() + np.float32(_LOOSELY_TIED)
        self.scale: Vectors = (degrees**-0.5)[:, np.newaxis].astype(np.float32)
        self._same = np.sqrt(degrees / degrees.sum(dtype=np.float64)).astype(np.float32)

    def step(self, directions: Vectors) -> Vectors:
        scaled = self.scale * directions
        tied = np.float32(_LOOSELY_TIED) * scaled.mean(axis=0)
        found: Vectors = self.scale * (self._affinities @ scaled + tied)
        return found

    def orthonormal(self, directions: Vectors) -> Vectors:
        """At right angles, also to the direction that is the same everywhere."""
        other = directions - np.outer(self._same, self._same @ directions)
        found: Vectors = np.linalg.qr(other)[0].astype(np.float32)
        return found


def _smoothest(walk: _Walk, directions: Vectors) -> Vectors:
    """The two directions that steps shorten least, shape (n, 2)."""
    cut = _FIRST_CUT
    found = walk.orthonormal(directions)
    for _ in range(_ROUNDS):
        found = walk.orthonormal(_damped(walk, found, cut))
        values, turned = np.linalg.eigh(found.T @ walk.step(found))
        found = (found @ turned)[:, ::-1]
        cut = float(np.clip(values[0], _FIRST_CUT, 1 - 1e-4))
    smooth: Vectors = found[:, :2].astype(np.float32)
    return smooth


def _damped(walk: _Walk, directions: Vectors, cut: float) -> Vectors:
    """Directions times a Chebyshev polynomial of a step: small where eigenvalues are below `cut`.

    Between -1 and `cut` the polynomial swings between -1 and 1; beyond it grows steeply.
    """
    middle, half = np.float32((cut - 1) / 2), np.float32((cut + 1) / 2)

    def seen(those: Vectors) -> Vectors:
        found = walk.step(those)
        found -= middle * those
        found /= half
        return found

    before, now = directions, seen(directions)
    for _ in range(_DEGREE - 1):
        before, now = now, 2 * seen(now) - before
        size = np.maximum(np.abs(now).max(), np.finfo(np.float32).tiny)
        before /= size
        now /= size
    return now

"""Power distance: which vectors may lie within the reach of others, told by one matrix product.

Axes at right angles never make two vectors farther apart: those that are out of reach after PCA are
out of reach. So few pairs need to be measured, and none is missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors

_BOUNDLESS = np.float32(1e37)
"""A squared reach beyond all distances, with which can still be computed."""

_TILE = 1 << 18
"""Pairs compared at a time: 1 MB of distances, which the cache holds."""

STRETCH = 1e-3
"""Relative; squared reaches are stretched by it, so that less is to be allowed for rounding."""

_ROUNDOFF = float(np.finfo(np.float32).eps) / 2


def rounded_products(terms: int) -> float:
    """By how much a squared distance in matrix form may be off, for each unit of |q|² + |x|².

    A sum of products is off by at most so many units of roundoff of the sum of their magnitudes as
    there are terms, and the lengths that go into it by as many (Higham 2002, Accuracy and Stability
    of Numerical Algorithms, section 3.1). (|q| + |x|)² bounds that sum, and is at most twice
    |q|² + |x|².

    Parameters
    ----------
    terms : int
    """
    return 8 * _ROUNDOFF * (terms + 8)


def rounded_axes(dimensions: int, axes: int) -> float:
    """By how much a squared distance may be off for what its ends' coordinates are rounded.

    Coordinates along axes are sums of products of their own: rounding adds up as the root of the
    number of terms (Higham, Mary 2019, A new approach to probabilistic rounding error analysis,
    SIAM J. Sci. Comput. 41(5); its constant is 8 here), along all axes as the root of these. For
    e = that share of the vectors' lengths, D² >= S² (1 - s) - 2 (|q|² + |x|²) e² / s, whatever s;
    here it is `STRETCH`.

    Parameters
    ----------
    dimensions, axes : int

    Returns
    -------
    float
        For each unit of |q|² + |x|², the lengths of the vectors themselves.
    """
    share = 8 * _ROUNDOFF * float(np.sqrt(dimensions * axes))
    return 2 * share**2 / STRETCH


@dataclass(frozen=True, slots=True, eq=False)
class PowerTest:
    """Some vectors that are looked for within the reach of others.

    Parameters
    ----------
    center : ndarray of shape (r,), float32
        Their middle; all are seen from there, as vectors far from the origin would round each other
        away.
    factors : ndarray of shape (a, r + 2), float32
        Of the power distance.
    allowed : float
        What squared distances may be off for the rounding of coordinates.
    """

    center: Vectors
    factors: Vectors
    allowed: float

    @classmethod
    def of(cls, sought: Vectors, *, longest: float, dimensions: int) -> Self:
        """Look for some vectors.

        Parameters
        ----------
        sought : ndarray of shape (a, r), float32
            Along axes; a is at least 1.
        longest : float
            Length that no vector exceeds, sought or not, before it was put along axes.
        dimensions : int
            Of those.
        """
        center = sought.mean(axis=0)
        moved = sought - center
        lengths = _shortened(moved)
        factors = np.column_stack([-2 * moved, np.ones_like(lengths), lengths])
        allowed = rounded_axes(dimensions, sought.shape[1]) * 2 * longest**2
        return cls(center, factors, allowed)

    def within(self, block: Vectors, reach: Distances) -> tuple[Nodes, Nodes]:
        """Which members of a block may have which of the sought within their reach.

        Parameters
        ----------
        block : ndarray of shape (b, r), float32
        reach : ndarray of shape (b,), float32
            ``inf`` is all.

        Returns
        -------
        member, sought : ndarray of shape (p,), int64
            Positions in the block, ascending, and among the sought.

        Notes
        -----
        The power distance |q - x|² - reach² as one product of (-2 q, 1, |q|²) and
        (x, |x|² - reach², 1), less what rounding may add to it.
        """
        others = np.ones((len(block), self.factors.shape[1]), dtype=np.float32)
        moved = np.subtract(block, self.center, out=others[:, :-2])
        limit = np.square(reach) * (1 + 2 * STRETCH) + np.float32(self.allowed)
        others[:, -2] = _shortened(moved) - np.minimum(limit, _BOUNDLESS)
        count = len(self.factors)
        step = max(_TILE // count, 1)
        found = [
            first * count + np.flatnonzero(others[first : first + step] @ self.factors.T <= 0)
            for first in range(0, len(block), step)
        ]
        member, sought = np.divmod(np.concatenate(found), count)
        return member, sought


def _shortened(vectors: Vectors) -> Distances:
    """Squared lengths less what rounding may add to distances that they are part of."""
    lengths = np.einsum("ij,ij->i", vectors, vectors)
    shortened: Distances = lengths * np.float32(1 - rounded_products(vectors.shape[1] + 2))
    return shortened

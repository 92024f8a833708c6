"""Power distance: which vectors may lie within the reach of others, told by one matrix product.

Axes at right angles never make two vectors farther apart: those that are out of reach after PCA are
out of reach. So few pairs need to be measured, and none is missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors

_TILE = 1 << 18
"""Pairs compared at a time: 1 MB of distances, which the cache holds."""

ROUNDING = 1e-4
"""Relative; how much float32 may err in coordinates after PCA."""


Real = TypeVar("Real", float, Distances)


def rounding_of_squares(terms: int, magnitude: Real) -> Real:
    """By how much a squared distance in matrix form may be off.

    A sum of products is off by at most so many units of roundoff of the sum of their magnitudes as
    there are terms; lengths that go into it as often again (Higham 2002, Accuracy and Stability of
    Numerical Algorithms, section 3.1).

    Parameters
    ----------
    terms : int
    magnitude : float or ndarray of any shape, float32
        What bounds the sum of the magnitudes.
    """
    return float(2 * np.finfo(np.float32).eps * (terms + 8)) * magnitude


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
    farthest : float
        Of them, from the center.
    """

    center: Vectors
    factors: Vectors
    farthest: float

    @classmethod
    def of(cls, sought: Vectors) -> Self:
        """Look for some vectors, shape (a, r); a is at least 1."""
        center = sought.mean(axis=0)
        moved = sought - center
        lengths = np.einsum("ij,ij->i", moved, moved)
        factors = np.column_stack([-2 * moved, np.ones_like(lengths), lengths])
        return cls(center, factors, float(np.sqrt(lengths.max())))

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
        (x, |x|² - reach², 1); (|q| + |x|)² + reach² bounds the magnitudes.
        """
        others = np.ones((len(block), self.factors.shape[1]), dtype=np.float32)
        moved = np.subtract(block, self.center, out=others[:, :-2])
        lengths = np.einsum("ij,ij->i", moved, moved)
        most = np.square(np.sqrt(lengths) + self.farthest)
        limit = np.minimum(np.square(reach) * (1 + ROUNDING), 2 * most)
        error = rounding_of_squares(others.shape[1], most + limit)
        others[:, -2] = lengths - limit - error
        count = len(self.factors)
        step = max(_TILE // count, 1)
        found = [
            first * count + np.flatnonzero(others[first : first + step] @ self.factors.T <= 0)
            for first in range(0, len(block), step)
        ]
        member, sought = np.divmod(np.concatenate(found), count)
        return member, sought

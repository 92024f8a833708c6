"""Power distance: which vectors may lie within the reach of others, told by one matrix product.

Axes at right angles never make two vectors farther apart: those that are out of reach after PCA are
out of reach. So few pairs need to be measured, and none is missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors

_TILE = 1 << 18
"""Pairs compared at a time: 1 MB of distances, which the cache holds."""

_ROUNDING = 1e-4
"""Relative; how much float32 may err in coordinates after PCA."""


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
        (x, |x|² - reach², 1). It is off by at most so many units of roundoff of the sum of the
        magnitudes as there are terms (Higham 2002, Accuracy and Stability of Numerical Algorithms,
        section 3.1); |q| + |x| and the reach bound that sum.
        """
        others = np.ones((len(block), self.factors.shape[1]), dtype=np.float32)
        moved = np.subtract(block, self.center, out=others[:, :-2])
        lengths = np.einsum("ij,ij->i", moved, moved)
        most = np.square(np.sqrt(lengths) + self.farthest)
        limit = np.minimum(np.square(reach) * (1 + _ROUNDING), 2 * most)
        error = 2 * np.finfo(np.float32).eps * (others.shape[1] + 8) * (most + limit)
        others[:, -2] = lengths - limit - error
        count = len(self.factors)
        step = max(_TILE // count, 1)
        found = [
            first * count + np.flatnonzero(others[first : first + step] @ self.factors.T <= 0)
            for first in range(0, len(block), step)
        ]
        member, sought = np.divmod(np.concatenate(found), count)
        return member, sought

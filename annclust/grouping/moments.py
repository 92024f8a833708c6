"""Moments: when and where photos were taken, as far as their files say so.

What was taken at one moment is more likely to show the same. That only ever brings photos closer:
clocks are wrong, and copies lose what their file said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import xxhash
from numpy.typing import NDArray

from annclust.arrays import Measures, Neighbors, Nodes

_EARTH = 6_371_000.0
"""Radius in meters."""

_ONE_PLACE = 1000.0
"""Meters beyond which two photos are not of one moment, whatever their clocks say."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """When and where each of n photos was taken.

    Parameters
    ----------
    taken : ndarray of shape (n,), float64
        Seconds; NaN where it is unknown.
    latitude, longitude : ndarray of shape (n,), float64
        Degrees; NaN where they are unknown.
    """

    taken: Measures
    latitude: Measures
    longitude: Measures

    @classmethod
    def unknown(cls, n: int) -> Self:
        """Of photos that say nothing."""
        nothing = np.full(n, np.nan)
        return cls(nothing, nothing, nothing)

    @property
    def known(self) -> bool:
        """Whether anything is known of any photo."""
        return bool(np.isfinite(self.taken).any())

    @property
    def digest(self) -> str:
        """Tells whether something else is known by now."""
        known = np.column_stack([self.taken, self.latitude, self.longitude])
        return xxhash.xxh3_64_hexdigest(np.nan_to_num(known, nan=-1e300).tobytes())

    def chosen(self, nodes: Nodes) -> Moments:
        """Those of some photos."""
        return Moments(self.taken[nodes], self.latitude[nodes], self.longitude[nodes])

    def together(self, left: Neighbors, right: Neighbors, seconds: float) -> NDArray[np.bool_]:
        """Whether pairs were taken within so many seconds, and not far apart: shape (m,)."""
        with np.errstate(invalid="ignore"):
            soon = np.abs(self.taken[left] - self.taken[right]) <= seconds
        asked = np.flatnonzero(soon)
        soon[asked] = ~(self._meters(left[asked], right[asked]) > _ONE_PLACE)
        together: NDArray[np.bool_] = soon
        return together

    def in_turn(self, seconds: float) -> tuple[Nodes, Nodes]:
        """Photos that follow each other within so many seconds: two (m,)."""
        order = np.argsort(self.taken, kind="stable")
        first, following = order[:-1], order[1:]
        soon = self.together(first, following, seconds)
        return first[soon], following[soon]

    def _meters(self, left: Neighbors, right: Neighbors) -> Measures:
        """Distance of pairs on a sphere (haversine); NaN where a place is unknown."""
        ours, theirs = (
            (np.radians(self.latitude[end]), np.radians(self.longitude[end]))
            for end in (left, right)
        )
        north, east = (np.sin((b - a) / 2) ** 2 for a, b in zip(ours, theirs, strict=True))
        half = north + np.cos(ours[0]) * np.cos(theirs[0]) * east
        meters: Measures = 2 * _EARTH * np.arcsin(np.sqrt(np.minimum(half, 1)))
        return meters

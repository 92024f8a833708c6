"""Repulsion: how all photos of a map push each other away, in time that grows as their number.

Part of step 3 of a map; see :mod:`annclust.photo_map.descent`. Photos are spread over the knots of
a grid, the grid is convolved with the kernel by Fourier transforms, and what comes out is read at
each photo's place: as [1]_, but with splines, whose smoothing the transform takes back, as [2]_ do
for the forces between atoms.

References
----------
.. [1] Linderman, Rachh, Hoskins, Steinerberger, Kluger (2019), Nature Methods 16.
.. [2] Essmann, Perera, Berkowitz, Darden, Lee, Pedersen (1995), J. Chem. Phys. 103.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from annclust.arrays import Distances
from annclust.parallel import map_parts
from annclust.photo_map.places import Places

_FEW = 256
"""So few photos are compared with each other, which takes less time than the transforms."""

_FINEST = 0.5
"""Distance of two knots; the kernel is as wide as 1. Finer grids draw no other map: what is wrong
with a force is below .05, the share of one photo that is very near."""

_MOST_KNOTS = 1_500
"""Along the longer side; larger maps have wider meshes."""

_MARGIN = 4
_SPLINE = 3
"""Knots that a photo is spread over, along each axis: those of a quadratic spline."""

_BLOCK = 32_768

Grid = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Over which knots some photos are spread: flat knots (9, m), shares and slopes (3, m, 2)."""

    knots: NDArray[np.int64]
    shares: Places
    slopes: Places

    def pairs(self) -> Iterator[tuple[NDArray[np.int64], tuple[int, int]]]:
        """Each knot of the photos, and which share along either axis is its own."""
        for place, knots in enumerate(self.knots):
            yield knots, divmod(place, _SPLINE)


@dataclass(frozen=True, slots=True)
class _Mesh:
    """A grid around all photos, with as much room again so that transforms do not wrap around."""

    corner: tuple[float, float]
    distance: float
    shape: tuple[int, int]

    @classmethod
    def around(cls, places: Places) -> _Mesh:
        low, high = places.min(axis=0), places.max(axis=0)
        size = (high - low).astype(float)
        distance = max(_FINEST, float(size.max()) / _MOST_KNOTS)
        across, down = (_roomy(2 * (int(length / distance) + 1 + _MARGIN)) for length in size)
        return cls((float(low[0]), float(low[1])), distance, (across, down))

    def spread(self, places: Places) -> _Spread:
        place = (places - np.array(self.corner, np.float32)) / np.float32(self.distance)
        place += np.float32(_SPLINE / 2)
        nearest = np.rint(place)
        off = place - nearest
        half = np.float32(0.5)
        shares = np.stack([(half - off) ** 2 / 2, np.float32(0.75) - off**2, (half + off) ** 2 / 2])
        slopes = np.stack([off - half, -2 * off, off + half])
        slopes /= np.float32(self.distance)
        first = nearest.astype(np.int64) - 1
        step = np.arange(_SPLINE)
        beside = (step[:, np.newaxis] * self.shape[1] + step).ravel()
        knots = first[:, 0] * self.shape[1] + first[:, 1] + beside[:, np.newaxis]
        return _Spread(knots, shares, slopes)


def _roomy(least: int) -> int:
    """A length that is quick to transform, the same for a while as the map grows."""
    eighths = np.ceil(8 * np.log2(least))
    return int(fft.next_fast_len(int(np.ceil(2 ** (eighths / 8))), real=True))


class Repulsion:
    """What keeps the photos of a map apart. It remembers the kernel while the map has one size.

    Parameters
    ----------
    threads : int
        Makes no difference to the result.
    """

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._kernel: tuple[object, Grid] | None = None

    def between(self, places: Places) -> tuple[float, Places]:
        """What t-SNE's gradient needs: the sum Z over all pairs of k, and the sums over j of k²d.

        k is 1 / (1 + |d|²), d the way from j to i, y_i - y_j.

        Parameters
        ----------
        places : ndarray of shape (n, 2), float32
            Finite; n is 1 at least.

        Returns
        -------
        total : float
            Z, each pair counted twice.
        pushed : ndarray of shape (n, 2), float32
        """
        if len(places) <= _FEW:
            return _between_all(places)
        mesh = _Mesh.around(places)
        parts = [places[first : first + _BLOCK] for first in range(0, len(places), _BLOCK)]
        spread = list(map_parts(mesh.spread, parts, self._threads))
        potential = self._potential(mesh, self._crowd(mesh, spread)).ravel()
        read = list(map_parts(lambda it: _read(it, potential), spread, self._threads))
        total = sum(float(one.sum(dtype=np.float64)) for one, _ in read) - len(places)
        # The kernel's own slope is -2 k² d.
        pushed: Places = np.concatenate([slope for _, slope in read])
        pushed /= np.float32(-2)
        return total, pushed

    def _crowd(self, mesh: _Mesh, spread: Sequence[_Spread]) -> Grid:
        """How many photos there are at each knot."""
        size = mesh.shape[0] * mesh.shape[1]
        crowd = np.zeros(size)
        for one in map_parts(lambda it: _crowded(it, size), spread, self._threads):
            crowd += one
        return crowd.reshape(mesh.shape).astype(np.float32)

    def _potential(self, mesh: _Mesh, crowd: Grid) -> Grid:
        """The crowd, seen through the kernel from every knot."""
        key = (mesh.distance, mesh.shape)
        if self._kernel is None or self._kernel[0] != key:
            self._kernel = key, _transformed_kernel(mesh)
        seen = fft.rfft2(crowd)
        seen *= self._kernel[1]
        potential: Grid = fft.irfft2(seen, s=mesh.shape)
        return potential


def _between_all(places: Places) -> tuple[float, Places]:
    """The same for few photos, pair by pair."""
    away = places[:, np.newaxis] - places
    kernel = 1 / (1 + (away**2).sum(axis=2))
    total = float(kernel.sum(dtype=np.float64)) - len(places)
    pushed: Places = ((kernel**2)[:, :, np.newaxis] * away).sum(axis=1)
    return total, pushed


def _transformed_kernel(mesh: _Mesh) -> Grid:
    """The kernel's transform, sharpened by what spreading and reading smooth."""
    across, down = (np.arange(size) for size in mesh.shape)
    away = [np.minimum(each, len(each) - each) * mesh.distance for each in (across, down)]
    kernel = 1 / (1 + away[0][:, np.newaxis] ** 2 + away[1] ** 2)
    smoothed = np.outer(np.sinc(fft.fftfreq(len(across))), np.sinc(fft.rfftfreq(len(down))))
    sharpened: Grid = (fft.rfft2(kernel).real / smoothed ** (2 * _SPLINE)).astype(np.float32)
    return sharpened


def _crowded(spread: _Spread, size: int) -> NDArray[np.float64]:
    """How many photos there are at each of so many knots."""
    crowd = np.zeros(size)
    for knots, (across, down) in spread.pairs():
        share = spread.shares[across, :, 0] * spread.shares[down, :, 1]
        crowd += np.bincount(knots, share, minlength=size)
    return crowd


def _read(spread: _Spread, potential: Grid) -> tuple[Distances, Places]:
    """Potential and its slope at the places of some photos."""
    value = np.zeros(spread.knots.shape[1], dtype=np.float32)
    slope = np.zeros((len(value), 2), dtype=np.float32)
    for knots, (across, down) in spread.pairs():
        found = potential[knots]
        value += found * spread.shares[across, :, 0] * spread.shares[down, :, 1]
        slope[:, 0] += found * spread.slopes[across, :, 0] * spread.shares[down, :, 1]
        slope[:, 1] += found * spread.shares[across, :, 0] * spread.slopes[down, :, 1]
    return value, slope

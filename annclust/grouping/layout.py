"""Layout: whether two photos are light and dark in the same places, upright, turned or mirrored.

The default embedder keeps 8 x 8 pixels of light of each photo (:mod:`.embedding.descriptor`).
Normalized cross-correlation of these does not depend on exposure and contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes
from annclust.embedding.descriptor import LIGHT, LIGHT_CELLS
from annclust.vector_source import VectorSource

_BLOCK = 16_384

_CELLS = np.arange(LIGHT_CELLS**2).reshape(LIGHT_CELLS, LIGHT_CELLS)
_TURNS: Final = tuple(
    np.rot90(cells, quarter).ravel() for cells in (_CELLS, _CELLS[:, ::-1]) for quarter in range(4)
)[1:]
"""Cells in the order in which they come after each of the seven ways to turn or mirror a photo."""

_FLAT = 3e-3
"""Spread of light in a vector below which a photo has no layout: blank paper stays below a tenth of
it, whatever its noise, and of 280 photos and 120 pages the least has four times as much."""


@dataclass(frozen=True, slots=True, eq=False)
class Layouts:
    """The layout of each of n photos.

    Parameters
    ----------
    patterns : ndarray of shape (n, 64), float16
        Light of each cell less their mean, rows of length 1; zeros where all cells are alike.
    """

    patterns: NDArray[np.float16]

    @classmethod
    def of(cls, vectors: VectorSource) -> Self:
        """Read them from descriptors of the default embedder, shape (n, 1600)."""
        n = vectors.shape[0]
        patterns = np.empty((n, LIGHT_CELLS**2), dtype=np.float16)
        for first in range(0, n, _BLOCK):
            last = min(first + _BLOCK, n)
            light = vectors.block(first, last)[:, LIGHT]
            light = light - light.mean(axis=1, keepdims=True)
            length = np.linalg.norm(light, axis=1, keepdims=True)
            patterns[first:last] = np.where(length >= _FLAT, light / np.maximum(length, _FLAT), 0)
        return cls(patterns)

    def flat(self, nodes: Nodes) -> NDArray[np.bool_]:
        """Which photos have no layout: light is the same everywhere, shape (m,)."""
        return np.logical_not(self.patterns[nodes].any(axis=1))

    def agreement(self, left: Nodes, right: Nodes) -> Distances:
        """Correlation of pairs as they are, from -1 to 1: shape (m,)."""
        return _correlation(self._rows(left), self._rows(right))

    def turned_agreement(self, left: Nodes, right: Nodes) -> Distances:
        """Largest correlation of pairs of which one is turned by quarters, or mirrored: (m,)."""
        ours, theirs = self._rows(left), self._rows(right)
        best = np.full(len(left), -1, dtype=np.float32)
        for turn in _TURNS:
            np.maximum(best, _correlation(ours, theirs[:, turn]), out=best)
        return best

    def _rows(self, nodes: Nodes) -> Distances:
        return self.patterns[nodes].astype(np.float32)


def _correlation(left: Distances, right: Distances) -> Distances:
    found: Distances = np.einsum("ij,ij->i", left, right)
    return found

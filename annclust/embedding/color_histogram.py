"""Color histogram: the embedder that needs no model.

Real but weak: it knows which colors a photo has, and roughly where. For tests, trials and demos,
where it stands in for a network; nothing needs to be patched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels, Vectors
from annclust.embedding.embedder import EmbedderSpec, revision, stacked
from annclust.input_geometry import InputGeometry

NAME = "color-histogram"
SUMMARY = "colors and roughly where they are; weak, instant, needs no model"

_SIDE = 64
_CELLS = 2  # along each side
_BINS = 4  # of each channel
_FULL = 255  # a channel's largest value
_TOTAL = _SIDE**2 * _FULL**3  # what one image counts

SPEC = EmbedderSpec(NAME, revision("grid2-bins4"), dimension=_CELLS**2 * _BINS**3)
GEOMETRY = InputGeometry(short_side=_SIDE, crop=_SIDE)

_Counts: TypeAlias = NDArray[np.float64]


class ColorHistogram:
    """Square roots of the joint color histograms of a 2 x 2 grid of cells.

    The cosine of two vectors is the mean Bhattacharyya coefficient of their cells [1]_: 1 for equal
    histograms, 0 where no color is shared. All sums are whole numbers below 2**53, so the vectors
    are the same on every machine.

    References
    ----------
    .. [1] Bhattacharyya (1943), Bulletin of the Calcutta Mathematical Society 35.
    """

    @property
    def spec(self) -> EmbedderSpec:
        """Its identity."""
        return SPEC

    @property
    def geometry(self) -> InputGeometry:
        """Which pixels it wants to see."""
        return GEOMETRY

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        """Embed images (64, 64, 3) into unit rows (n, 256)."""
        vectors = np.empty((len(images), SPEC.dimension), dtype=np.float32)
        for row, image in enumerate(stacked(images, GEOMETRY)):
            vectors[row] = np.sqrt(_soft_histograms(_cut_into_cells(image)).ravel() / _TOTAL)
        return vectors


def _cut_into_cells(image: Pixels) -> NDArray[np.uint8]:
    """Shape (cells, pixels of a cell, 3)."""
    side = _SIDE // _CELLS
    grid = image.reshape(_CELLS, side, _CELLS, side, 3)
    return grid.swapaxes(1, 2).reshape(_CELLS**2, side**2, 3)


def _soft_histograms(cells: NDArray[np.uint8]) -> _Counts:
    """Joint histogram of each cell, shape (cells, bins**3); a pixel counts ``255**3``."""
    red, green, blue = (_bin_shares(cells[..., channel]) for channel in range(3))
    pairs = (red[..., :, np.newaxis] * green[..., np.newaxis, :]).reshape(*red.shape[:2], -1)
    histograms: _Counts = np.swapaxes(pairs, -1, -2) @ blue
    return histograms.reshape(len(cells), -1)


def _bin_shares(values: NDArray[np.uint8]) -> _Counts:
    """How much of each value falls to each bin: whole numbers that sum to 255.

    A value between the centers of two bins is shared by both, so that a slight change of light
    moves the histogram slightly.
    """
    centers = np.arange(_BINS) * _FULL
    distance = np.abs(values[..., np.newaxis] * float(_BINS - 1) - centers)
    shares: _Counts = np.maximum(_FULL - distance, 0)
    return shares

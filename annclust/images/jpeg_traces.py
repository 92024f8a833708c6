"""JPEG traces: how strongly a picture was compressed, by its file and by its pixels.

Serves :mod:`examining`. A file's tables tell of the last time only. A JPEG that was saved again
at a higher quality, or as PNG, has more bytes and nothing more in them: its coefficients still lie
on the steps of the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.images.tiles import GRID, Tiles, at_most

_LOWEST: Final = ((0, 1, 11), (1, 0, 12), (1, 1, 12), (0, 2, 10), (2, 0, 14))
"""Row, column and step at quality 50 (ITU-T T.81, table K.1, which programs of all kinds scale) of
the coefficients that are looked at: photos have values of many steps in these."""

_STEPS: Final = np.arange(3, 41)
"""Steps that can be seen: below, rounding to whole brightness blurs them; above, few are left."""

_SMALL_SAMPLE: Final = 60
"""So few coefficients of a step's size or more lie on the steps of anything by chance."""

_ENOUGH_TILES: Final = 24
"""Tiles. They hold over 1,000 blocks, of which a tenth would do."""

_ON_STEPS: Final = 0.6
"""Mean cosine of the angle that a coefficient has between two steps: 1 if all lie on steps, 0 if
anywhere. Rounding of a decoder's output leaves .76 at a step of 3, and more above."""


def quality_of(table: Sequence[int]) -> float:
    """Quality from 1 to 100 that gives a brightness table, as libjpeg counts.

    Parameters
    ----------
    table : sequence of 64 int
        In rows, as Pillow gives it.
    """
    steps = np.array([table[8 * row + column] for row, column, _ in _LOWEST], np.float64)
    usual = np.array([step for *_, step in _LOWEST], np.float64)
    return _quality(float(np.median(steps / usual)))


def _quality(coarseness: float) -> float:
    """Turn a multiple of the usual steps into libjpeg's number."""
    return 100 - 50 * coarseness if coarseness <= 1 else max(1.0, 50 / coarseness)


def worn_quality(tiles: Tiles, size: tuple[int, int]) -> float | None:
    """Quality of the coarsest JPEG that these very pixels went through; None if no trace is seen.

    Parameters
    ----------
    tiles : ndarray of shape (tiles, height, width), float32
        Beginning at multiples of 8 pixels.
    size : tuple of int
        Width and height of the picture. Blocks are counted from the far side where it was turned.
    """
    if min(tiles.shape[1:]) < 2 * GRID:
        return None
    some = at_most(tiles, _ENOUGH_TILES)
    grids = ((down, across) for down in (0, size[1] % GRID) for across in (0, size[0] % GRID))
    # In the order given, and each once: most pictures were not turned, and need one look.
    for down, across in dict.fromkeys(grids):
        found = _coarseness(_coefficients(some[:, down:, across:]))
        if found is not None:
            return _quality(found)
    return None


def _coefficients(tiles: Tiles) -> list[NDArray[np.float32]]:
    """Values of the lowest frequencies in all blocks."""
    height, width = (length // GRID * GRID for length in tiles.shape[1:])
    blocks = tiles[:, :height, :width].reshape(len(tiles), height // GRID, GRID, -1, GRID)
    waves = _WAVES[: 1 + max(row for row, *_ in _LOWEST)]
    rows = np.einsum("ur,tyrxc->utyxc", waves, blocks, optimize=True)
    return [(rows[row] @ _WAVES[column]).ravel() for row, column, _ in _LOWEST]


def _cosines() -> NDArray[np.float32]:
    """Rows of the orthonormal discrete cosine transform, which JPEG's is."""
    place, wave = np.arange(GRID), np.arange(GRID)[:, np.newaxis]
    waves = np.cos(np.pi * (2 * place + 1) * wave / (2 * GRID)) / 2
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


_WAVES: Final = _cosines()


def _coarseness(coefficients: list[NDArray[np.float32]]) -> float | None:
    """Steps that coefficients lie on, as a multiple of the usual ones, if most lie on some."""
    steps = [_step(np.abs(values)) for values in coefficients]
    ratios = [step / usual for step, (*_, usual) in zip(steps, _LOWEST, strict=True) if step]
    return float(np.median(ratios)) if len(ratios) > len(_LOWEST) // 2 else None


def _step(values: NDArray[np.float32]) -> int | None:
    """Largest step whose multiples values are."""
    found, best = None, _ON_STEPS
    for step in _STEPS[::-1].tolist():
        score = _on_steps(values, step)
        if found and score <= best:
            break  # values of one step are nearly on steps that are a little larger
        if score >= best:
            found, best = step, score
    return found


def _on_steps(values: NDArray[np.float32], step: int) -> float:
    """How closely values lie on multiples of a step, from -1 to 1; 0 if too few tell."""
    telling = values[values > step / 2]
    if len(telling) < _SMALL_SAMPLE:
        return 0.0
    return float(np.cos(telling * np.float32(2 * np.pi / step)).mean())

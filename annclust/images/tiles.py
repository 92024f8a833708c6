"""Tiles: what the brightness of a picture tells, measured on pieces spread over it.

Serves :mod:`examining`. A hundred pieces tell of 12 million pixels what all of them would, in a
tenth of the time; and the best of them are where the photographer focused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels
from annclust.images.examination import FOCUS_SIDE

_SIDE = 64
"""Pixels of a tile's side: enough for 32 frequencies, and for 49 blocks of JPEG."""

_TILES_A_SIDE = FOCUS_SIDE
"""At most so many across and down."""

GRID = 8
"""JPEG's blocks are so wide; tiles begin where blocks do."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Brightness as JPEG keeps it (ITU-T T.871)."""

Tiles = NDArray[np.float32]
"""Brightness from 0 to 255, shape (tiles, height, width)."""

_DARK, _LIGHT = 4, 251
"""Of 255: at or beyond is what a sensor or an edit cut off, give or take JPEG's ringing."""


def tiles_of(pixels: Pixels) -> Tiles:
    """Brightness of tiles that are evenly spread; all of a picture that is smaller than one.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8

    Returns
    -------
    ndarray of shape (tiles, up to 64, up to 64), float32
    """
    rows, columns = (_starts(length) for length in pixels.shape[:2])
    pieces = [
        pixels[row : row + _SIDE, column : column + _SIDE] for row in rows for column in columns
    ]
    return np.stack(pieces).astype(np.float32) @ LUMA


def _starts(length: int) -> NDArray[np.intp]:
    number = min(_TILES_A_SIDE, max(1, length // _SIDE))
    even = np.linspace(0, max(0, length - _SIDE), number)
    return (even // GRID * GRID).astype(np.intp)


def clipped_shares(tiles: Tiles) -> tuple[float, float]:
    """Shares of pixels that are as dark, and as light, as pixels can be."""
    return float((tiles <= _DARK).mean()), float((tiles >= _LIGHT).mean())


_REACH = 2
"""Pixels between the two whose difference is an edge's: neighbors differ by noise and by how a
sensor's colors were filled in, more than by focus."""

_FAR = 16
"""Pixels apart at which pixels of one thing differ by its contrast, sharp or not."""

_SHARPEST = 0.9
"""Of the tiles, the sharpest tenth counts: a portrait's background shall be out of focus."""

_LEAST_CONTRAST = 25.0
"""Of squared brightness. Tiles with less hold sky or walls, whose sharpness is that of noise."""

_MORE_THAN_NOISE = 4.0
"""Contrast against what noise alone makes of it. With less, the sharpest tenth of the tiles are
those in which noise happens to be strongest; noise measured a quarter too low adds no more than a
sixteenth to the sharpness of any other."""

_CUT_OFF = 0.1
"""Tiles of which more is cut off have hard edges that no lens drew."""

_HARDLY_CUT_OFF = 0.01
"""Tiles of which more is cut off are no place to measure noise, which is cut off with the rest."""


def sharpness(tiles: Tiles) -> float:
    """How quickly brightness changes where it does: 0 for no edge at all, 1 for noise alone.

    Differences over two pixels against those over sixteen, which contrast and brightness do not
    change. Noise, which has no scale, is measured where it is least and taken out of both.
    """
    if min(tiles.shape[1:]) <= _FAR:
        return 0.0
    cut_off = ((tiles <= _DARK) | (tiles >= _LIGHT)).mean(axis=(1, 2))
    whole = cut_off <= _HARDLY_CUT_OFF
    noise = 2 * _noise(tiles[whole] if whole.any() else tiles)
    near, far = _change(tiles, _REACH), _change(tiles, _FAR)
    least = max(_LEAST_CONTRAST, _MORE_THAN_NOISE * noise)
    telling = (far - noise > least) & (cut_off <= _CUT_OFF)
    if not telling.any():
        return 0.0
    ratios = np.maximum(near[telling] - noise, 0) / (far[telling] - noise)
    return float(np.quantile(ratios, _SHARPEST))


def _change(tiles: Tiles, reach: int) -> NDArray[np.float32]:
    """Mean squared difference of pixels so far apart, across and down, of each tile."""
    across = tiles[:, :, reach:] - tiles[:, :, :-reach]
    down = tiles[:, reach:] - tiles[:, :-reach]
    squares = [np.einsum("tij,tij->t", each, each) / each[0].size for each in (across, down)]
    return np.asarray((squares[0] + squares[1]) / 2)


def focus_map(tiles: Tiles) -> bytes:
    """How much detail each tile holds, to be compared with other frames of the same view.

    Parameters
    ----------
    tiles : ndarray of shape (tiles, height, width), float32

    Returns
    -------
    bytes
        16 log2(1 + e) of the energy e of edges, of squared brightness, without that of noise;
        nothing if there are fewer tiles than 12 by 12, or smaller ones.
    """
    if tiles.shape != (FOCUS_SIDE**2, _SIDE, _SIDE):
        return b""
    energy = np.maximum(_change(tiles, _REACH) - 2 * _noise(tiles), 0)
    steps = np.rint(_STEPS_AN_OCTAVE * np.log2(1 + energy))
    return bytes(np.clip(steps, 0, 255).astype(np.uint8))


_STEPS_AN_OCTAVE = 16

_FLATTEST = 0.05
"""Of the tiles, so many are taken to hold noise alone: nearly every photo has a plain place."""


def _noise(tiles: Tiles) -> float:
    """Variance of noise, by a mask that neither slopes nor straight edges answer to.

    References
    ----------
    .. [1] Immerkær (1996), Fast noise variance estimation, CVIU 64(2).
    """
    across = tiles[:, :, 2:] - 2 * tiles[:, :, 1:-1] + tiles[:, :, :-2]
    mask = across[:, 2:] - 2 * across[:, 1:-1] + across[:, :-2]
    variances = np.einsum("tij,tij->t", mask, mask) / (36 * mask[0].size)
    return float(np.quantile(variances, _FLATTEST))


def detail_shares(tiles: Tiles) -> tuple[float, float]:
    """Shares of a picture's width and height that hold detail; less than 1 if it was enlarged.

    A picture holds as much as its highest frequency tells. Photos lose power steadily towards it,
    in proportion to the square; enlarging them leaves a gap behind what was there before.
    """
    if min(tiles.shape[1:]) < _SIDE:
        return 1.0, 1.0
    some = at_most(tiles, _FOR_DETAIL)
    return _detail(some, axis=2), _detail(some, axis=1)


_FOR_DETAIL = 72
"""Tiles. A mean over more moves by less than the steps between frequencies."""


def at_most(tiles: Tiles, number: int) -> Tiles:
    """No more than so many of the tiles, from all over the picture."""
    return tiles[:: -(-len(tiles) // number)]


def _detail(tiles: Tiles, axis: int) -> float:
    window = np.hanning(_SIDE).astype(np.float32)
    centered = tiles - tiles.mean(axis=axis, keepdims=True)
    shaped = centered * (window if axis == 2 else window[:, np.newaxis])
    power = np.abs(np.fft.rfft(shaped, axis=axis)) ** 2
    profile = power.mean(axis=(0, 3 - axis))
    return _highest_detail(profile)


_LOW = slice(2, 9)
"""Frequencies, in periods a tile, that even an enlarged or unsharp picture holds."""

_FAINT = 0.2
"""Of the power that photos would hold on: sharp ones keep so much up to the last frequency, behind
the gap that enlarging leaves there is a tenth or less."""


def _highest_detail(power: NDArray[np.floating[Any]]) -> float:
    """Frequency at which a picture's power first falls off, as a share of all frequencies.

    Parameters
    ----------
    power : ndarray of shape (frequencies,)
        From 0 to half a period a pixel.
    """
    even = power * np.arange(len(power)) ** 2.0
    even[1:-1] = (even[:-2] + even[1:-1] + even[2:]) / 3
    level = _FAINT * even[_LOW].mean()
    faint = np.flatnonzero(even[_LOW.start : -1] < level)
    if not len(faint):
        return 1.0
    at = int(faint[0]) + _LOW.start
    # Between two frequencies: one more is a fifth of all that a much enlarged picture has.
    back = (level - even[at]) / (even[at - 1] - even[at]) if even[at - 1] > level else 0.0
    return float((at - back) / (len(power) - 1))

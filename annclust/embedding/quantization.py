"""Quantization: numbers of a network in 8 bits, which processors multiply faster than 32.

Pure. Values of a layer share one scale; each filter of a convolution has its own (Jacob et al.
2018, Quantization and training of neural networks for efficient integer-arithmetic-only inference).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEVELS = 127
"""Largest weight, to both sides of 0."""

_MOST_OF_TWO = 128
"""Largest sum of two weights that meet two neighboring values of up to 255.

x86 processors without VNNI add two such products in 16 bits, where more than 2^15 is cut off: 255 x
128 is not. With this bound all processors get the same sums.
"""

_MOST_BIAS = 2**30

_SMALLEST = 1e-30
"""Filters of smaller weights are as good as none; their scale is still a number."""

_FACTORS = np.linspace(1.0, 2.0, 11)
"""Scales that are tried for a filter, in parts of the one that its largest weight needs."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """How values of a layer become whole numbers from 0 to 255: value / scale + zero.

    Parameters
    ----------
    scale : float
    zero : int
        What 0 becomes.
    """

    scale: float
    zero: int

    @classmethod
    def of_range(cls, low: float, high: float) -> Quantization:
        """For values from `low` to `high`; 0 is always among them."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = float(np.float32((high - low) / 255))
        return cls(scale, round(-low / scale))


def quantized_filters(
    kernel: NDArray[np.float64], *, summed: bool
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights of a convolution as whole numbers.

    Parameters
    ----------
    kernel : ndarray of shape (filters, channels, height, width)
    summed : bool
        Whether processors add products of neighboring channels in 16 bits; they do not where each
        filter has its own channel.

    Returns
    -------
    weights : ndarray of the same shape, int8
    scales : ndarray of shape (filters,), float32
        Of each filter: the one that changes its weights least, in the mean of squares.
    """
    in_order = np.moveaxis(kernel, 1, -1)  # channels of one place beside each other, as stored
    rows = in_order.reshape(len(kernel), -1)
    largest = np.abs(rows).max(axis=1)
    needed = np.maximum(largest, _SMALLEST) / _LEVELS
    best = np.full(len(rows), np.inf)
    weights, scales = np.zeros_like(rows), needed.copy()
    for factor in _FACTORS:
        scale = (needed * factor).astype(np.float32).astype(np.float64)
        tried = np.clip(np.rint(rows / scale[:, np.newaxis]), -_LEVELS, _LEVELS)
        if summed:
            tried = _bounded_pairs(tried)
        error = np.square(tried * scale[:, np.newaxis] - rows).sum(axis=1)
        better = error < best
        best[better], scales[better], weights[better] = error[better], scale[better], tried[better]
    whole = np.moveaxis(weights.astype(np.int8).reshape(in_order.shape), -1, 1)
    return whole, scales.astype(np.float32)


def quantized_bias(
    bias: NDArray[np.float64], weights: NDArray[np.int8], scales: NDArray[np.float32], given: float
) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Biases as whole numbers of 32 bits, in units of a filter's scale times that of its input.

    Where that is too little for a bias, its filter's weights are as good as 0, and become so.

    Parameters
    ----------
    bias : ndarray of shape (filters,)
    weights, scales
        As `quantized_filters` gives them.
    given : float
        Scale of the input.

    Returns
    -------
    weights, scales, biases, products : ndarray
        The products are what the biases are counted in, shape (filters,).
    """
    fewest = np.abs(bias) / _MOST_BIAS / given
    dead = scales < fewest
    kept = np.where(dead.reshape(-1, 1, 1, 1), 0, weights).astype(np.int8)
    scales = np.where(dead, fewest, scales).astype(np.float32)
    products = scales * np.float32(given)
    return kept, scales, np.rint(bias / products).astype(np.int32), products


def _bounded_pairs(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make both of two neighboring weights smaller where their sum is too large."""
    even = weights.shape[1] // 2 * 2
    pairs = weights[:, :even].reshape(len(weights), -1, 2)
    total = pairs.sum(axis=2)
    excess = np.sign(total) * np.maximum(np.abs(total) - _MOST_OF_TWO, 0)
    half = np.trunc(excess / 2)
    bounded = weights.copy()
    bounded[:, :even] = (pairs - np.stack([half, excess - half], axis=2)).reshape(len(weights), -1)
    return bounded

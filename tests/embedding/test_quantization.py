from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annclust.embedding.onnx_graph import OnnxGraph
from annclust.embedding.onnx_session import OnnxSession
from annclust.embedding.quantization import Quantization, quantized_bias, quantized_filters

KERNELS = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.just(1), st.just(1)),
    elements=st.floats(-4, 4, allow_subnormal=False),
)


@given(low=st.floats(-100, 100), size=st.floats(0.01, 100))
def test_rounding_a_value_within_the_range_changes_it_by_half_a_step(
    low: float, size: float
) -> None:
    to = Quantization.of_range(low, low + size)
    assert 0 <= to.zero <= 255
    for value in np.linspace(low, low + size, 7):
        whole = min(max(round(value / to.scale) + to.zero, 0), 255)
        assert abs((whole - to.zero) * to.scale - value) <= 1.01 * to.scale


@given(kernel=KERNELS, summed=st.booleans())
def test_each_weight_is_within_a_few_steps_of_what_it_was(
    kernel: NDArray[np.float64], summed: bool
) -> None:
    weights, scales = quantized_filters(kernel, summed=summed)
    assert (weights.dtype, scales.dtype) == (np.int8, np.float32)
    difference = np.abs(weights * scales.reshape(-1, 1, 1, 1).astype(np.float64) - kernel)
    largest = np.abs(kernel).max(axis=(1, 2, 3))
    assert (difference.max(axis=(1, 2, 3)) <= largest / 100 + 1e-6).all()


@given(kernel=KERNELS)
def test_no_two_neighboring_weights_are_too_large_together(kernel: NDArray[np.float64]) -> None:
    kernel = np.repeat(kernel, 3, axis=2)
    weights = np.moveaxis(quantized_filters(kernel, summed=True)[0], 1, -1).astype(int)
    weights = weights.reshape(len(kernel), -1)
    even = weights.shape[1] // 2 * 2
    assert (np.abs(weights[:, :even].reshape(len(weights), -1, 2).sum(axis=2)) <= 128).all()


def test_processors_lose_nothing_of_the_largest_sums() -> None:
    """A convolution in whole numbers over the largest values, as the processor computes it."""
    rng = np.random.default_rng(0)
    kernel = np.abs(rng.normal(size=(8, 64, 1, 1))) * np.where(np.arange(8) % 2, 1, -1).reshape(
        8, 1, 1, 1
    )
    weights, scales = quantized_filters(kernel, summed=True)
    graph = OnnxGraph("sums")
    given = Quantization.of_range(0, 255)
    planes = graph.apply("Transpose", graph.images("pixels", side=4), perm=[0, 3, 1, 2])
    many = graph.rounded(graph.apply("Concat", *[graph.as_float(planes)] * 21, axis=1), given)
    filters = graph.filters("kernel", weights[:, :63], scales)
    step = graph.apply("Conv", many, filters, kernel_shape=[1, 1])
    bound = float(64 * 255 * kernel.max())
    step = graph.rounded(step, Quantization.of_range(-bound, bound))
    model = graph.serialized(
        graph.apply("Flatten", graph.apply("GlobalAveragePool", step)), width=8
    )
    white = np.full((1, 4, 4, 3), 255, dtype=np.uint8)
    (found,) = OnnxSession(model, threads=1).run(white)
    exact = (weights[:, :63, 0, 0].astype(np.float64) * scales[:, np.newaxis]).sum(axis=1) * 255
    np.testing.assert_allclose(found, exact, atol=bound / 120)


def test_a_bias_that_is_too_large_for_its_filter_is_kept_and_the_filter_is_not() -> None:
    kernel = np.array([1.0, 1e-12]).reshape(2, 1, 1, 1)
    weights, scales = quantized_filters(kernel, summed=True)
    bias = np.array([0.5, 0.5])
    kept, _, whole, products = quantized_bias(bias, weights, scales, 0.01)
    assert kept.ravel().tolist() == [127, 0]
    np.testing.assert_allclose(whole * products.astype(np.float64), bias, rtol=1e-4)


def test_a_filter_of_zeros_stays_one() -> None:
    weights, scales = quantized_filters(np.zeros((1, 3, 1, 1)), summed=True)
    assert not weights.any()
    assert scales[0] > 0

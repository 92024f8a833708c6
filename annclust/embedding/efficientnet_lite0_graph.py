"""EfficientNet-Lite0 as a graph: from weights to a network that onnxruntime can run.

The architecture is `tf_efficientnet_lite0`: as in TensorFlow, padding is SAME and batch norms have
epsilon 1e-3. The same weights load into its PyTorch-style twin without complaint and give wrong
features; tests/embedding/reference_vectors.npz guards against that.

Differs from the trained network in form: batch norms are folded into the convolutions before them,
and what prepares the pixels is part of the graph. With the ranges of its layers' values it is built
for 8 bits, all but the first layers, whose values need more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.onnx_graph import OnnxGraph, same_padding
from annclust.embedding.quantization import Quantization, quantized_bias, quantized_filters
from annclust.embedding.torch_checkpoint import Tensor

_EPSILON = 1e-3
_PIXEL_MEAN = 127.0
_PIXEL_SCALE = 128.0
_FIRST_ROUNDED = 5
"""Layers before it keep 32 bits, the stem and nearly all of two blocks: they cause a third of what
rounding to 8 changes, and take no longer (docs/benchmarks.md)."""

# Blocks of each stage, and the stride of its first one. Tan and Le (2019), EfficientNet, table 1;
# the Lite edition has no squeeze-and-excitation, and ReLU6. Widths and kernels are the weights'.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


Ranges = Mapping[str, tuple[float, float]]
"""Smallest and largest value of layers, by their names."""


def build_graph(weights: Mapping[str, Tensor], *, side: int, ranges: Ranges | None = None) -> bytes:
    """Build the network from pixels to pooled features.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By their names in the checkpoint.
    side : int
        Of the square images, in pixels.
    ranges : mapping of str to pair of float, or None
        Where the values of each layer lie that is rounded to 8 bits; all have 32 bits if None.

    Returns
    -------
    bytes
        An ONNX model: uint8 images (n, side, side, 3) → float32 features (n, 1280).
    """
    network = _Network(weights, ranges or {})
    return network.pooled(network.maps(side))


def build_observed(weights: Mapping[str, Tensor], *, side: int) -> tuple[bytes, list[str]]:
    """Build the network so that the values of its layers can be seen.

    Parameters
    ----------
    weights, side
        As of `build_graph`.

    Returns
    -------
    model : bytes
        Its outputs after the features are those layers that can be rounded to 8 bits, float32.
    layers : list of str
        Their names, in the same order.
    """
    network = _Network(weights, {})
    maps = network.maps(side)
    layers = [*network.layers][_FIRST_ROUNDED:]
    return network.pooled(maps, [network.layers[layer] for layer in layers]), layers


@dataclass(frozen=True, slots=True)
class _Maps:
    """Feature maps: the step of the graph that gives them, how many they are, and their side.

    `rounded` says how, if they were rounded to 8 bits.
    """

    step: str
    width: int
    side: int
    rounded: Quantization | None = None


class _Network:
    """The layers that EfficientNet-Lite0 is made of, each added to one graph."""

    def __init__(self, weights: Mapping[str, Tensor], ranges: Ranges) -> None:
        self._weights, self._ranges = weights, ranges
        self.layers: dict[str, str] = {}
        """Step of each layer, by its name."""
        self._graph = OnnxGraph("efficientnet-lite0")
        self._bounds = (self._graph.constant("zero", 0.0), self._graph.constant("six", 6.0))

    def maps(self, side: int) -> _Maps:
        """All layers, from pixels to the last feature maps."""
        maps = self.stem(side)
        numbers = count()
        for blocks, first_stride in _STAGES:
            for stride in (first_stride, *[1] * (blocks - 1)):
                maps = self.block(maps, f"_blocks.{next(numbers)}", stride=stride)
        return self.convolution(maps, "_conv_head", "_bn1")

    def stem(self, side: int) -> _Maps:
        """Pixels, made ready, and the first convolution."""
        graph = self._graph
        planes = graph.apply("Transpose", graph.images("pixels", side=side), perm=[0, 3, 1, 2])
        centered = graph.apply("Sub", graph.as_float(planes), graph.constant("mean", _PIXEL_MEAN))
        prepared = graph.apply("Div", centered, graph.constant("scale", _PIXEL_SCALE))
        return self.convolution(_Maps(prepared, 3, side), "_conv_stem", "_bn0", stride=2)

    def block(self, maps: _Maps, prefix: str, *, stride: int) -> _Maps:
        """An inverted residual: widen, filter each map alone, narrow; add the input if it fits."""
        result = maps
        if f"{prefix}._expand_conv.weight" in self._weights:
            result = self.convolution(result, f"{prefix}._expand_conv", f"{prefix}._bn0")
        result = self.convolution(
            result, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride=stride, depthwise=True
        )
        result = self.convolution(
            result, f"{prefix}._project_conv", f"{prefix}._bn2", activation=False
        )
        if (result.width, result.side) != (maps.width, maps.side):
            return result
        added = self._graph.apply("Add", result.step, maps.step)
        return self._layer(f"{prefix}.add", added, result.width, result.side)

    def convolution(
        self,
        maps: _Maps,
        name: str,
        norm: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = True,
    ) -> _Maps:
        """A convolution with its batch norm folded in, SAME padding and, mostly, ReLU6."""
        kernel, bias = _folded(self._weights, name, norm)
        width, _, size, _ = kernel.shape
        filters = self._filters(name, kernel, bias, maps.rounded, summed=not depthwise)
        before, after = same_padding(maps.side, kernel=size, stride=stride)
        step = self._graph.apply(
            "Conv",
            maps.step,
            *filters,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=maps.width if depthwise else 1,
        )
        if activation and name not in self._ranges:  # whose bounds are those of rounding
            step = self._graph.apply("Clip", step, *self._bounds)
        return self._layer(name, step, width, -(-maps.side // stride))

    def _layer(self, name: str, step: str, width: int, side: int) -> _Maps:
        """Name the values of a layer, and round them if it has a range."""
        self.layers[name] = step
        if name not in self._ranges:
            return _Maps(step, width, side)
        rounded = Quantization.of_range(*self._ranges[name])
        return _Maps(self._graph.rounded(step, rounded), width, side, rounded)

    def _filters(
        self,
        name: str,
        kernel: NDArray[np.float64],
        bias: NDArray[np.float64],
        given: Quantization | None,
        *,
        summed: bool,
    ) -> tuple[str, str]:
        """Kernel and bias; in whole numbers where what they are given is."""
        graph = self._graph
        if given is None:
            return graph.constant(f"{name}.kernel", kernel), graph.constant(f"{name}.bias", bias)
        weights, scales = quantized_filters(kernel, summed=summed)
        weights, scales, whole, products = quantized_bias(bias, weights, scales, given.scale)
        return (
            graph.filters(f"{name}.kernel", weights, scales),
            graph.filters(f"{name}.bias", whole, products),
        )

    def pooled(self, maps: _Maps, others: Sequence[str] = ()) -> bytes:
        """Mean of each feature map; the network ends here."""
        features = self._graph.apply("Flatten", self._graph.apply("GlobalAveragePool", maps.step))
        return self._graph.serialized(features, width=maps.width, others=others)


def _folded(
    weights: Mapping[str, Tensor], name: str, norm: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel and bias of a convolution that does the work of the batch norm after it, too.

    The norm scales by gamma / sqrt(variance + epsilon); Ioffe and Szegedy (2015), algorithm 2.
    """
    mean, variance, gamma, beta = (
        weights[f"{norm}.{part}"].astype(np.float64)
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    kernel = weights[f"{name}.weight"].astype(np.float64)
    return kernel * scale[:, np.newaxis, np.newaxis, np.newaxis], beta - mean * scale

"""EfficientNet-Lite0 as a graph: from weights to a network that onnxruntime can run.

The architecture is `tf_efficientnet_lite0`: as in TensorFlow, padding is SAME and batch norms have
epsilon 1e-3. The same weights load into its PyTorch-style twin without complaint and give wrong
features; tests/embedding/reference_vectors.npz guards against that.

Differs from the trained network in form: batch norms are folded into the convolutions before them,
and what prepares the pixels is part of the graph. With the ranges of its layers' values it is built
for 8 bits, all but the first layers, whose values need more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.descriptor import DESCRIPTOR_LENGTH, MEANING_LENGTH
from annclust.embedding.descriptor_graph import Raw, Statistics, descriptor, raw_parts
from annclust.embedding.onnx_graph import OnnxGraph, same_padding
from annclust.embedding.quantization import Quantization, quantized_bias, quantized_filters
from annclust.embedding.torch_checkpoint import Tensor

_EPSILON = 1e-3
_PIXEL_MEAN = 127.0
_PIXEL_SCALE = 128.0
_ANY_SIDE = 224
"""Of the pixels, for padding: SAME pads alike whatever multiple of 32 a side is."""

_MIDDLE = "_blocks.10.add"
"""The layer that tells texture."""

_FIRST_ROUNDED = 5
"""Layers before it keep 32 bits, the stem and nearly all of two blocks: they cause a third of what
rounding to 8 changes, and take no longer (docs/benchmarks.md)."""

# Blocks of each stage, and the stride of its first one. Tan and Le (2019), EfficientNet, table 1;
# the Lite edition has no squeeze-and-excitation, and ReLU6. Widths and kernels are the weights'.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


Ranges = Mapping[str, tuple[float, float]]
"""Smallest and largest value of layers, by their names."""


def build_graph(
    weights: Mapping[str, Tensor], statistics: Statistics, *, ranges: Ranges | None = None
) -> bytes:
    """Build the network from pixels to the descriptor.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By their names in the checkpoint.
    statistics : Statistics
    ranges : mapping of str to pair of float, or None
        Where the values of each layer lie that is rounded to 8 bits; all have 32 bits if None.

    Returns
    -------
    bytes
        An ONNX model: uint8 images (n, rows, columns, 3), whose sides are multiples of 32, →
        float32 descriptors (n, 1600).
    """
    network = _Network(weights, ranges or {})
    raw = network.raw_parts()
    return network.graph.serialized(
        descriptor(network.graph, raw, statistics), width=DESCRIPTOR_LENGTH
    )


def build_raw(weights: Mapping[str, Tensor]) -> bytes:
    """Build the network so that it tells what the descriptor is made of.

    Parameters
    ----------
    weights
        As of `build_graph`.

    Returns
    -------
    bytes
        An ONNX model. Its outputs are those of `Raw`, in that order.
    """
    network = _Network(weights, {})
    raw = network.raw_parts()
    others = (raw.texture, raw.light, raw.color)
    return network.graph.serialized(raw.meaning, width=MEANING_LENGTH, others=others)


def build_observed(weights: Mapping[str, Tensor]) -> tuple[bytes, list[str]]:
    """Build the network so that the values of its layers can be seen.

    Parameters
    ----------
    weights
        As of `build_graph`.

    Returns
    -------
    model : bytes
        Its first output are the means of the last feature maps (n, 1280), as they were trained;
        the others those layers that can be rounded to 8 bits, float32.
    layers : list of str
        Their names, in the same order.
    """
    network = _Network(weights, {})
    maps = network.maps()
    layers = [*network.layers][_FIRST_ROUNDED:]
    features = network.graph.pooled(maps.step)
    others = [network.layers[layer] for layer in layers]
    return network.graph.serialized(features, width=maps.width, others=others), layers


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
        self.graph = OnnxGraph("efficientnet-lite0")
        self._bounds = (self.graph.constant("zero", 0.0), self.graph.constant("six", 6.0))
        planes = self.graph.apply(
            "Transpose", self.graph.images("pixels", side=None), perm=[0, 3, 1, 2]
        )
        self._planes = self.graph.as_float(planes)

    def raw_parts(self) -> Raw:
        """What the descriptor is made of."""
        last = self.maps().step
        middle = self.layers[_MIDDLE]
        return raw_parts(self.graph, planes=self._planes, middle=middle, last=last)

    def maps(self) -> _Maps:
        """All layers, from pixels to the last feature maps."""
        maps = self.stem()
        numbers = count()
        for blocks, first_stride in _STAGES:
            for stride in (first_stride, *[1] * (blocks - 1)):
                maps = self.block(maps, f"_blocks.{next(numbers)}", stride=stride)
        return self.convolution(maps, "_conv_head", "_bn1")

    def stem(self) -> _Maps:
        """Pixels, made ready, and the first convolution."""
        graph = self.graph
        centered = graph.apply("Sub", self._planes, graph.constant("mean", _PIXEL_MEAN))
        prepared = graph.apply("Div", centered, graph.constant("scale", _PIXEL_SCALE))
        return self.convolution(_Maps(prepared, 3, _ANY_SIDE), "_conv_stem", "_bn0", stride=2)

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
        added = self.graph.apply("Add", result.step, maps.step)
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
        step = self.graph.apply(
            "Conv",
            maps.step,
            *filters,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=maps.width if depthwise else 1,
        )
        if activation and name not in self._ranges:  # whose bounds are those of rounding
            step = self.graph.apply("Clip", step, *self._bounds)
        return self._layer(name, step, width, -(-maps.side // stride))

    def _layer(self, name: str, step: str, width: int, side: int) -> _Maps:
        """Name the values of a layer, and round them if it has a range."""
        rounded = None
        if name in self._ranges:
            rounded = Quantization.of_range(*self._ranges[name])
            step = self.graph.rounded(step, rounded)
        self.layers[name] = step
        return _Maps(step, width, side, rounded)

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
        graph = self.graph
        if given is None:
            return graph.constant(f"{name}.kernel", kernel), graph.constant(f"{name}.bias", bias)
        weights, scales = quantized_filters(kernel, summed=summed)
        weights, scales, whole, products = quantized_bias(bias, weights, scales, given.scale)
        return (
            graph.filters(f"{name}.kernel", weights, scales),
            graph.filters(f"{name}.bias", whole, products),
        )


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

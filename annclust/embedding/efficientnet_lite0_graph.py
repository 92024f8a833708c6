"""EfficientNet-Lite0 as a graph: from weights to a network that onnxruntime can run.

The architecture is `tf_efficientnet_lite0`: as in TensorFlow, padding is SAME and batch norms have
epsilon 1e-3. The same weights load into its PyTorch-style twin without complaint and give wrong
features; tests/embedding/reference_vectors.npz guards against that.

Differs from the trained network in form only: batch norms are folded into the convolutions before
them, and what prepares the pixels is part of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.onnx_graph import OnnxGraph, same_padding
from annclust.embedding.torch_checkpoint import Tensor

_EPSILON = 1e-3
_PIXEL_MEAN = 127.0
_PIXEL_SCALE = 128.0

# Blocks of each stage, and the stride of its first one. Tan and Le (2019), EfficientNet, table 1;
# the Lite edition has no squeeze-and-excitation, and ReLU6. Widths and kernels are the weights'.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


def build_graph(weights: Mapping[str, Tensor], *, side: int) -> bytes:
    """Build the network from pixels to pooled features.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By their names in the checkpoint.
    side : int
        Of the square images, in pixels.

    Returns
    -------
    bytes
        An ONNX model: uint8 images (n, side, side, 3) → float32 features (n, 1280).
    """
    network = _Network(weights)
    maps = network.stem(side)
    numbers = count()
    for blocks, first_stride in _STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            maps = network.block(maps, f"_blocks.{next(numbers)}", stride=stride)
    return network.pooled(network.convolution(maps, "_conv_head", "_bn1"))


@dataclass(frozen=True, slots=True)
class _Maps:
    """Feature maps: the step of the graph that gives them, how many they are, and their side."""

    step: str
    width: int
    side: int


class _Network:
    """The layers that EfficientNet-Lite0 is made of, each added to one graph."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights
        self._graph = OnnxGraph("efficientnet-lite0")
        self._bounds = (self._graph.constant("zero", 0.0), self._graph.constant("six", 6.0))

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
        return _Maps(added, result.width, result.side)

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
        before, after = same_padding(maps.side, kernel=size, stride=stride)
        step = self._graph.apply(
            "Conv",
            maps.step,
            self._graph.constant(f"{name}.kernel", kernel),
            self._graph.constant(f"{name}.bias", bias),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=maps.width if depthwise else 1,
        )
        if activation:
            step = self._graph.apply("Clip", step, *self._bounds)
        return _Maps(step, width, -(-maps.side // stride))

    def pooled(self, maps: _Maps) -> bytes:
        """Mean of each feature map; the network ends here."""
        features = self._graph.apply("Flatten", self._graph.apply("GlobalAveragePool", maps.step))
        return self._graph.serialized(features, width=maps.width)


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

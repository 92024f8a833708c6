"""Keras graph: a network of Keras as one that onnxruntime can run.

Knows the layers that image networks of Turi Create's age are made of; of any other it says so. In
Keras channels come last, here they come first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.keras_file import KerasLayer, KerasNetwork
from annclust.embedding.onnx_graph import OnnxGraph, same_padding

_ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


@dataclass(frozen=True, slots=True)
class _Maps:
    """The result of a step: its name, its channels, and the sides of its maps (none if flat)."""

    step: str
    channels: int
    sides: tuple[int, int] | None = None


def input_side(network: KerasNetwork) -> int:
    """Side in pixels of the square pictures that a network takes.

    Raises
    ------
    ValueError
        If it takes something else.
    """
    for layer in network.layers:
        if layer.kind == "InputLayer":
            shape = layer.config.get("batch_input_shape") or layer.config.get("batch_shape")
            match shape:
                case [_, int(height), int(width), 3] if height == width:
                    return height
    raise ValueError("it takes no square pictures of three colors")


def build_keras_graph(network: KerasNetwork) -> bytes:
    """Build a network in ONNX.

    Parameters
    ----------
    network : KerasNetwork

    Returns
    -------
    bytes
        An ONNX model: uint8 images (n, side, side, 3), channels in the network's own order → its
        result as float32 rows (n, d).

    Raises
    ------
    ValueError
        If the network has a layer, or an option of one, that is not known here; says which.
    """
    graph, side = OnnxGraph("keras"), input_side(network)
    done: dict[str, _Maps] = {}
    for layer in network.layers:
        if layer.kind == "InputLayer":
            pixels = graph.as_float(graph.images("images", side=side))
            first = graph.apply("Transpose", pixels, perm=[0, 3, 1, 2])
            done[layer.name] = _Maps(first, 3, (side, side))
        else:
            done[layer.name] = _added(graph, layer, [done[name] for name in layer.inputs])
    rows = _flatten(graph, network.layers[-1], [done[network.output]])
    return graph.serialized(rows.step, width=rows.channels)


def _added(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    if layer.kind not in _STEPS:
        raise ValueError(f"it has a layer of the kind {layer.kind!r}, which annclust does not know")
    _refuse(layer, "data_format", ("channels_last", None))
    _refuse(layer, "dilation_rate", (None, 1, [1, 1]))
    result = _STEPS[layer.kind](graph, layer, inputs)
    return _activated(graph, layer, result)


def _refuse(layer: KerasLayer, option: str, known: tuple[object, ...]) -> None:
    value = layer.config.get(option)
    if value not in known:
        raise ValueError(f"its layer {layer.name!r} has {option} {value!r}")


def _activated(graph: OnnxGraph, layer: KerasLayer, maps: _Maps) -> _Maps:
    activation = layer.config.get("activation", "linear")
    if activation in ("linear", None):
        return maps
    if activation == "softmax":
        return replace(maps, step=graph.apply("Softmax", maps.step, axis=1))
    if activation not in _ACTIVATIONS:
        raise ValueError(f"its layer {layer.name!r} has activation {activation!r}")
    return replace(maps, step=graph.apply(_ACTIVATIONS[activation], maps.step))


def _sides(layer: KerasLayer, maps: _Maps) -> tuple[int, int]:
    if maps.sides is None:
        raise ValueError(f"its layer {layer.name!r} takes maps, but gets rows")
    return maps.sides


def _windows(
    layer: KerasLayer, maps: _Maps, kernel: Sequence[int]
) -> tuple[dict[str, list[int]], tuple[int, int]]:
    """How a window moves over maps, as ONNX says it, and the sides of what comes out."""
    sides, strides = _sides(layer, maps), layer.config["strides"]
    padded = layer.config.get("padding", "valid") == "same"
    pads = [
        same_padding(side, kernel=width, stride=stride) if padded else (0, 0)
        for side, width, stride in zip(sides, kernel, strides, strict=True)
    ]
    height, width = (
        (side + sum(pad) - window) // stride + 1
        for side, pad, window, stride in zip(sides, pads, kernel, strides, strict=True)
    )
    moves = {
        "kernel_shape": list(kernel),
        "strides": list(strides),
        "pads": [pad[0] for pad in pads] + [pad[1] for pad in pads],
    }
    return moves, (height, width)


def _convolve(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    if layer.kind == "DepthwiseConv2D":
        kernel = layer.weights["depthwise_kernel"].transpose(2, 3, 0, 1)
        groups, kernel = kernel.shape[0], kernel.reshape(-1, 1, *kernel.shape[2:])
    else:
        kernel = layer.weights["kernel"].transpose(3, 2, 0, 1)
        groups = layer.config.get("groups", 1)
    moves, sides = _windows(layer, maps, kernel.shape[2:])
    operands = [maps.step, graph.constant(f"{layer.name}/kernel", kernel)]
    if "bias" in layer.weights:
        operands.append(graph.constant(f"{layer.name}/bias", layer.weights["bias"]))
    return _Maps(graph.apply("Conv", *operands, group=groups, **moves), len(kernel), sides)


def _normalize(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    _refuse(layer, "axis", (-1, 3, [-1], [3]) if maps.sides else (-1, 1, [-1], [1]))
    neutral = {"gamma": np.ones(maps.channels), "beta": np.zeros(maps.channels)}
    weights: Mapping[str, NDArray[Any]] = {**neutral, **layer.weights}
    operands = [
        graph.constant(f"{layer.name}/{name}", weights[name])
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    epsilon = layer.config["epsilon"]
    return replace(
        maps, step=graph.apply("BatchNormalization", maps.step, *operands, epsilon=epsilon)
    )


def _pad(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    height, width = _sides(layer, maps)
    (above, below), (left, right) = layer.config["padding"]
    pads = graph.integers(f"{layer.name}/pads", [0, 0, above, left, 0, 0, below, right])
    sides = height + above + below, width + left + right
    return _Maps(graph.apply("Pad", maps.step, pads), maps.channels, sides)


def _pool(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    moves, sides = _windows(layer, maps, layer.config["pool_size"])
    operator = "MaxPool" if layer.kind == "MaxPooling2D" else "AveragePool"
    return _Maps(graph.apply(operator, maps.step, **moves), maps.channels, sides)


def _pool_all(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    step = graph.apply(layer.kind.removesuffix("ing2D"), maps.step)
    kept = bool(layer.config.get("keepdims", False))
    pooled = _Maps(step, maps.channels, (1, 1))
    return pooled if kept else _flatten(graph, layer, [pooled])


def _add(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    total, *others = inputs
    for each in others:
        total = replace(total, step=graph.apply("Add", total.step, each.step))
    return total


def _concatenate(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    _refuse(layer, "axis", (-1, 3) if inputs[0].sides else (-1, 1))
    step = graph.apply("Concat", *(each.step for each in inputs), axis=1)
    return replace(inputs[0], step=step, channels=sum(each.channels for each in inputs))


def _flatten(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    if maps.sides is None:
        return maps
    step = maps.step
    if maps.sides != (1, 1):  # Keras flattens pixel by pixel
        step = graph.apply("Transpose", step, perm=[0, 2, 3, 1])
    return _Maps(graph.apply("Flatten", step), maps.channels * math.prod(maps.sides))


def _multiply(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (rows,) = inputs
    if rows.sides is not None:
        raise ValueError(f"its layer {layer.name!r} takes rows, but gets maps")
    kernel = layer.weights["kernel"]
    operands = [rows.step, graph.constant(f"{layer.name}/kernel", kernel)]
    if "bias" in layer.weights:
        operands.append(graph.constant(f"{layer.name}/bias", layer.weights["bias"]))
    return _Maps(graph.apply("Gemm", *operands), kernel.shape[1])


def _rectify(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    _refuse(layer, "negative_slope", (None, 0))
    _refuse(layer, "threshold", (None, 0))
    most = layer.config.get("max_value")
    step = graph.apply("Relu", maps.step)
    if most is not None:
        step = graph.apply("Min", step, graph.constant(f"{layer.name}/most", most))
    return replace(maps, step=step)


def _leave(graph: OnnxGraph, layer: KerasLayer, inputs: Sequence[_Maps]) -> _Maps:
    (maps,) = inputs
    return maps


_Step = Callable[[OnnxGraph, KerasLayer, Sequence[_Maps]], _Maps]

_STEPS: Mapping[str, _Step] = {
    "Conv2D": _convolve,
    "DepthwiseConv2D": _convolve,
    "BatchNormalization": _normalize,
    "ZeroPadding2D": _pad,
    "MaxPooling2D": _pool,
    "AveragePooling2D": _pool,
    "GlobalAveragePooling2D": _pool_all,
    "GlobalMaxPooling2D": _pool_all,
    "Add": _add,
    "Concatenate": _concatenate,
    "Flatten": _flatten,
    "Dense": _multiply,
    "ReLU": _rectify,
    "Activation": _leave,  # its function comes after each step
    "Dropout": _leave,
    "SpatialDropout2D": _leave,
}

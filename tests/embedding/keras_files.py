"""Networks of Keras in HDF5 files, made on the spot, and what they give, computed slowly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float64]


@dataclass
class Layer:
    """A layer, as Keras would write it down."""

    kind: str
    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[str] | None = None  # the layer before, if none are named
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    name: str = ""


def named(layers: Sequence[Layer]) -> list[Layer]:
    """Give each layer a name and its inputs."""
    before: list[str] = []
    for number, layer in enumerate(layers):
        layer.name = layer.name or f"{layer.kind.lower()}_{number}"
        if layer.inputs is None:
            layer.inputs = before[-1:]
        before.append(layer.name)
    return list(layers)


def save_keras(path: Path, layers: Sequence[Layer], *, sequential: bool = False) -> Path:
    """Write layers into a file; a sequential network names no inputs."""
    described = []
    with h5py.File(path, "w") as file:
        kept = file.create_group("model_weights")
        for layer in named(layers):
            each = {"class_name": layer.kind, "config": {"name": layer.name, **layer.config}}
            if not sequential:
                sources = [[name, 0, 0, {}] for name in layer.inputs or ()]
                each |= {"name": layer.name, "inbound_nodes": [sources] if sources else []}
            described.append(each)
            group = kept.create_group(layer.name)
            names = [f"{layer.name}/{name}:0" for name in layer.weights]
            group.attrs["weight_names"] = np.array(names, dtype="S")
            for name, values in zip(names, layer.weights.values(), strict=True):
                group[name] = values
        config: dict[str, Any] = {"layers": described}
        if not sequential:
            config["output_layers"] = [[described[-1]["config"]["name"], 0, 0]]
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
    return path


def computed(layers: Sequence[Layer], image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The row that the network gives for a picture."""
    done: dict[str, Maps] = {}
    for layer in named(layers):
        if layer.kind == "InputLayer":
            done[layer.name] = image.astype(np.float64)
        else:
            result = _STEPS[layer.kind](layer, *[done[name] for name in layer.inputs or ()])
            done[layer.name] = _activated(layer.config.get("activation"), result)
    return done[layers[-1].name].ravel()


def _activated(name: str | None, values: Maps) -> Maps:
    if name == "relu":
        return np.maximum(values, 0)
    if name == "sigmoid":
        return 1 / (1 + np.exp(-values))
    if name == "tanh":
        return np.tanh(values)
    if name == "softmax":
        raised = np.exp(values - values.max(axis=-1, keepdims=True))
        return raised / raised.sum(axis=-1, keepdims=True)
    return values


def _padded(layer: Layer, maps: Maps, kernel: Sequence[int], fill: float) -> Maps:
    if layer.config.get("padding", "valid") != "same":
        return maps
    pads = []
    for side, width, stride in zip(maps.shape, kernel, layer.config["strides"], strict=False):
        missing = max((math.ceil(side / stride) - 1) * stride + width - side, 0)
        pads.append((missing // 2, missing - missing // 2))
    return np.pad(maps, [*pads, (0, 0)], constant_values=fill)


def _windows(layer: Layer, maps: Maps, kernel: Sequence[int]) -> Maps:
    """Every window that a kernel sees: shape (rows, columns, height, width, channels)."""
    views = np.lib.stride_tricks.sliding_window_view(maps, kernel, axis=(0, 1))
    down, across = layer.config["strides"]
    return views[::down, ::across].transpose(0, 1, 3, 4, 2)


def _convolve(layer: Layer, maps: Maps) -> Maps:
    kernel = layer.weights["kernel"]
    windows = _windows(layer, _padded(layer, maps, kernel.shape[:2], 0), kernel.shape[:2])
    return np.einsum("rchwi,hwio->rco", windows, kernel) + layer.weights.get("bias", 0)


def _convolve_each(layer: Layer, maps: Maps) -> Maps:
    kernel = layer.weights["depthwise_kernel"]
    windows = _windows(layer, _padded(layer, maps, kernel.shape[:2], 0), kernel.shape[:2])
    each = np.einsum("rchwi,hwim->rcim", windows, kernel)
    return each.reshape(*each.shape[:2], -1) + layer.weights.get("bias", 0)


def _normalize(layer: Layer, maps: Maps) -> Maps:
    w = layer.weights
    scaled = (maps - w["moving_mean"]) / np.sqrt(w["moving_variance"] + layer.config["epsilon"])
    return scaled * w.get("gamma", 1) + w.get("beta", 0)


def _largest(layer: Layer, maps: Maps) -> Maps:
    size = layer.config["pool_size"]
    return _windows(layer, _padded(layer, maps, size, -np.inf), size).max(axis=(2, 3))


def _average(layer: Layer, maps: Maps) -> Maps:
    size = layer.config["pool_size"]
    return np.nanmean(_windows(layer, _padded(layer, maps, size, np.nan), size), axis=(2, 3))


def _whole(layer: Layer, maps: Maps, of: Any) -> Maps:
    result: Maps = of(maps, axis=(0, 1), keepdims=layer.config.get("keepdims", False))
    return result


def _rectify(layer: Layer, maps: Maps) -> Maps:
    return np.clip(maps, 0, layer.config.get("max_value"))


_STEPS: Mapping[str, Any] = {
    "Conv2D": _convolve,
    "DepthwiseConv2D": _convolve_each,
    "BatchNormalization": _normalize,
    "ZeroPadding2D": lambda layer, maps: np.pad(maps, [*layer.config["padding"], (0, 0)]),
    "MaxPooling2D": _largest,
    "AveragePooling2D": _average,
    "GlobalAveragePooling2D": lambda layer, maps: _whole(layer, maps, np.mean),
    "GlobalMaxPooling2D": lambda layer, maps: _whole(layer, maps, np.max),
    "Add": lambda layer, *maps: sum(maps),
    "Concatenate": lambda layer, *maps: np.concatenate(maps, axis=-1),
    "Flatten": lambda layer, maps: maps.ravel(),
    "Dense": lambda layer, row: row @ layer.weights["kernel"] + layer.weights.get("bias", 0),
    "ReLU": _rectify,
    "Activation": lambda layer, maps: maps,
    "Dropout": lambda layer, maps: maps,
    "SpatialDropout2D": lambda layer, maps: maps,
}

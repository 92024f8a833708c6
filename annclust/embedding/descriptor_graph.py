"""Descriptor graph: the steps that make a descriptor of feature maps, as :mod:`descriptor` says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.embedding.descriptor import (
    COLOR_CELLS,
    LAYOUT_WEIGHT,
    LIGHT_CELLS,
    MEANING_WEIGHT,
    TEXTURE_WEIGHT,
)
from annclust.embedding.onnx_graph import OnnxGraph

STATISTICS_FILE: Final = Path(__file__).with_name("efficientnet_lite0_statistics.json")
"""Mean and spread of what the parts are made of, over ordinary pictures."""

_GEM = 3.0
_LIGHT = 0.5
"""Weight of a cell of light against one of color, of which there are half as many."""

_SMALLEST = 1e-6

_YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""Light and two colors of red, green and blue: ITU-T T.871 (JFIF), section 7."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation over ordinary pictures.

    Parameters
    ----------
    texture : ndarray of shape (2, 224)
        Of each value of the texture.
    layout : ndarray of shape (2, 3)
        Of light and of two colors, over all cells.
    """

    texture: NDArray[np.float64]
    layout: NDArray[np.float64]

    @classmethod
    def shipped(cls) -> Statistics:
        """Those that belong to the weights."""
        document = json.loads(STATISTICS_FILE.read_text())
        return cls(np.array(document["texture"]), np.array(document["layout"]))


@dataclass(frozen=True, slots=True)
class Raw:
    """Steps of a graph that give what the parts are made of.

    Parameters
    ----------
    meaning : str
        (n, 1280).
    texture : str
        (n, 224).
    light, color : str
        (n, 1, 8, 8) and (n, 2, 4, 4).
    """

    meaning: str
    texture: str
    light: str
    color: str


def raw_parts(graph: OnnxGraph, *, planes: str, middle: str, last: str) -> Raw:
    """Add what the parts are made of.

    Parameters
    ----------
    graph : OnnxGraph
    planes : str
        Pixels, float32 (n, 3, rows, columns), from 0 to 255; sides are multiples of 8.
    middle, last : str
        Feature maps of block 10, and the last ones.
    """
    cubes = graph.apply("Mul", graph.apply("Mul", last, last), last)
    meaning = graph.apply("Pow", graph.pooled(cubes), graph.constant("gem", 1 / _GEM))
    mean = graph.apply("GlobalAveragePool", middle)
    apart = graph.apply("Sub", middle, mean)
    variance = graph.pooled(graph.apply("Mul", apart, apart))
    spread = graph.apply("Sqrt", variance)
    texture = graph.apply("Concat", graph.apply("Flatten", mean), spread, axis=1)
    # Means first: cells are few, pixels many.
    cells, step = graph.averaged(planes, LIGHT_CELLS), LIGHT_CELLS // COLOR_CELLS
    larger = graph.apply("AveragePool", cells, kernel_shape=[step, step], strides=[step, step])
    light = _mixed(graph, cells, "light", _YCBCR[:1])
    return Raw(meaning, texture, light, _mixed(graph, larger, "color", _YCBCR[1:]))


def descriptor(graph: OnnxGraph, raw: Raw, statistics: Statistics) -> str:
    """Add the descriptor; (n, 1600), not of unit length."""
    texture = _standard(graph, raw.texture, "texture", statistics.texture)
    cells = []
    for name, step, of, weight in (
        ("light", raw.light, slice(0, 1), _LIGHT),
        ("color", raw.color, slice(1, 3), 1.0),
    ):
        mean, spread = statistics.layout[:, of, np.newaxis, np.newaxis]
        standard = _standard(graph, step, name, np.stack([mean, spread / weight]))
        cells.append(graph.apply("Flatten", standard))
    layout = graph.apply("Concat", *cells, axis=1)
    parts = (
        _unit(graph, part, "unit." + name, weight)
        for name, part, weight in (
            ("meaning", raw.meaning, MEANING_WEIGHT),
            ("texture", texture, TEXTURE_WEIGHT),
            ("layout", layout, LAYOUT_WEIGHT),
        )
    )
    return graph.apply("Concat", *parts, axis=1)


def _mixed(graph: OnnxGraph, cells: str, name: str, mixing: Sequence[Sequence[float]]) -> str:
    """Light or colors of what are red, green and blue."""
    kernel = np.array(mixing)[:, :, np.newaxis, np.newaxis]
    return graph.apply("Conv", cells, graph.constant(f"{name}.mixing", kernel))


def _standard(graph: OnnxGraph, step: str, name: str, statistics: NDArray[np.float64]) -> str:
    mean, spread = statistics
    centered = graph.apply("Sub", step, graph.constant(f"{name}.mean", mean))
    return graph.apply("Div", centered, graph.constant(f"{name}.spread", spread))


def _unit(graph: OnnxGraph, step: str, name: str, weight: float) -> str:
    """Rows of that length; a row of zeros stays one."""
    length = graph.apply("ReduceL2", step, axes=[1], keepdims=1)
    at_least = graph.apply("Max", length, graph.constant(f"{name}.least", _SMALLEST))
    scaled = graph.apply("Div", step, at_least)
    return graph.apply("Mul", scaled, graph.constant(f"{name}.weight", weight))

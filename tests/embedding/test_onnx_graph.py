from __future__ import annotations

import numpy as np
import onnx

from annclust.embedding.onnx_graph import OnnxGraph
from annclust.embedding.onnx_session import OnnxSession


def mean_color(*, side: int) -> bytes:
    """A network that gives the mean of each channel, scaled by 1, 10, 100."""
    graph = OnnxGraph("mean-color")
    pixels = graph.images("pixels", side=side)
    planes = graph.as_float(graph.apply("Transpose", pixels, perm=[0, 3, 1, 2]))
    means = graph.apply("Flatten", graph.apply("GlobalAveragePool", planes))
    scale = graph.constant("scale", np.array([1.0, 10.0, 100.0]))
    return graph.serialized(graph.apply("Mul", means, scale), width=3)


def test_a_graph_is_valid_onnx() -> None:
    onnx.checker.check_model(onnx.load_from_string(mean_color(side=2)), full_check=True)


def test_a_graph_does_what_was_put_into_it() -> None:
    image = np.array([[[1, 2, 3], [3, 2, 1]], [[1, 2, 3], [3, 2, 1]]], dtype=np.uint8)
    rows = OnnxSession(mean_color(side=2), threads=1).run(image[np.newaxis])
    assert rows.tolist() == [[2, 20, 200]]


def test_the_same_steps_give_the_same_bytes() -> None:
    assert mean_color(side=4) == mean_color(side=4)


def test_a_scalar_constant_has_no_axes() -> None:
    graph = OnnxGraph("doubled")
    pixels = graph.as_float(graph.images("pixels", side=1))
    doubled = graph.apply("Mul", pixels, graph.constant("two", 2.0))
    content = graph.serialized(graph.apply("Flatten", doubled), width=3)
    (constant,) = onnx.load_from_string(content).graph.initializer
    assert list(constant.dims) == []

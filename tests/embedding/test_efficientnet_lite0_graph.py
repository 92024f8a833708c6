from __future__ import annotations

import hashlib
from collections.abc import Iterator

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.embedding.efficientnet_lite0 import (
    GRAPH_VERSION,
    WEIGHTS_SHA256,
    installed_weights,
)
from annclust.embedding.efficientnet_lite0_graph import build_graph
from annclust.embedding.onnx_graph import same_padding
from annclust.embedding.torch_checkpoint import read_checkpoint

STRUCTURE = {1: "61e9b9f7d442c6c2"}
"""What each version of the graph consists of; a new structure needs a new GRAPH_VERSION."""


@pytest.fixture(scope="module")
def content() -> bytes:
    weights = read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")
    return build_graph(weights, side=224)


def described(model: onnx.ModelProto) -> Iterator[str]:
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        yield f"{node.op_type} {list(node.input)} {list(node.output)} {sorted(attributes.items())}"
    for constant in model.graph.initializer:
        yield f"{constant.name} {list(constant.dims)} {constant.data_type}"


def test_an_odd_pixel_of_padding_goes_after() -> None:
    assert same_padding(224, kernel=3, stride=2) == (0, 1)


def test_a_stride_of_one_is_padded_evenly() -> None:
    assert same_padding(7, kernel=5, stride=1) == (2, 2)


@given(side=st.integers(1, 300), kernel=st.integers(1, 9), stride=st.integers(1, 4))
def test_padding_keeps_one_result_for_each_stride(side: int, kernel: int, stride: int) -> None:
    before, after = same_padding(side, kernel=kernel, stride=stride)
    assert (side + before + after - kernel) // stride + 1 == -(-side // stride)
    assert after - before in (0, 1)


def test_the_network_is_valid_onnx(content: bytes) -> None:
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)


def test_batch_norms_are_folded_away(content: bytes) -> None:
    operators = {node.op_type for node in onnx.load_from_string(content).graph.node}
    assert operators == {
        *("Transpose", "Cast", "Sub", "Div"),  # pixels made ready
        *("Conv", "Clip", "Add"),
        *("GlobalAveragePool", "Flatten"),
    }


def test_a_changed_graph_has_a_new_version(content: bytes) -> None:
    description = "\n".join(described(onnx.load_from_string(content)))
    assert hashlib.sha256(description.encode()).hexdigest()[:16] == STRUCTURE[GRAPH_VERSION]

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.embedding.descriptor import TEXTURE_LENGTH
from annclust.embedding.descriptor_graph import STATISTICS_FILE, Statistics
from annclust.embedding.efficientnet_lite0 import (
    GRAPH_VERSION,
    PARTS,
    RANGES_FILE,
    ROUNDING,
    WEIGHTS_SHA256,
    installed_weights,
    layer_ranges,
)
from annclust.embedding.efficientnet_lite0_graph import build_graph, build_observed
from annclust.embedding.onnx_graph import same_padding
from annclust.embedding.torch_checkpoint import Tensor, read_checkpoint

STRUCTURE = {2: {"fp32": "80d162f21e925ff1", "int8": "05b51fc3a7154a33"}}
"""What each version of the graph consists of; a new structure needs a new GRAPH_VERSION."""

RANGES = {"int8.2": "aafc4068d1909c86"}
"""Where values lie, by edition of the rounding; new ranges need a new ROUNDING."""

WHOLE_NUMBERS = {"int8.2": "9d80cf69d3277944"}
"""Weights and biases, by edition of the rounding; other ones need a new ROUNDING."""

_OF_PARTS = (".mixing", ".mean", ".spread", ".weight", ".least")

PARTS_MADE_OF = {"parts1": "13677375c6e183c0"}
"""What parts are measured by, by edition of the descriptor; other ones need a new PARTS."""

Weights = Mapping[str, Tensor]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_checkpoint(installed_weights(), sha256=WEIGHTS_SHA256, remedy="")


@pytest.fixture(scope="module")
def content(weights: Weights) -> bytes:
    return build_graph(weights, Statistics.shipped())


@pytest.fixture(scope="module")
def rounded(weights: Weights) -> bytes:
    return build_graph(weights, Statistics.shipped(), ranges=layer_ranges())


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


def test_the_network_is_valid_onnx(content: bytes, rounded: bytes) -> None:
    for each in (content, rounded):
        onnx.checker.check_model(onnx.load_from_string(each), full_check=True)


def test_batch_norms_are_folded_away(content: bytes) -> None:
    operators = {node.op_type for node in onnx.load_from_string(content).graph.node}
    assert operators == {
        *("Transpose", "Cast", "Sub", "Div"),  # pixels made ready
        *("Conv", "Clip", "Add"),
        *("GlobalAveragePool", "Flatten", "Mul", "Pow", "Sqrt"),  # pooled
        *("Shape", "Slice", "Concat", "Reshape", "ReduceMean", "AveragePool"),  # the layout
        *("ReduceL2", "Max"),  # parts of unit length
    }


def test_a_changed_graph_has_a_new_version(content: bytes, rounded: bytes) -> None:
    for precision, each in (("fp32", content), ("int8", rounded)):
        description = "\n".join(described(onnx.load_from_string(each)))
        digest = hashlib.sha256(description.encode()).hexdigest()[:16]
        assert digest == STRUCTURE[GRAPH_VERSION][precision]


def test_other_ranges_have_a_new_edition() -> None:
    digest = hashlib.sha256(json.dumps(layer_ranges(), sort_keys=True).encode()).hexdigest()
    assert digest[:16] == RANGES[ROUNDING]


def test_other_weights_have_a_new_edition(rounded: bytes) -> None:
    whole = hashlib.sha256()
    for constant in onnx.load_from_string(rounded).graph.initializer:
        if constant.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.INT32):
            whole.update(constant.raw_data)
    assert whole.hexdigest()[:16] == WHOLE_NUMBERS[ROUNDING]


def test_all_but_the_first_convolutions_have_8_bits(rounded: bytes) -> None:
    model = onnx.load_from_string(rounded)
    kinds = {constant.name: constant.data_type for constant in model.graph.initializer}
    kernels = [kind for name, kind in kinds.items() if name.endswith(".kernel")]
    assert kernels == [onnx.TensorProto.FLOAT] * 6 + [onnx.TensorProto.INT8] * 43
    assert len(rounded) < 6_000_000


def test_every_layer_that_can_be_rounded_has_a_range(weights: Weights) -> None:
    model, layers = build_observed(weights)
    assert layers == list(layer_ranges())
    assert len(onnx.load_from_string(model).graph.output) == 1 + len(layers)
    for layer, (low, high) in layer_ranges().items():
        ends_at_relu6 = not layer.endswith((".add", "_project_conv"))
        assert (low == 0 and 0 < high <= 6) if ends_at_relu6 else low < 0 < high


@pytest.mark.parametrize("file", [RANGES_FILE, STATISTICS_FILE])
def test_what_was_measured_is_of_these_weights(file: Path) -> None:
    assert json.loads(file.read_text())["weights"] == WEIGHTS_SHA256


def test_statistics_are_of_all_that_is_measured() -> None:
    found = Statistics.shipped()
    assert found.texture.shape == (2, TEXTURE_LENGTH)
    assert found.layout.shape == (2, 3)


def test_other_parts_have_a_new_edition(content: bytes) -> None:
    # All constants that are not of the network: weights of parts, exponents, statistics.
    whole = hashlib.sha256()
    names = []
    for constant in onnx.load_from_string(content).graph.initializer:
        if constant.name == "gem" or constant.name.endswith(_OF_PARTS):
            names.append(constant.name)
            whole.update(constant.name.encode() + constant.raw_data)
    assert len(names) == 1 + 2 + 2 * 3 + 2 * 3
    assert whole.hexdigest()[:16] == PARTS_MADE_OF[PARTS]

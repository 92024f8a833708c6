"""ONNX graph: collects operators and constants, and writes them down. The only import of onnx.

Loaded only when a network has to be built; a built one is kept (:mod:`model_cache`), since onnx
takes a third of a second to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from annclust.embedding.quantization import Quantization

_OPSET = 17
_IR_VERSION = 8  # of the same age as the opset: what writes more is not read by older runtimes


def external_files(path: Path) -> list[str]:
    """Names of the files beside a network that hold its weights, sorted; none if it is damaged."""
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # of protobuf, which has one of its own; whoever runs it says what is wrong
        return []
    tensors = model.graph.initializer
    entries = (entry for tensor in tensors for entry in tensor.external_data)
    return sorted({entry.value for entry in entries if entry.key == "location"})


def same_padding(side: int, *, kernel: int, stride: int) -> tuple[int, int]:
    """Pixels that TensorFlow's SAME padding adds before and after: the odd one goes after."""
    last_start = (-(-side // stride) - 1) * stride
    missing = max(last_start + kernel - side, 0)
    return missing // 2, missing - missing // 2


class OnnxGraph:
    """A network in the making. Each step names its result, which later steps take as input."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[object] = []
        self._nodes: list[object] = []
        self._constants: list[object] = []

    def images(self, name: str, *, side: int | None) -> str:
        """Add the input: n uint8 RGB images of shape (n, side, side, 3); of any size if None."""
        shape = ["n", side or "rows", side or "columns", 3]
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        return name

    def constant(self, name: str, values: NDArray[np.floating[Any]] | float) -> str:
        """Add a constant, any shape, stored as float32."""
        array = np.ascontiguousarray(values, dtype=np.float32).reshape(np.shape(values))
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def integers(self, name: str, values: Sequence[int]) -> str:
        """Add a constant of whole numbers, such as operators take for shapes."""
        self._constants.append(numpy_helper.from_array(np.array(values, dtype=np.int64), name))
        return name

    def filters(
        self, name: str, weights: NDArray[np.integer[Any]], scales: NDArray[np.float32]
    ) -> str:
        """Add a constant of whole numbers, each row of which has a scale; it is their product."""
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(weights), name))
        zeros = numpy_helper.from_array(np.zeros(len(scales), weights.dtype), f"{name}.zeros")
        self._constants.append(zeros)
        return self.apply(
            "DequantizeLinear",
            name,
            self.constant(f"{name}.scales", scales),
            f"{name}.zeros",
            axis=0,
        )

    def rounded(self, step: str, to: Quantization) -> str:
        """Add a rounding to 8 bits."""
        place = self.constant(f"{step}.scale", to.scale), f"{step}.zero"
        self._constants.append(numpy_helper.from_array(np.array(to.zero, np.uint8), place[1]))
        whole = self.apply("QuantizeLinear", step, *place)
        return self.apply("DequantizeLinear", whole, *place)

    def pooled(self, step: str) -> str:
        """Add means of maps (n, c, rows, columns): (n, c)."""
        return self.apply("Flatten", self.apply("GlobalAveragePool", step))

    def averaged(self, step: str, cells: int) -> str:
        """Add means over cells of maps (n, c, rows, columns): (n, c, cells, cells).

        The sides are multiples of `cells`.
        """
        shape = self.apply("Shape", step)
        of_each = self.apply("Div", shape, self.integers(f"{step}.cells", [cells] * 4))
        rows, columns = (
            self.apply(
                "Slice",
                of_each,
                self.integers(f"{step}.from{axis}", [axis]),
                self.integers(f"{step}.to{axis}", [axis + 1]),
            )
            for axis in (2, 3)
        )
        # 0 keeps the length of an axis.
        apart = self.apply(
            "Concat",
            self.integers(f"{step}.first", [0, 0, cells]),
            rows,
            self.integers(f"{step}.second", [cells]),
            columns,
            axis=0,
        )
        return self.apply("ReduceMean", self.apply("Reshape", step, apart), axes=[3, 5], keepdims=0)

    def as_float(self, step: str) -> str:
        """Add a conversion to float32."""
        return self.apply("Cast", step, to=TensorProto.FLOAT)

    def apply(self, operator: str, *inputs: str, **attributes: float | Sequence[int]) -> str:
        """Add an operator of the ONNX standard; its result is named after it and its position."""
        name = f"{operator}_{len(self._nodes)}"
        node = helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        self._nodes.append(node)
        return name

    def serialized(self, features: str, *, width: int, others: Sequence[str] = ()) -> bytes:
        """Write the network down: it gives what the step `features` gives, (n, width) float32.

        `others` are further steps whose results, in float32, are outputs as well.
        """
        output = helper.make_tensor_value_info(features, TensorProto.FLOAT, ["n", width])
        more = [helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in others]
        outputs = [output, *more]
        graph = helper.make_graph(self._nodes, self._name, self._inputs, outputs, self._constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        content: bytes = model.SerializeToString()
        return content

"""ONNX session: runs a network. The only import of onnxruntime.

Loaded only when images are embedded: onnxruntime takes a tenth of a second to import.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

# annclust never phones home. From 1.32 on onnxruntime does on every system, unless this is said
# before it is imported; the function for it comes too late, and is there for older ones.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from annclust.embedding.onnx_slot import Slot

_ERRORS_ONLY = 3
_FATAL_ONLY = 4

onnxruntime.disable_telemetry_events()
# what onnxruntime thinks of the machine's devices is nothing the user asked for
onnxruntime.set_default_logger_severity(_ERRORS_ONLY)


_PROVIDERS: Mapping[str, tuple[str, dict[str, str]]] = {
    # Without tensor cores' short products, so that vectors are those of the processor.
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
    "openvino": ("OpenVINOExecutionProvider", {}),
    "coreml": ("CoreMLExecutionProvider", {}),
    "cpu": ("CPUExecutionProvider", {}),
}

_log = logging.getLogger("annclust")


def usable_providers(wanted: Sequence[str]) -> list[str]:
    """Those of some providers that this onnxruntime has; the processor in the end, in any case."""
    there = onnxruntime.get_available_providers()
    return [name for name in dict.fromkeys([*wanted, "cpu"]) if _PROVIDERS[name][0] in there]


class OnnxSession:
    """A network, ready to run.

    Parameters
    ----------
    model : bytes or Path
        An ONNX model, or the file that holds it.
    threads : int
        Threads that share the work of one call.
    providers : sequence of {"cpu", "cuda", "openvino", "coreml"}
        Where it may run: on the first of these that is there.

    Raises
    ------
    ValueError
        If onnxruntime cannot use it; says why in one line.

    Notes
    -----
    The threads do not spin while they wait, which leaves the cores to the decoding workers.
    """

    def __init__(
        self, model: bytes | Path, *, threads: int, providers: Sequence[str] = ("cpu",)
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY  # what goes wrong is raised, and told once
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        usable = [_PROVIDERS[name] for name in usable_providers(providers)]
        content = model if isinstance(model, bytes) else os.fspath(model)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=usable)
        except Exception as error:  # its errors have no common base
            raise ValueError(_in_one_line(error)) from error
        used = self._session.get_providers()[0]
        self.provider = next(name for name, known in _PROVIDERS.items() if known[0] == used)
        _log.info("a network runs on %s", used)
        self.inputs = tuple(map(_slot, self._session.get_inputs()))
        self.outputs = tuple(map(_slot, self._session.get_outputs()))

    def run(self, *values: NDArray[Any], output: str | None = None) -> NDArray[Any]:
        """Give what the network makes of its inputs.

        Parameters
        ----------
        *values : ndarray
            One for each of `inputs`, of its dtype and shape.
        output : str or None
            Name of the output that is wanted; the first one if None.

        Raises
        ------
        ValueError
            If the network cannot be run on this; says why in one line.
        """
        wanted = None if output is None else [output]
        feeds = {slot.name: value for slot, value in zip(self.inputs, values, strict=True)}
        try:
            result: NDArray[Any] = self._session.run(wanted, feeds)[0]
        except Exception as error:  # as above
            raise ValueError(_in_one_line(error)) from error
        return result


def _slot(node: Any) -> Slot:
    shape: Sequence[object] = node.shape
    lengths = tuple(length if isinstance(length, int) else None for length in shape)
    return Slot(node.name, node.type.removeprefix("tensor(").removesuffix(")"), lengths)


def _in_one_line(error: Exception) -> str:
    """What onnxruntime says, without the code that it puts in front."""
    said = " ".join(str(error).split())
    return said.rpartition("] : ")[2].rpartition(" : ")[2] or said or type(error).__name__

"""ONNX session: runs a network. The only import of onnxruntime.

Loaded only when images are embedded: onnxruntime takes a tenth of a second to import.
"""

from __future__ import annotations

import os

# annclust never phones home. From 1.32 on onnxruntime does on every system, unless this is said
# before it is imported; the function for it comes too late, and is there for older ones.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from annclust.arrays import Vectors
from annclust.embedding.embedder import PixelStack

_ERRORS_ONLY = 3

onnxruntime.disable_telemetry_events()
# what onnxruntime thinks of the machine's devices is nothing the user asked for
onnxruntime.set_default_logger_severity(_ERRORS_ONLY)


class OnnxSession:
    """A network on the processor, ready to run.

    Parameters
    ----------
    model : bytes
        An ONNX model with one input, uint8 images, and one output, float32 rows.
    threads : int
        Threads that share the work of one call.

    Notes
    -----
    The threads do not spin while they wait, which leaves the cores to the decoding workers.
    """

    def __init__(self, model: bytes, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        self._input = self._session.get_inputs()[0].name

    def run(self, images: PixelStack, /) -> Vectors:
        """Give one row for each image: shape (n, width), float32."""
        rows: Vectors = self._session.run(None, {self._input: images})[0]
        return rows

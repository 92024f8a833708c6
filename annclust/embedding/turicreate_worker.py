# /// script
# requires-python = "==3.8.*"
# dependencies = [
#     "turicreate==6.4.1",
#     "tensorflow==2.13.*",
#     "numpy<1.24",
#     "pandas<2.1",
#     "protobuf<5",
# ]
# ///
"""Turi Create worker: answers pixels with features, under the only Python that Turi Create runs on.

A script by itself, for Python 3.8: it imports nothing of annclust, and nothing of annclust imports
it. It speaks frames over its standard input and output (two lengths, a JSON object, raw bytes: see
annclust/frames.py); whatever Turi Create and Keras print goes to standard error. It never opens a
picture. The first frame says which model; then each one has pixels, and is answered in its order.

    python turicreate_worker.py                          serve, as annclust starts it
    python turicreate_worker.py fetch resnet-50 FOLDER   let Turi Create download a model
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Python puts the folder of a script in front; Turi Create shall find none of the modules here.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]

_LENGTHS = struct.Struct("<II")
_AHEAD = 2


class Channel:
    """Frames over the standard streams, which nobody else gets to see from then on."""

    def __init__(self) -> None:
        self._in = os.fdopen(os.dup(0), "rb", 1 << 20)
        self._out = os.fdopen(os.dup(1), "wb", 1 << 20)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        """Write a frame."""
        text = json.dumps(head).encode()
        self._out.write(_LENGTHS.pack(len(text), len(body)) + text)
        self._out.write(body)
        self._out.flush()

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """Read a frame; None at the end."""
        lengths = self._in.read(_LENGTHS.size)
        if len(lengths) < _LENGTHS.size:
            return None
        head, body = _LENGTHS.unpack(lengths)
        return json.loads(self._in.read(head)), self._in.read(body)

    def read_ahead(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Give frames that a thread has read: while one is worked on, the next can be sent."""
        frames: queue.Queue[Any] = queue.Queue(_AHEAD)

        def read() -> None:
            frame = self.receive()
            while frame is not None:
                frames.put(frame)
                frame = self.receive()
            frames.put(None)

        threading.Thread(target=read, daemon=True).start()
        return iter(frames.get, None)


def load(model: str, cache: str) -> Any:
    """Turi Create's own extractor of features, whose model file is there already."""
    import turicreate
    from turicreate.toolkits import _image_feature_extractor

    turicreate.config.set_runtime_config("TURI_CACHE_FILE_LOCATIONS", cache)
    try:
        return _image_feature_extractor._create_feature_extractor(model)
    except SystemExit as error:  # so it ends where it can download nothing
        raise RuntimeError(f"Turi Create has not got its model in {cache}") from error


class Features:
    """Features of pixels, as `turicreate.image_analysis.get_deep_features` computes them."""

    def __init__(self, model: str, cache: str, threads: int) -> None:
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        self._extractor = load(model, cache)
        network = self._extractor.model
        # Keras's own `predict` makes a data set of each batch, and prints.
        self._run = tensorflow.function(lambda pixels: network(pixels, training=False))

    def of(self, images: int, side: int, body: bytes) -> Any:
        """Features of pixels, shape (images, side, side, 3), RGB: (images, d), float32."""
        import numpy
        import tensorflow

        pixels = numpy.frombuffer(body, "u1").reshape(images, side, side, 3).astype("f4")
        if self._extractor.ptModel.input_is_BGR:
            pixels = pixels[..., ::-1]
        rows = self._run(tensorflow.constant(numpy.ascontiguousarray(pixels))).numpy()
        return numpy.ascontiguousarray(rows.reshape(images, -1), "f4")


class Saved:
    """Features that were saved: in an SFrame, or within an ImageSimilarityModel."""

    def __init__(self, path: str) -> None:
        import turicreate

        archive = Path(path) / "dir_archive.ini"
        kind = "".join(archive.read_text(errors="replace").split()) if archive.is_file() else ""
        if "contents=sframe" in kind:
            self._of_table(turicreate.load_sframe(path))
        elif "contents=model" in kind:
            self._of_model(load_similarity_model(path))
        else:
            raise ValueError("this is neither an SFrame nor a model of Turi Create")

    def _of_table(self, table: Any) -> None:
        types = table.column_types()
        known = {name: types[i] for i, name in enumerate(table.column_names())}
        column = next((name for name in _FEATURE_COLUMNS if name in known), None)
        if column is None:
            names = ", ".join(known) or "none"
            raise ValueError(f"no column is called __image_features__; there are: {names}")
        labels = next((name for name in ("path", "__label") if known.get(name) is str), None)
        self.model = ""
        self.features = table[column]
        self.labels = range(len(table)) if labels is None else table[labels]

    def _of_model(self, model: Any) -> None:
        self.model = model.model
        hidden = Hidden(model.similarity_model)
        self.labels, self.features = hidden.labels, hidden

    def send(self, channel: Channel) -> None:
        """Send all of it: what the photos are called, then the features, some rows at a time."""
        import numpy

        labels = [str(label) for label in self.labels]
        channel.send({"ready": True, "model": self.model, "rows": len(labels)})
        channel.send({"labels": len(labels)}, json.dumps(labels).encode())
        features = self.features.all() if isinstance(self.features, Hidden) else self.features
        for first in range(0, len(labels), _ROWS_AT_A_TIME):
            part = features[first : first + _ROWS_AT_A_TIME]
            rows = numpy.array([numpy.asarray(row, "f4") for row in part], "f4")
            channel.send({"rows": len(rows)}, rows.tobytes())


_FEATURE_COLUMNS = ("__image_features__", "deep_features", "features")
_ROWS_AT_A_TIME = 512


def load_similarity_model(path: str) -> Any:
    """Load an ImageSimilarityModel without its network, which is not needed to read it."""
    import turicreate
    from turicreate.toolkits import _image_feature_extractor

    usual = _image_feature_extractor._create_feature_extractor
    _image_feature_extractor._create_feature_extractor = lambda name: None
    try:
        model = turicreate.load_model(path)
    finally:
        _image_feature_extractor._create_feature_extractor = usual
    if not hasattr(model, "similarity_model"):
        raise ValueError(f"this is a {type(model).__name__}, not an ImageSimilarityModel")
    return model


class Hidden:
    """The vectors that a model of nearest neighbors shows nobody, by what it answers.

    Of a vector x, a query at c times the unit axis i and one at the origin tell
    ``x_i = (|x|^2 + c^2 - |x - c e_i|^2) / 2c``.
    """

    _LENGTH = 10.0  # of the queries
    _ANSWERS = 1 << 22  # at a time

    def __init__(self, neighbors: Any) -> None:
        import numpy

        if neighbors._get("distance")[0][1] != "euclidean":
            raise ValueError("only models of Euclidean distance can be read")
        self._neighbors, self._n = neighbors, neighbors.num_examples
        self._dimension = neighbors._get("num_unpacked_features")
        self._feature = neighbors._get("features")[0]
        _, labels, distance = self._answers(numpy.zeros((1, self._dimension)))
        order = numpy.argsort(labels, kind="stable")
        self.labels, self._squared = labels[order], distance[order] ** 2
        if len(set(self.labels.tolist())) != self._n:
            raise ValueError("its labels are not unique, so that its photos cannot be told apart")

    def _answers(self, queries: Any) -> Any:
        """Which query, which photo, how far: all photos for each query."""
        from array import array

        import numpy
        import turicreate

        rows = turicreate.SArray([array("d", query) for query in queries])
        table = turicreate.SFrame({self._feature: rows})
        found = self._neighbors.query(table, k=self._n, verbose=False)
        columns = ("query_label", "reference_label", "distance")
        return [numpy.array(found[name]) for name in columns]

    def all(self) -> Any:
        """Every vector, in the order of the labels: shape (n, d), float64."""
        import numpy

        features = numpy.empty((self._n, self._dimension))
        step, c = max(self._ANSWERS // self._n, 1), self._LENGTH
        for first in range(0, self._dimension, step):
            axes = numpy.arange(first, min(first + step, self._dimension))
            queries = numpy.zeros((len(axes), self._dimension))
            queries[numpy.arange(len(axes)), axes] = c
            asked, photo, distance = self._answers(queries)
            place = numpy.searchsorted(self.labels, photo)
            features[place, axes[asked]] = (self._squared[place] + c**2 - distance**2) / (2 * c)
        return features


def serve() -> None:
    """Answer frames until there are no more."""
    channel = Channel()
    orders = channel.receive()
    if orders is None:
        return
    try:
        if "saved" in orders[0]:
            Saved(orders[0]["saved"]).send(channel)
            return
        features = Features(**orders[0])
    except Exception as error:
        channel.send(refusal(error))
        return
    channel.send({"ready": True})
    for head, body in channel.read_ahead():
        try:
            rows = features.of(head["images"], head["side"], body)
        except Exception as error:
            channel.send(refusal(error))
        else:
            channel.send({"images": len(rows)}, rows.tobytes())


def refusal(error: Exception) -> dict[str, Any]:
    """Say what went wrong."""
    return {"refused": f"{type(error).__name__}: {error}"}


def fetch(model: str, cache: str) -> None:
    """Let Turi Create download a model's file, from where its makers keep it."""
    import turicreate
    from turicreate.toolkits._pre_trained_models import IMAGE_MODELS

    turicreate.config.set_runtime_config("TURI_CACHE_FILE_LOCATIONS", cache)
    sys.stdout.write(f"{IMAGE_MODELS[model]().get_model_path('tensorflow')}\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.argv[1:2] == ["fetch"]:
        fetch(*sys.argv[2:])
    else:
        serve()

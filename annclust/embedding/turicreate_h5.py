"""Turi Create's model files, ``turicreate-h5:FILE``: its networks on onnxruntime.

Turi Create itself needs Python 3.8 and TensorFlow (:mod:`turicreate`); the file of its network
does not.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from annclust.embedding.embedder import EmbedderLoader, EmbedderSpec, revision
from annclust.embedding.model_cache import cached_model
from annclust.embedding.model_file import absolute, digest_of_model
from annclust.embedding.preprocessing import PIXELS_AS_THEY_ARE, Colors
from annclust.errors import ModelFileError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

FAMILY = "turicreate-h5"
SUMMARY = "Turi Create's resnet-50 or squeezenet_v1.1 from its model file, without Turi Create"

GRAPH_VERSION = 1
"""Edition of the graph; raise it with every change, so that no older one is taken from a cache."""

_REMEDY = "Turi Create itself can run it: --embedder turicreate:resnet-50."
_SIDE_OF_SQUEEZENET = 227


def readiness() -> tuple[bool, str]:
    """Whether model files can be read, and what is lacking."""
    there = find_spec("h5py") is not None
    return there, "" if there else "needs h5py: pip install 'annclust[turicreate]'"


def settled(choice: str) -> str:
    """The absolute path of the file."""
    return str(absolute(choice))


def find(choice: str, settings: EmbedSettings, cache: Path) -> EmbedderLoader:
    """Load the network, building it in ONNX first if the cache has none.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, or of a network that annclust does not know.
    """
    from annclust.embedding.onnx_model import OnnxModel, is_as_on_processor, open_session
    from annclust.embedding.onnx_plan import OnnxPlan

    path = Path(choice)
    digest = digest_of_model(path)
    kept = cache / "models" / f"keras-{digest}-{GRAPH_VERSION}.onnx"
    network = cached_model(kept, lambda: _built(path))
    session = open_session(network, settings)
    (_, side, _, _), (_, dimension) = session.inputs[0].shape, session.outputs[0].shape
    assert side is not None and dimension is not None  # noqa: PT018 - as it was built
    colors: Colors = "BGR" if side == _SIDE_OF_SQUEEZENET else "RGB"
    pixels = replace(PIXELS_AS_THEY_ARE, colors=colors)
    plan = OnnxPlan(InputGeometry.squash(side, "nearest"), pixels, session.outputs[0].name, "none")
    elsewhere = [] if is_as_on_processor(session, network, plan, settings) else [session.provider]
    parts = revision(digest, f"keras{GRAPH_VERSION}", *elsewhere)
    spec = EmbedderSpec(f"{FAMILY}:{choice}", parts, dimension)
    model = OnnxModel(spec, plan, session, batch=settings.batch)
    return EmbedderLoader(spec, plan.geometry, lambda: model)


def _built(path: Path) -> bytes:
    from annclust.embedding.keras_file import read_keras
    from annclust.embedding.keras_graph import build_keras_graph

    try:
        return build_keras_graph(read_keras(path))
    except ValueError as error:
        raise ModelFileError(path, reason=str(error), remedy=_REMEDY) from error
    except (KeyError, TypeError, IndexError) as error:
        reason = "a network of Keras with something that annclust does not know"
        raise ModelFileError(path, reason=reason, remedy=_REMEDY) from error

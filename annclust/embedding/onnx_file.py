"""ONNX file: ``onnx:FILE``, a network that the user brings; what is loaded only when it is used."""

from __future__ import annotations

from pathlib import Path

from annclust.embedding.embedder import EmbedderLoader
from annclust.embedding.model_file import absolute
from annclust.settings import EmbedSettings

FAMILY = "onnx"
SUMMARY = "any network in an ONNX file, with a small JSON beside it"


def settled(choice: str) -> str:
    """The absolute path of the ONNX file that is meant by its own name or that of its card."""
    path = absolute(choice)
    if path.suffix == ".json":
        bare = path.with_suffix("")
        path = bare if bare.suffix == ".onnx" else path.with_suffix(".onnx")
    return str(path)


def find(choice: str, settings: EmbedSettings, _cache: Path) -> EmbedderLoader:
    """Load the network: its file alone knows what it wants to see."""
    from annclust.embedding.onnx_model import open_onnx_model

    model = open_onnx_model(f"{FAMILY}:{choice}", Path(choice), settings)
    return EmbedderLoader(model.spec, model.geometry, lambda: model, reads_text=model.reads_text)

"""Turi Create by name: ``turicreate:MODEL``; what is loaded only when it is used."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from annclust.embedding.embedder import EmbedderLoader
from annclust.embedding.turicreate_models import (
    FAMILY,
    MODELS,
    model_cache,
    spec_with,
    verified_md5,
)
from annclust.errors import UnknownEmbedderError
from annclust.settings import EmbedSettings

SUMMARY = "Turi Create 6.4.1 itself: resnet-50 or squeezenet_v1.1, in a Python 3.8 beside"


def readiness() -> tuple[bool, str]:
    """Whether there is something to start Turi Create with, and what is lacking.

    Its model file is looked at when it is used.
    """
    there = bool(
        os.environ.get("ANNCLUST_TURICREATE_PYTHON") or shutil.which("uv") or find_spec("uv")
    )
    return there, "" if there else "needs uv or a Python 3.8: docs/embedders.md"


def settled(choice: str) -> str:
    """The name of one of the models, as it is.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    """
    if choice not in MODELS:
        known = tuple(f"{FAMILY}:{name}" for name in MODELS)
        raise UnknownEmbedderError(f"{FAMILY}:{choice}", known=known)
    return choice


def find(choice: str, settings: EmbedSettings, _cache: Path) -> EmbedderLoader:
    """Verify the model's file; Turi Create is started when the first image needs it.

    Raises
    ------
    ModelFileError
        If the file is missing, or not the published one.
    """
    from annclust.embedding.turicreate_bridge import TuriCreateBridge

    model, folder = MODELS[choice], model_cache()
    spec = spec_with(model, verified_md5(model, folder))
    bridge = TuriCreateBridge(spec, model, folder, settings)
    return EmbedderLoader(spec, model.geometry, lambda: bridge, bridge.close)

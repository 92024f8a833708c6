"""Turi Create's models: which there are, what they want to see, and where their files lie."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from annclust.embedding.embedder import EmbedderSpec, revision
from annclust.embedding.model_file import model_file_error
from annclust.errors import ModelFileError, UnverifiedModelWarning
from annclust.input_geometry import InputGeometry

FAMILY = "turicreate"

_VERSION = "turicreate6.4.1"

WORKER = Path(__file__).with_name("turicreate_worker.py")


@dataclass(frozen=True, slots=True)
class TuriCreateModel:
    """A network that Turi Create knows by name.

    Parameters
    ----------
    name : str
    side : int
        Of the squares that it takes.
    dimension : int
    md5 : str
        Of the file for TensorFlow, as Turi Create 6.4.1 publishes it.
    """

    name: str
    side: int
    dimension: int
    md5: str

    @property
    def geometry(self) -> InputGeometry:
        """Turi Create's own: both sides to one length, by the nearest pixel."""
        return InputGeometry.squash(self.side, "nearest")

    @property
    def file_name(self) -> str:
        """As Turi Create calls the file."""
        return f"{self.name}-TuriCreate-6.0.h5"


MODELS: Mapping[str, TuriCreateModel] = {
    model.name: model
    for model in (
        TuriCreateModel("resnet-50", 224, 2048, "ac73d2cc03700035c6cd756742bd59d6"),
        TuriCreateModel("squeezenet_v1.1", 227, 1000, "60d5afff4c5bc535bc29655feac5571f"),
    )
}


def published_spec(model: TuriCreateModel) -> EmbedderSpec:
    """Identity of Turi Create with the model file that its makers published."""
    return spec_with(model, model.md5)


def spec_with(model: TuriCreateModel, md5: str) -> EmbedderSpec:
    """Identity of Turi Create with a model file of that MD5."""
    name, parts = f"{FAMILY}:{model.name}", revision(_VERSION, md5[:12])
    return EmbedderSpec(name, parts, model.dimension)


def model_cache() -> Path:
    """The folder below which Turi Create keeps `model_cache`."""
    chosen = os.environ.get("ANNCLUST_TURICREATE_CACHE")
    return Path(chosen or os.environ.get("TURI_CACHE_FILE_LOCATIONS") or "/var/tmp").absolute()


def verified_md5(model: TuriCreateModel, cache: Path) -> str:
    """Look at a model's file: whoever it is loaded by would believe anything.

    Turi Create trusts whatever lies there, half a download too.

    Returns
    -------
    str
        Its MD5.

    Raises
    ------
    ModelFileError
        If it is missing, or not the published one and ``ANNCLUST_TURICREATE_UNVERIFIED`` is not 1.
    """
    import hashlib

    path = cache / "model_cache" / model.file_name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ModelFileError(
            path, reason="Turi Create's model is not there", remedy=_remedy(model, cache)
        ) from error
    except OSError as error:
        raise model_file_error(path, error) from error
    md5 = found.hexdigest()
    if md5 != model.md5:
        said = f"it has {size:,} bytes and MD5 {md5}, not {model.md5} as published"
        if os.environ.get("ANNCLUST_TURICREATE_UNVERIFIED") != "1":
            raise ModelFileError(path, reason=said, remedy=_remedy(model, cache))
        warnings.warn(f"{path}: {said}.", UnverifiedModelWarning, stacklevel=2)
    return md5


def _remedy(model: TuriCreateModel, cache: Path) -> str:
    return (
        "Put it there (ANNCLUST_TURICREATE_CACHE names another folder), or remove what is there"
        f" and let Turi Create fetch it: uv run --script {WORKER} fetch {model.name} {cache}"
    )

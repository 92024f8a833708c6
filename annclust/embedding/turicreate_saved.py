"""What Turi Create saved: features of photos, and what it calls these; Turi Create reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annclust.arrays import Vectors
from annclust.closing import Closing
from annclust.embedding.embedder import EmbedderSpec
from annclust.embedding.turicreate_models import MODELS, published_spec
from annclust.embedding.turicreate_process import (
    RefusedError,
    TuriCreateGoneError,
    TuriCreateProcess,
)
from annclust.errors import InputError

_READ_PATIENCE = 3600.0
"""Seconds until a model has told its vectors: it is asked for each dimension of all photos."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedFeatures:
    """Some rows of what was saved.

    Parameters
    ----------
    labels : list of str
        Paths or row numbers, as Turi Create calls its photos.
    vectors : ndarray of shape (n, d), float32
        Deep features, of any length.
    """

    labels: list[str]
    vectors: Vectors


class SavedWork(Closing):
    """A saved SFrame with features, or a saved ImageSimilarityModel.

    Parameters
    ----------
    path : Path
        The folder that Turi Create made.

    Raises
    ------
    InputError
        If it is something else.
    EmbeddingError
        If Turi Create cannot be started.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._process = TuriCreateProcess({"saved": str(path.absolute())})
        except RefusedError as error:
            raise InputError(f"{path} cannot be imported: {error}.") from error
        self.rows = int(self._process.greeting["rows"] or 0)
        self._model = str(self._process.greeting["model"])

    def spec(self, dimension: int) -> EmbedderSpec:
        """The embedder that the features come from.

        Parameters
        ----------
        dimension : int
            Of the features, which tells the network where nothing else does.

        Raises
        ------
        InputError
            If it is none of those that annclust can go on with.
        """
        for model in MODELS.values():
            if self._model in ("", model.name) and model.dimension == dimension:
                return published_spec(model)
        said = self._model or f"a network of {dimension} features"
        raise InputError(
            f"{self._path} cannot be imported: its features come from {said}, which annclust could"
            f" not embed new photos with; it knows {', '.join(MODELS)}."
        )

    def features(self) -> Iterator[SavedFeatures]:
        """All rows, some at a time.

        Raises
        ------
        InputError
            If Turi Create cannot read them.
        """
        left = self.rows
        try:
            while left:
                labels = json.loads(self._process.receive(_READ_PATIENCE)[1])
                rows = np.frombuffer(self._process.receive()[1], dtype=np.float32)
                yield SavedFeatures(labels, rows.reshape(len(labels), -1))
                left -= len(labels)
        except (RefusedError, TuriCreateGoneError) as error:
            raise InputError(f"{self._path} cannot be imported: {error}.") from error

    def close(self) -> None:
        """End the process that reads."""
        self._process.close()

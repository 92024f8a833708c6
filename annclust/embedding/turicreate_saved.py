"""What Turi Create saved: features of photos, and what it calls these; Turi Create reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annclust.arrays import Vectors
from annclust.closing import Closing
from annclust.embedding.turicreate_process import (
    RefusedError,
    TuriCreateGoneError,
    TuriCreateProcess,
)
from annclust.errors import InputError
from annclust.frames import Head

_READ_PATIENCE = 3600.0
"""Seconds until a model has told its vectors: it is asked for each dimension of all photos."""


class SavedWork(Closing):
    """A saved SFrame with features, or a saved ImageSimilarityModel.

    Parameters
    ----------
    path : Path
        The folder that Turi Create made.

    Attributes
    ----------
    model : str
        Name of the network that the features come from; empty where Turi Create does not know it.
    labels : list of str
        Paths or row numbers, as Turi Create calls its photos.

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
        self.model = str(self._process.greeting["model"])
        self.labels: list[str] = json.loads(self._next()[1])

    def features(self, dimension: int) -> Iterator[Vectors]:
        """Deep features of all photos, in the order of `labels`: some (m, d) at a time, float32.

        Parameters
        ----------
        dimension : int
            Of the features, as it should be.

        Raises
        ------
        InputError
            If Turi Create cannot read them, or they are of another length.
        """
        left = len(self.labels)
        while left:
            head, body = self._next()
            rows, length = int(head["rows"] or 0), len(body) // 4
            if not 0 < rows <= left or length != rows * dimension:
                raise InputError(
                    f"{self._path} cannot be imported: its features have {length // max(rows, 1)}"
                    f" numbers, not {dimension}."
                )
            yield np.frombuffer(body, dtype=np.float32).reshape(rows, dimension)
            left -= rows

    def _next(self) -> tuple[Head, bytes]:
        try:
            return self._process.receive(_READ_PATIENCE)
        except (RefusedError, TuriCreateGoneError) as error:
            raise InputError(f"{self._path} cannot be imported: {error}.") from error

    def close(self) -> None:
        """End the process that reads."""
        self._process.close()

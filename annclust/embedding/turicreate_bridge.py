"""Turi Create, ``turicreate:MODEL``: the real one, in a process of its own.

annclust decodes and scales, the worker (:mod:`turicreate_worker`) answers pixels with features. Two
batches are on their way at a time. When the worker dies, it is started again, and what it was
working on is halved until the picture that kills it stands alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annclust.arrays import Pixels, Vectors, unit_rows
from annclust.embedding.embedder import (
    EmbedderSpec,
    PixelStack,
    Unembeddable,
    UnembeddableError,
    stacked,
)
from annclust.embedding.turicreate_models import TuriCreateModel
from annclust.embedding.turicreate_process import (
    RefusedError,
    TuriCreateGoneError,
    TuriCreateProcess,
)
from annclust.errors import EmbeddingError
from annclust.frames import Head
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

_IN_FLIGHT = 2
_TRIES = 2
"""Times that a picture may be alone with a worker that dies, before the picture is to blame."""

_MOST_IN_A_ROW = 5
"""Pictures that are to blame, without any features between them: then rather the worker is."""


@dataclass(slots=True)
class _Work:
    """What one call has to do: spans of images that wait or are on their way."""

    waiting: deque[range]
    in_flight: deque[range] = field(default_factory=deque)
    in_a_row: int = 0
    tries: dict[int, int] = field(default_factory=dict)
    refused: dict[int, Unembeddable] = field(default_factory=dict)

    def put_back(self) -> range | None:
        """Let all that was on its way wait again, but for the oldest, which is given."""
        if not self.in_flight:
            return None
        oldest = self.in_flight.popleft()
        self.waiting.extendleft(reversed(self.in_flight))
        self.in_flight.clear()
        return oldest

    def blame(self, span: range, why: Unembeddable, tries: int) -> None:
        """Halve a span that somebody failed at; a single image is tried so often, then given up.

        Raises
        ------
        EmbeddingError
            If too many are given up in a row.
        """
        if len(span) > 1:
            middle = len(span) // 2
            self.waiting.extendleft([span[middle:], span[:middle]])
            return
        (image,) = span
        self.tries[image] = self.tries.get(image, 0) + 1
        if self.tries[image] < tries:
            self.waiting.appendleft(span)
            return
        self.refused[image] = why
        self.in_a_row += 1
        if self.in_a_row == _MOST_IN_A_ROW:
            raise EmbeddingError(f"Turi Create does not run: {why.reason}.")


class TuriCreateBridge:
    """Unit rows of Turi Create's deep features.

    Parameters
    ----------
    spec : EmbedderSpec
    model : TuriCreateModel
    folder : Path
        That holds ``model_cache``.
    settings : EmbedSettings
    """

    def __init__(
        self, spec: EmbedderSpec, model: TuriCreateModel, folder: Path, settings: EmbedSettings
    ) -> None:
        self._spec, self._model, self._folder, self._settings = spec, model, folder, settings
        self._process: TuriCreateProcess | None = None

    @property
    def spec(self) -> EmbedderSpec:
        """Its identity."""
        return self._spec

    @property
    def geometry(self) -> InputGeometry:
        """Which pixels it wants to see."""
        return self._model.geometry

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        """Embed images into unit rows (n, d)."""
        return unit_rows(self.features(images))

    def features(self, images: Sequence[Pixels], /) -> Vectors:
        """Deep features as Turi Create gives them, of any length: shape (n, d), float32.

        Raises
        ------
        UnembeddableError
            If its process dies of some of the images, or refuses them.
        EmbeddingError
            If its process cannot be started, or dies whatever it is given.
        """
        pixels = stacked(images, self.geometry)
        rows = np.empty((len(pixels), self._spec.dimension), dtype=np.float32)
        batch, n = self._settings.batch, len(pixels)
        work = _Work(deque(range(i, min(i + batch, n)) for i in range(0, n, batch)))
        try:
            while work.waiting or work.in_flight:
                self._advance(work, pixels, rows)
        except BaseException:
            self.close()  # what is on its way must not be taken for an answer to the next call
            raise
        if work.refused:
            raise UnembeddableError(work.refused)
        return rows

    def _advance(self, work: _Work, pixels: PixelStack, rows: Vectors) -> None:
        try:
            self._step(work, pixels, rows)
        except RefusedError as error:
            self._refused(work, error)
        except TuriCreateGoneError as error:
            self._died(work, error)

    def _step(self, work: _Work, pixels: PixelStack, rows: Vectors) -> None:
        """Send what may be on its way, and take the oldest answer."""
        process = self._running()
        while work.waiting and len(work.in_flight) < _IN_FLIGHT:
            span = work.waiting.popleft()
            work.in_flight.append(span)
            asked: Head = {"images": len(span), "side": self._model.side}
            process.send(asked, pixels[span.start : span.stop].tobytes())
        answer = np.frombuffer(process.receive()[1], dtype=np.float32)
        span = work.in_flight[0]
        if answer.size != len(span) * self._spec.dimension:
            raise EmbeddingError(
                f"{self._spec.name} gave {answer.size} numbers for {len(span)} images, instead of"
                f" {self._spec.dimension} for each."
            )
        rows[span.start : span.stop] = answer.reshape(len(span), -1)
        work.in_flight.popleft()
        work.in_a_row = 0

    def _refused(self, work: _Work, error: RefusedError) -> None:
        """The worker goes on, but what else it was sent is to be answered first."""
        span = work.in_flight.popleft()
        work.blame(span, Unembeddable(f"Turi Create refused it ({error})", retry=False), tries=1)

    def _died(self, work: _Work, error: TuriCreateGoneError) -> None:
        self.close()
        span = work.put_back()
        if span is not None:
            reason = f"Turi Create died of it: {error.reason}"
            work.blame(span, Unembeddable(reason, retry=error.from_outside), _TRIES)

    def _running(self) -> TuriCreateProcess:
        if self._process is None:
            orders: Head = {
                "model": self._model.name,
                "cache": str(self._folder),
                "threads": self._settings.threads,
            }
            try:
                self._process = TuriCreateProcess(orders)
            except RefusedError as error:
                raise EmbeddingError(f"Turi Create does not start: {error}.") from error
        return self._process

    def close(self) -> None:
        """End the process; the next call starts another."""
        if self._process is not None:
            self._process.close()
            self._process = None

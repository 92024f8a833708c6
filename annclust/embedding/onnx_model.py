"""ONNX model: any network in an ONNX file as an embedder, ``onnx:FILE``.

What the file does not say stands in a card beside it (:mod:`onnx_card`); what neither says is
guessed from the shapes of input and output, where only one guess makes sense.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from annclust.arrays import Pixels, Vectors, unit_rows
from annclust.embedding.embedder import EmbedderSpec, PixelStack, require_fit, revision
from annclust.embedding.model_file import digest_of_model, weights_beside
from annclust.embedding.onnx_card import read_card, text_model_beside
from annclust.embedding.onnx_plan import OnnxPlan, plan_for, pooled
from annclust.embedding.onnx_session import OnnxSession
from annclust.errors import EmbeddingError, ModelFileError, NoTextError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

if TYPE_CHECKING:
    from annclust.embedding.text_tower import TextTower

_KEPT = 2.0**-12
"""Half of what half precision tells apart in a component of a unit vector, at most."""

_REMEDY = "docs/embedders.md says what annclust can use, and how to say it in a JSON file."


class OnnxModel:
    """Unit rows of what a network sees.

    Parameters
    ----------
    spec : EmbedderSpec
    plan : OnnxPlan
    session : OnnxSession
    batch : int
        Images that are run at a time; bounds the memory of one call.
    text : callable or None
        Loads what embeds texts, if there is such a thing.
    reads_text : bool
        Whether there is.
    """

    def __init__(
        self,
        spec: EmbedderSpec,
        plan: OnnxPlan,
        session: OnnxSession,
        *,
        batch: int,
        text: Callable[[], TextTower] | None = None,
        reads_text: bool = False,
    ) -> None:
        self.reads_text = reads_text
        self._spec, self._plan, self._session, self._batch = spec, plan, session, batch
        self._text = text

    @property
    def spec(self) -> EmbedderSpec:
        """Its identity."""
        return self._spec

    @property
    def geometry(self) -> InputGeometry:
        """Which pixels it wants to see."""
        return self._plan.geometry

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        """Embed images into unit rows (n, d)."""
        return unit_rows(self.features(images))

    def embed_texts(self, texts: Sequence[str], /) -> Vectors:
        """Embed texts into unit rows (n, d), near the pictures that they describe.

        Raises
        ------
        NoTextError
            If the network knows pictures alone.
        ModelFileError
            If what embeds texts cannot be used.
        """
        if self._text is None:
            raise NoTextError(self._spec.name)
        return self._text().embed(texts)

    def features(self, images: Sequence[Pixels], /) -> Vectors:
        """Pooled features as the network gives them, of any length: shape (n, d), float32."""
        require_fit(images, self._plan.geometry)
        rows = np.empty((len(images), self._spec.dimension), dtype=np.float32)
        step = self._plan.at_once or self._batch
        for positions in _of_one_size(images):
            for first in range(0, len(positions), step):
                batch = positions[first : first + step]
                rows[batch] = self._features_of([images[position] for position in batch])
        return rows

    def _features_of(self, batch: Sequence[Pixels]) -> Vectors:
        try:
            return features_of(self._session, self._plan, np.stack(batch))
        except ValueError as error:  # it did with one image, when it was opened
            raise EmbeddingError(f"{self._spec.name} cannot be run: {error}.") from error


def _of_one_size(images: Sequence[Pixels]) -> list[list[int]]:
    """Positions of images, those of one size together: a network takes them at a time."""
    positions: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        positions[image.shape].append(position)
    return list(positions.values())


def open_onnx_model(name: str, path: Path, settings: EmbedSettings) -> OnnxModel:
    """Load a network from a file.

    Parameters
    ----------
    name : str
        Of the embedder.
    path : Path
        Of the ONNX file; absolute.
    settings : EmbedSettings

    Raises
    ------
    ModelFileError
        If the file or its card is missing or damaged, or annclust cannot tell how to use it.
    """
    card, digest = read_card(path), digest_of_model(path, *weights_beside(path))
    try:
        session = open_session(path, settings)
        plan = plan_for(session.inputs, session.outputs, card)
        dimension = _measured_dimension(session, plan)
        elsewhere = [] if is_as_on_processor(session, path, plan, settings) else [session.provider]
    except ValueError as error:
        raise ModelFileError(path, reason=str(error), remedy=_REMEDY) from error
    spec = EmbedderSpec(name, revision(digest, plan.fingerprint, *elsewhere), dimension)

    def text() -> TextTower:
        from annclust.embedding.text_tower import TextTower

        return TextTower(path, card, dimension, threads=settings.threads)

    return OnnxModel(
        spec,
        plan,
        session,
        batch=settings.batch,
        text=cache(text),
        reads_text=text_model_beside(path, card).is_file(),
    )


def open_session(model: bytes | Path, settings: EmbedSettings) -> OnnxSession:
    """Load a network where the settings want it to run; raises as `OnnxSession` does."""
    return OnnxSession(model, threads=settings.threads, providers=settings.providers)


def is_as_on_processor(
    session: OnnxSession, model: bytes | Path, plan: OnnxPlan, settings: EmbedSettings
) -> bool:
    """Whether a network gives the vectors that it gives on the processor, as far as they are kept.

    Vectors are kept in half precision. A picture of noise is looked at on both.
    """
    if session.provider == "cpu":
        return True
    on_processor = OnnxSession(model, threads=settings.threads)
    rng = np.random.default_rng(0)
    for columns, rows in {plan.geometry.size_of(size) for size in ((1, 1), (3, 2))}:
        noise = rng.integers(0, 256, (1, rows, columns, 3), dtype=np.uint8)
        here, there = (unit_rows(features_of(s, plan, noise)) for s in (on_processor, session))
        if np.abs(here - there).max() > _KEPT:
            return False
    return True


def features_of(session: OnnxSession, plan: OnnxPlan, images: PixelStack) -> Vectors:
    """Run a network on a few images, and make one row of what it gives for each.

    Raises
    ------
    ValueError
        If it gives something else than a plan says, or does not run.
    """
    n = len(images)
    if plan.at_once is not None and n < plan.at_once:
        images = np.resize(images, (plan.at_once, *images.shape[1:]))  # again from the first
    found = session.run(plan.preprocessing.apply(images), output=plan.output)
    rows = pooled(found, plan.pooling, plan.preprocessing.layout)[:n]
    if len(rows) != n:
        raise ValueError(f"its output {plan.output!r} of shape {found.shape} is not for {n} images")
    return rows


def _measured_dimension(session: OnnxSession, plan: OnnxPlan) -> int:
    """Run the network once, on two gray pictures: shapes in files are often unknown."""
    side = plan.geometry.crop
    gray = np.full((min(plan.at_once or 2, 2), side, side, 3), 128, dtype=np.uint8)
    rows = features_of(session, plan, gray)
    if not np.isfinite(rows).all():
        raise ValueError(f"its output {plan.output!r} is no number for a gray picture")
    return int(rows.shape[1])

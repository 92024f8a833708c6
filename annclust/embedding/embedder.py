"""Embedder: what turns pixels into vectors, as the rest of annclust sees it.

Decoding obeys an embedder's `geometry`, the pipeline calls `embed`, the catalog records `spec`.
Every embedder of this room checks its input with :func:`stacked`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Pixels, Vectors
from annclust.input_geometry import InputGeometry

PixelStack: TypeAlias = NDArray[np.uint8]
"""RGB images of one size, shape (n, height, width, 3)."""

PIXELS_VERSION = 1
"""Which edition of decoding makes the pixels; part of every embedder's revision.

Raise it when decoding or scaling changes so that the pixels of ordinary photos come out otherwise:
their vectors could no longer be compared with the stored ones.
"""


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """Identity of an embedder; equal specs give comparable vectors.

    Parameters
    ----------
    name : str
        What the user calls it.
    revision : str
        Names everything that changes the numbers: weights, precision, preprocessing.
    dimension : int
        Length of a vector.
    """

    name: str
    revision: str
    dimension: int

    @property
    def full_name(self) -> str:
        """A name that no other embedder has."""
        return f"{self.name}@{self.revision}"

    def matches(self, other: EmbedderSpec) -> bool:
        """Whether vectors of both can be compared, whatever they are called."""
        return (self.revision, self.dimension) == (other.revision, other.dimension)


@dataclass(frozen=True, slots=True)
class Unembeddable:
    """Why an image has no vector.

    Parameters
    ----------
    reason : str
        A few words without a full stop, to be shown beside the file's name.
    retry : bool
        Whether the same image may do another time.
    """

    reason: str
    retry: bool


class UnembeddableError(Exception):
    """Nothing can be made of some images; the others are none the worse for it.

    Parameters
    ----------
    images : mapping of int to Unembeddable
        By position among the images of the call.
    """

    def __init__(self, images: Mapping[int, Unembeddable]) -> None:
        self.images = images
        super().__init__(", ".join(str(position) for position in images))


class Embedder(Protocol):
    """Turns images into unit vectors. Any class of this shape will do."""

    @property
    def spec(self) -> EmbedderSpec:
        """Its identity."""
        ...

    @property
    def geometry(self) -> InputGeometry:
        """Which pixels it wants to see."""
        ...

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        """Embed n images into unit rows: shape (n, d), float32.

        Each image has a shape that `geometry` allows, one of its own if there are several; no
        images give (0, d). A vector depends on its own image alone, never on the others of the
        call.

        Raises
        ------
        ValueError
            If an image has another shape or dtype.
        UnembeddableError
            If nothing can be made of some of them.
        EmbeddingError
            If the embedder does not work at all.
        """
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """An embedder that puts texts among the vectors of images."""

    def embed_texts(self, texts: Sequence[str], /) -> Vectors:
        """Embed n texts into unit rows: shape (n, d), float32.

        Raises
        ------
        InputError
            If this one knows images alone.
        ModelFileError
            If what it needs for texts cannot be used.
        """
        ...


def _nothing() -> None:
    """Most embedders start nothing that would have to be ended."""


@dataclass(frozen=True, slots=True)
class EmbedderLoader:
    """An embedder that is loaded when the first image needs it.

    Parameters
    ----------
    spec : EmbedderSpec
        Its identity, known before loading.
    geometry : InputGeometry
        Known as well, so that decoding can start meanwhile.
    load : callable
        Gives the same embedder each time.
    close : callable
        Ends what it started; it is started again when it is needed.
    reads_text : bool
        Whether it is a `TextEmbedder` that has what it needs for texts.
    """

    spec: EmbedderSpec
    geometry: InputGeometry
    load: Callable[[], Embedder]
    close: Callable[[], None] = _nothing
    reads_text: bool = False


def revision(*parts: str) -> str:
    """Revision of an embedder of this room: `parts`, and the edition of the pixels.

    >>> revision("57934424", "fp32")
    '57934424+fp32+pixels1'
    """
    return "+".join((*parts, f"pixels{PIXELS_VERSION}"))


def stacked(images: Sequence[Pixels], geometry: InputGeometry) -> PixelStack:
    """Put images of one size into one array.

    Parameters
    ----------
    images : sequence of ndarray of shape (rows, columns, 3), uint8
    geometry : InputGeometry
        Which says how large they may be.

    Returns
    -------
    ndarray of shape (n, rows, columns, 3), uint8

    Raises
    ------
    ValueError
        If an image has another shape or dtype.
    """
    require_fit(images, geometry)
    size = images[0].shape if len(images) else (geometry.crop, geometry.crop, 3)
    return np.stack(images) if len(images) else np.empty((0, *size), dtype=np.uint8)


def require_fit(images: Sequence[Pixels], geometry: InputGeometry) -> None:
    """Raise ValueError if an image is not what a geometry lets through; say which."""
    for position, image in enumerate(images):
        shape = image.shape
        fits = len(shape) == 3 and shape[2] == 3 and geometry.allows((shape[1], shape[0]))
        if not fits or image.dtype != np.uint8:
            raise ValueError(
                f"image {position} has shape {shape} and dtype {image.dtype};"
                f" the embedder needs {geometry} and uint8"
            )

"""Registry: the embedders by name, and what can be said of them without loading any.

A name is looked up in `_embedders`; a family of names with a prefix (``family:choice``) would be
one more way to find an entry there, and nothing else would change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from annclust.embedding import color_histogram, efficientnet_lite0
from annclust.embedding.embedder import Embedder, EmbedderSpec
from annclust.errors import UnknownEmbedderError
from annclust.input_geometry import InputGeometry
from annclust.settings import EmbedSettings

DEFAULT_EMBEDDER = efficientnet_lite0.NAME


@dataclass(frozen=True, slots=True)
class EmbedderInfo:
    """What `annclust models` shows of one embedder.

    Parameters
    ----------
    name : str
    summary : str
        What it is good for, in one line.
    dimension : int
        Length of its vectors.
    ready : bool
        Whether it can be used now.
    note : str
        Why not, or what its first use will do; may be empty.
    """

    name: str
    summary: str
    dimension: int
    ready: bool
    note: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One embedder: what is known beforehand, and how to ask and load it."""

    spec: EmbedderSpec
    geometry: InputGeometry
    summary: str
    readiness: Callable[[Path], tuple[bool, str]]
    load: Callable[[EmbedSettings, Path], Embedder]


_ENTRIES = (
    _Entry(
        efficientnet_lite0.SPEC,
        efficientnet_lite0.GEOMETRY,
        efficientnet_lite0.SUMMARY,
        efficientnet_lite0.readiness,
        efficientnet_lite0.load_efficientnet_lite0,
    ),
    _Entry(
        color_histogram.SPEC,
        color_histogram.GEOMETRY,
        color_histogram.SUMMARY,
        lambda _cache: (True, ""),
        lambda _settings, _cache: color_histogram.ColorHistogram(),
    ),
)


def embedder_names() -> tuple[str, ...]:
    """Every name that `load_embedder` takes; the default comes first."""
    return tuple(entry.spec.name for entry in _ENTRIES)


def describe_embedders(cache: Path) -> tuple[EmbedderInfo, ...]:
    """Describe every embedder; no model is loaded."""
    return tuple(_described(entry, cache) for entry in _ENTRIES)


def spec_of(name: str) -> EmbedderSpec:
    """Identity of an embedder; no model is loaded.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    """
    return _entry(name).spec


def geometry_of(name: str) -> InputGeometry:
    """Which pixels an embedder wants to see; no model is loaded.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    """
    return _entry(name).geometry


def load_embedder(name: str, settings: EmbedSettings, cache: Path) -> Embedder:
    """Make an embedder ready to embed.

    Parameters
    ----------
    name : str
        One of `embedder_names`.
    settings : EmbedSettings
    cache : Path
        Folder for what takes time to build; it may be missing or read-only.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    ModelFileError
        If its model is missing, damaged or not the expected one.
    """
    return _entry(name).load(settings, cache)


def _entry(name: str) -> _Entry:
    for entry in _ENTRIES:
        if entry.spec.name == name:
            return entry
    raise UnknownEmbedderError(name, known=embedder_names())


def _described(entry: _Entry, cache: Path) -> EmbedderInfo:
    ready, note = entry.readiness(cache)
    return EmbedderInfo(entry.spec.name, entry.summary, entry.spec.dimension, ready, note)

"""Registry: the embedders by name, and what can be said of them without loading any.

A name is one of `_BUILT_IN`, or a family and a choice, ``family:choice``, for models that the user
brings. One more of either is an entry here, and nothing else would change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache as remembered
from functools import partial
from pathlib import Path

from annclust.embedding import (
    color_histogram,
    efficientnet_lite0,
    hub,
    onnx_file,
    turicreate_family,
    turicreate_h5,
)
from annclust.embedding.embedder import Embedder, EmbedderLoader, EmbedderSpec
from annclust.embedding.model_cache import cache_directory
from annclust.embedding.turicreate_models import FAMILY as TURICREATE
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
    dimension : int or None
        Length of its vectors; None where it depends on the model.
    ready : bool
        Whether it can be used now.
    note : str
        Why not, or what its first use will do; may be empty.
    """

    name: str
    summary: str
    dimension: int | None
    ready: bool
    note: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A built-in embedder: what is known beforehand, and how to ask and load it."""

    spec: EmbedderSpec
    geometry: InputGeometry
    summary: str
    readiness: Callable[[Path], tuple[bool, str]]
    load: Callable[[EmbedSettings, Path], Embedder]


@dataclass(frozen=True, slots=True)
class _Family:
    """Embedders whose names say where their model is.

    `readiness` tells whether it can be used, and what it lacks; `settled` makes such a choice
    independent of the working directory.
    """

    placeholder: str
    summary: str
    readiness: Callable[[], tuple[bool, str]]
    settled: Callable[[str], str]
    find: Callable[[str, EmbedSettings, Path], EmbedderLoader]


_BUILT_IN = (
    _Entry(
        efficientnet_lite0.SPEC,
        efficientnet_lite0.GEOMETRY,
        efficientnet_lite0.SUMMARY,
        efficientnet_lite0.readiness,
        efficientnet_lite0.load_efficientnet_lite0,
    ),
    _Entry(
        efficientnet_lite0.EXACT_SPEC,
        efficientnet_lite0.GEOMETRY,
        efficientnet_lite0.EXACT_SUMMARY,
        partial(efficientnet_lite0.readiness, spec=efficientnet_lite0.EXACT_SPEC),
        partial(efficientnet_lite0.load_efficientnet_lite0, spec=efficientnet_lite0.EXACT_SPEC),
    ),
    _Entry(
        color_histogram.SPEC,
        color_histogram.GEOMETRY,
        color_histogram.SUMMARY,
        lambda _cache: (True, ""),
        lambda _settings, _cache: color_histogram.ColorHistogram(),
    ),
)

_FAMILIES: Mapping[str, _Family] = {
    onnx_file.FAMILY: _Family(
        "FILE", onnx_file.SUMMARY, lambda: (True, ""), onnx_file.settled, onnx_file.find
    ),
    hub.FAMILY: _Family("REPO", hub.SUMMARY, hub.readiness, hub.settled, hub.find),
    TURICREATE: _Family(
        "MODEL",
        turicreate_family.SUMMARY,
        turicreate_family.readiness,
        turicreate_family.settled,
        turicreate_family.find,
    ),
    turicreate_h5.FAMILY: _Family(
        "FILE",
        turicreate_h5.SUMMARY,
        turicreate_h5.readiness,
        turicreate_h5.settled,
        turicreate_h5.find,
    ),
}


def embedder_names() -> tuple[str, ...]:
    """The name of every built-in embedder; the default comes first."""
    return tuple(entry.spec.name for entry in _BUILT_IN)


def describe_embedders(cache: Path) -> tuple[EmbedderInfo, ...]:
    """Describe every embedder and every family; no model is loaded."""
    built_in = (_described(entry, cache) for entry in _BUILT_IN)
    families = (
        EmbedderInfo(pattern, each.summary, None, *each.readiness())
        for pattern, each in zip(_patterns(), _FAMILIES.values(), strict=True)
    )
    return (*built_in, *families)


def _patterns() -> tuple[str, ...]:
    """What the names of each family look like."""
    return tuple(f"{family}:{each.placeholder}" for family, each in _FAMILIES.items())


def settled_name(name: str) -> str:
    """The name under which an embedder is remembered: paths in it are absolute.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    """
    family, choice = _family(name)
    if family is None:
        return _entry(name).spec.name
    return f"{name.partition(':')[0]}:{family.settled(choice)}"


def find_embedder(
    name: str, settings: EmbedSettings | None = None, cache: Path | None = None
) -> EmbedderLoader:
    """Find an embedder; a built-in one is not loaded yet, as is a model that the user brings.

    Parameters
    ----------
    name : str
        One of `embedder_names`, or a family's with a choice.
    settings : EmbedSettings or None
    cache : Path or None
        Folder for what takes time to build; it may be missing or read-only. That of the user if
        None.

    Raises
    ------
    UnknownEmbedderError
        If there is none of that name.
    ModelFileError
        If a model that the name tells is missing, damaged, or cannot be used.
    """
    settings, cache = settings or EmbedSettings(), cache or cache_directory()
    family, choice = _family(name)
    if family is not None:
        return family.find(family.settled(choice), settings, cache)
    entry = _entry(name)
    return EmbedderLoader(
        entry.spec, entry.geometry, remembered(lambda: entry.load(settings, cache))
    )


def find_stored(
    stored: EmbedderSpec, settings: EmbedSettings | None = None, cache: Path | None = None
) -> EmbedderLoader:
    """Find the embedder of stored vectors: a built-in one by what it gives, whatever its name was.

    Its spec may be another one, if what goes by the name has changed; raises as `find_embedder`.
    """
    return find_embedder(built_in_name(stored) or stored.name, settings, cache)


def built_in_name(stored: EmbedderSpec) -> str | None:
    """What the built-in embedder that gives such vectors is called, if there is one."""
    same = (entry.spec.name for entry in _BUILT_IN if entry.spec.matches(stored))
    return next(same, None)


def _family(name: str) -> tuple[_Family | None, str]:
    family, colon, choice = name.partition(":")
    return (_FAMILIES.get(family), choice) if colon and choice else (None, "")


def _entry(name: str) -> _Entry:
    for entry in _BUILT_IN:
        if entry.spec.name == name:
            return entry
    raise UnknownEmbedderError(name, known=(*embedder_names(), *_patterns()))


def _described(entry: _Entry, cache: Path) -> EmbedderInfo:
    ready, note = entry.readiness(cache)
    return EmbedderInfo(entry.spec.name, entry.summary, entry.spec.dimension, ready, note)

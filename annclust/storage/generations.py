"""Generations: derived files, trusted only by their digest (written by :mod:`generation_writer`).

Readers verify size and digest before FAISS or NumPy sees a file, and look again if it vanished.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from annclust.errors import DamagedFileWarning
from annclust.storage.catalog import Catalog
from annclust.storage.durable import file_digest
from annclust.storage.layout import GenerationKind, derived_file
from annclust.storage.records import DerivedFile, Generation

Loaded = TypeVar("Loaded")


def damage(directory: Path, generation: Generation) -> list[str]:
    """What is wrong with the files of a generation, in words."""
    return [message for file in generation.files for message in _damage(directory, file)]


def _damage(directory: Path, file: DerivedFile) -> Iterator[str]:
    path = directory / file.name
    try:
        size = path.stat().st_size
        if size != file.size:
            yield f"{file.name} has {size} bytes instead of {file.size}"
        elif file_digest(path) != file.digest:
            yield f"{file.name} does not have the content that was written"
    except FileNotFoundError:
        yield f"{file.name} is missing"
    except OSError as error:
        yield f"{file.name} cannot be read ({error.strerror})"


def _warn(damage: list[str]) -> None:
    for message in damage:
        told = f"{message}; annclust makes it again when it writes next"
        warnings.warn(told, DamagedFileWarning, stacklevel=2)


def part_path(directory: Path, generation: Generation, part: str) -> Path:
    """Where one part of a generation lies."""
    return directory / derived_file(generation.kind, generation.number, part)


def load_array(directory: Path, generation: Generation, part: str) -> NDArray[Any]:
    """Map one array of a generation whose digest was verified."""
    array: NDArray[Any] = np.load(
        part_path(directory, generation, part), mmap_mode="r", allow_pickle=False
    )
    return array


def load_current(
    directory: Path,
    catalog: Catalog,
    kind: GenerationKind,
    load: Callable[[Generation], Loaded],
    *,
    basis: str | None = None,
) -> Loaded | None:
    """Open the files of the current generation.

    None if there is none, if it has another basis, or if it cannot be trusted.

    A writer may replace a generation between the look into the catalog and the opening of its
    files: then the newer one is opened.

    Parameters
    ----------
    directory : Path
    catalog : Catalog
    kind : GenerationKind
    load : callable
        Opens the files, which were verified.
    basis : str or None
        What the generation must depend on; anything if None.
    """
    generation = catalog.generation(kind)
    found: list[str] = []
    while generation is not None and basis in (None, generation.basis):
        with suppress(FileNotFoundError):
            found = damage(directory, generation)
            if not found:
                return load(generation)
        newer = catalog.generation(kind)
        if newer == generation:
            _warn(found)
            return None
        generation = newer
    return None

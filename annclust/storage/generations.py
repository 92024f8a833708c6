"""Generations: derived files, written once under a new name and trusted only by their digest.

Write order: files beside → fsync → rename → fsync of the directory → one catalog transaction that
lists them and makes the generation current → older files are unlinked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annclust.storage.catalog import Catalog
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.durable import file_digest, published, storage_errors
from annclust.storage.layout import GenerationKind, derived_file
from annclust.storage.records import DerivedFile, Generation

Writers = Mapping[str, Callable[[Path], None]]
"""What writes each part of a generation (``rows.npy``, ``faiss``), given a path."""


def array_writer(array: NDArray[Any]) -> Callable[[Path], None]:
    """Give what writes an array in NumPy's own format, which can be memory-mapped."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    return write


def publish(
    directory: Path,
    catalog: CatalogWriter,
    kind: GenerationKind,
    writers: Writers,
    *,
    rows: int,
    basis: str,
    spec: Mapping[str, object],
) -> Generation:
    """Write a new generation and make it the current one.

    Raises
    ------
    StorageError
        If the system refuses; the generation before stays current.
    """
    number = catalog.next_generation(kind)
    files = tuple(
        _publish_file(directory / derived_file(kind, number, part), write)
        for part, write in writers.items()
    )
    generation = Generation(kind, number, rows, basis, json.dumps(dict(spec)), files)
    with catalog.transaction():
        unneeded = catalog.add_generation(generation)
    unlink_all(directory, unneeded)
    return generation


def unlink_all(directory: Path, names: Iterable[str]) -> None:
    """Unlink files that no generation lists any more."""
    for name in names:
        with storage_errors(directory / name):
            (directory / name).unlink(missing_ok=True)


def _publish_file(path: Path, write: Callable[[Path], None]) -> DerivedFile:
    with storage_errors(path):
        with published(path) as beside:
            write(beside)
        return DerivedFile(path.name, path.stat().st_size, file_digest(path))


def sound(directory: Path, generation: Generation) -> bool:
    """Whether every file of a generation is there with its size and digest."""
    return not damage(directory, generation)


def damage(directory: Path, generation: Generation) -> list[str]:
    """What is wrong with the files of a generation, in words."""
    found = []
    for file in generation.files:
        path = directory / file.name
        if not path.is_file():
            found.append(f"{file.name} is missing")
        elif path.stat().st_size != file.size:
            found.append(f"{file.name} has {path.stat().st_size} bytes instead of {file.size}")
        elif file_digest(path) != file.digest:
            found.append(f"{file.name} does not have the content that was written")
    return found


def part_path(directory: Path, generation: Generation, part: str) -> Path:
    """Where one part of a generation lies."""
    return directory / derived_file(generation.kind, generation.number, part)


def load_array(directory: Path, generation: Generation, part: str) -> NDArray[Any]:
    """Map one array of a generation whose digest was verified."""
    array: NDArray[Any] = np.load(
        part_path(directory, generation, part), mmap_mode="r", allow_pickle=False
    )
    return array


def current_and_sound(directory: Path, catalog: Catalog, kind: GenerationKind) -> Generation | None:
    """Give the current generation, unless there is none or it cannot be trusted.

    A writer may replace a generation between the look into the catalog and the look at the files:
    then the newer one is taken.
    """
    generation = catalog.generation(kind)
    while generation is not None and not sound(directory, generation):
        newer = catalog.generation(kind)
        if newer == generation:
            return None
        generation = newer
    return generation

"""Generation writer: derived files are written once, under a name that was never used.

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
from annclust.storage.durable import file_digest, published, remove_file, storage_errors
from annclust.storage.layout import GenerationKind, derived_file
from annclust.storage.records import DerivedFile, Generation

Writers = Mapping[str, Callable[[Path], None]]
"""What writes each part of a generation (``rows.npy``, ``faiss``), given a path."""


def array_writer(array: NDArray[Any]) -> Callable[[Path], None]:
    """Give what writes an array in NumPy's own format, which can be memory-mapped.

    Through Python's own file: `numpy.save` hands a real file to C, and does not look whether the
    last of it was written.
    """

    def write(path: Path) -> None:
        content = np.ascontiguousarray(array)
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, np.lib.format.header_data_from_array_1_0(content)
            )
            file.write(content.data)

    return write


def write_generation(
    directory: Path,
    catalog: Catalog,
    kind: GenerationKind,
    writers: Writers,
    *,
    basis: str,
    spec: Mapping[str, object],
) -> Generation:
    """Write the files of a new generation over all committed rows; the catalog must still list it.

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
    return Generation(kind, number, catalog.rows(), basis, json.dumps(dict(spec)), files)


def unlink_all(directory: Path, names: Iterable[str]) -> None:
    """Unlink files that no generation lists any more."""
    for name in names:
        with storage_errors(directory / name):
            remove_file(directory / name)


def _publish_file(path: Path, write: Callable[[Path], None]) -> DerivedFile:
    with storage_errors(path):
        with published(path) as beside:
            write(beside)
        return DerivedFile(path.name, path.stat().st_size, file_digest(path))

"""Store: the directory NAME.annclust as its readers see it.

Any number of readers, one writer (:mod:`store_writer`); docs/format.md is what both hold to. A
reader loads nothing that only writing needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import NoReturn, Self

from annclust.closing import Closing
from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import (
    CollectionDamagedError,
    CollectionNotFoundError,
    NotACollectionError,
    StorageError,
)
from annclust.neighbor_graph import NeighborGraph
from annclust.storage.catalog import Catalog
from annclust.storage.durable import storage_errors
from annclust.storage.generations import Loaded, load_array, load_current
from annclust.storage.layout import CATALOG, GenerationKind
from annclust.storage.records import Generation
from annclust.storage.vector_file import VectorReader, holds_vectors


class Store(Closing):
    """A collection on disk, seen by a reader. Use as a context manager.

    Parameters
    ----------
    path : Path
    vector_set : int or None
        Which of its sets of vectors is seen; the active one if None.

    Raises
    ------
    CollectionNotFoundError, NotACollectionError, NewerFormatError, CollectionDamagedError,
    StorageError
        If `path` cannot be read as a collection.
    """

    def __init__(self, path: Path, vector_set: int | None = None) -> None:
        self.path = path
        if not path.exists():
            raise CollectionNotFoundError(path)
        if not path.is_dir():
            raise NotACollectionError(path, reason="it is a file")
        if not self.exists(path):
            _refuse(path)
        self.catalog = self._open_catalog(vector_set)

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether there is a collection at a path, sound or not."""
        return (path / CATALOG).is_file()

    def _open_catalog(self, vector_set: int | None) -> Catalog:
        return Catalog(self.path / CATALOG, vector_set)

    def of_set(self, number: int) -> Self:
        """The same collection, seen with another set of vectors; it is closed with this one."""
        other = copy(self)
        other.catalog = self.catalog.of_set(number)
        return other

    def of_each_set(self) -> Iterator[Self]:
        """The same collection, seen with each of its sets of vectors."""
        for found in self.catalog.vector_sets():
            yield self.of_set(found.number)

    def close(self) -> None:
        """Let go of the files."""
        self.catalog.close()

    @property
    def embedder(self) -> EmbedderSpec:
        """The embedder that all vectors come from."""
        return self.catalog.vector_set().embedder

    @property
    def vector_path(self) -> Path:
        """The vector file in use."""
        return self.path / self.catalog.vector_set().file

    def vectors(self) -> VectorReader:
        """Every committed vector, live or not."""
        with self.catalog.snapshot():
            stored = self.catalog.vector_set()
            return VectorReader.open(
                self.path / stored.file, rows=stored.rows, dimension=stored.embedder.dimension
            )

    def at_one_moment(self, read: Callable[[], Loaded]) -> Loaded:
        """Read several things in one state of the collection.

        Again if the vectors were compacted meanwhile: their file may be gone then.
        """
        while True:
            path = self.vector_path
            try:
                with self.catalog.snapshot():
                    return read()
            except StorageError:
                if self.vector_path == path:
                    raise

    def load_generation(
        self,
        kind: GenerationKind,
        load: Callable[[Generation], Loaded],
        *,
        basis: str | None = None,
    ) -> Loaded | None:
        """Open the current generation, if its files are as written and it has that basis."""
        return load_current(self.path, self.catalog, kind, load, basis=basis)

    def usable_generation(
        self, kind: GenerationKind, *, basis: str | None = None
    ) -> Generation | None:
        """The current generation, if its files are as written and it has that basis."""
        return self.load_generation(kind, lambda generation: generation, basis=basis)

    def graph(self, generation: Generation) -> NeighborGraph:
        """A stored graph."""
        neighbors, distances = (
            load_array(self.path, generation, f"{part}.npy") for part in ("neighbors", "distances")
        )
        return NeighborGraph(neighbors, distances)

    def bytes_on_disk(self) -> int:
        """Bytes of all files of the collection."""
        total = 0
        with storage_errors(self.path):
            for path in self.path.iterdir():
                with suppress(FileNotFoundError):  # replaced by a newer generation just now
                    total += path.lstat().st_size
        return total


def _refuse(path: Path) -> NoReturn:
    """Say what a folder without a catalog is."""
    with storage_errors(path):
        ours = holds_vectors(path)
    if ours:
        raise CollectionDamagedError(path, reason=f"it has vectors, but no {CATALOG}")
    raise NotACollectionError(path, reason=f"it holds no {CATALOG}")

"""New collection: the files of an empty one, made so that a crash leaves none or a whole one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from annclust.embedding.embedder import EmbedderSpec
from annclust.errors import CollectionDamagedError, NetworkDiskError
from annclust.storage import layout
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.durable import storage_errors, sync_directory
from annclust.storage.network_disk import network_file_system
from annclust.storage.vector_file import create, holds_vectors
from annclust.storage.writer_lock import WriterLock
from annclust.url_path import UrlPath

_STORAGE = "storage behind a URL"


def refuse_network_disk(path: Path) -> None:
    """Raise `NetworkDiskError` where a write-ahead log is not safe."""
    kind = _STORAGE if isinstance(path, UrlPath) else network_file_system(path.absolute())
    if kind is not None:
        raise NetworkDiskError(path, kind=kind)


def lay_out(path: Path, spec: EmbedderSpec, refuse_foreign: Callable[[Path], None]) -> None:
    """Make the files of an empty collection; the catalog comes last, by rename."""
    with storage_errors(path):
        made = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        refuse_foreign(path)
        lock = WriterLock(path)
        try:
            if not (path / layout.CATALOG).exists():
                _write_empty(path, spec)
            for folder in made or [path]:
                sync_directory(folder.parent)
        finally:
            lock.release()


def _write_empty(path: Path, spec: EmbedderSpec) -> None:
    """Make an empty collection, but not in the place of one whose catalog is lost."""
    if holds_vectors(path):
        raise CollectionDamagedError(path, reason=f"it has vectors, but no {layout.CATALOG}")
    if os.path.lexists(path / layout.CATALOG):
        raise CollectionDamagedError(path, reason=f"its {layout.CATALOG} is not a file")
    vectors = layout.vector_file(1)
    create(path / vectors, spec.dimension)
    beside = path / (layout.CATALOG + layout.UNFINISHED)
    for leftover in path.glob(f"{layout.CATALOG}{layout.UNFINISHED}*"):
        leftover.unlink()
    CatalogWriter.create(beside, spec, vectors)
    beside.rename(path / layout.CATALOG)
    sync_directory(path)

"""Bugs: mistakes that a writer of collections could make, each as a patch of annclust.

They are planted to see who notices: a harness that finds none of them proves nothing by finding
none in annclust. :mod:`planted_bugs` runs them all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from annclust.arrays import ImageId, StoredVectors
from annclust.storage import (
    compaction,
    generation_writer,
    generations,
    layout,
    new_collection,
    store_writer,
)
from annclust.storage.catalog_writer import CatalogWriter
from annclust.storage.layout import GenerationKind
from annclust.storage.records import Generation
from annclust.storage.store_writer import EmbeddedContent, StoreWriter
from annclust.storage.vector_file import VectorAppender

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake: what it is, in words, and what makes it."""

    name: str
    mistake: str
    plant: Callable[[], None]


def _put(owner: object, name: str, function: Function) -> None:
    """Let a name stand for another function; mypy would not let it be assigned."""
    if not hasattr(owner, name):
        raise LookupError(f"nothing is called {name} any more: this bug could never be found")
    setattr(owner, name, function)


def _wrap(owner: object, name: str, wrapper: Callable[[Function], Function]) -> None:
    _put(owner, name, wrapper(getattr(owner, name)))


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _is_directory(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def _without(call: str, when: Callable[[int], bool]) -> Callable[[Function], Function]:
    """Let a call of the system do nothing, for such descriptors, while a function runs."""

    def wrapper(function: Function) -> Function:
        @wraps(function)
        def lazy(*arguments: object, **named: object) -> object:
            real = getattr(os, call)

            def perhaps(descriptor: int, *rest: object) -> None:
                if not when(descriptor):
                    real(descriptor, *rest)

            _put(os, call, perhaps)
            try:
                return function(*arguments, **named)
            finally:
                _put(os, call, real)

        return lazy

    return wrapper


class _Later:
    """Stands in for a vector file, and writes only when asked to."""

    def __init__(self, appender: VectorAppender) -> None:
        self._appender = appender
        self._kept: list[tuple[StoredVectors, int]] = []

    def append(self, rows: StoredVectors, *, at: int) -> None:
        """Remember rows."""
        self._kept.append((rows, at))

    def write(self) -> None:
        """Write them."""
        for rows, at in self._kept:
            self._appender.append(rows, at=at)


def _catalog_first() -> None:
    real = StoreWriter.append

    def append(self: StoreWriter, contents: Sequence[EmbeddedContent]) -> None:
        later = _Later(self._appender())
        self._appender = lambda: later  # type: ignore[method-assign, assignment, return-value]
        try:
            real(self, contents)
        finally:
            del self._appender
        later.write()

    _put(StoreWriter, "append", append)


def _vectors_not_synced() -> None:
    _wrap(VectorAppender, "append", _without("fsync", _is_file))


def _vectors_synced_late() -> None:
    _vectors_not_synced()
    real = StoreWriter.append

    def append(self: StoreWriter, contents: Sequence[EmbeddedContent]) -> None:
        real(self, contents)
        os.fsync(self._appender()._descriptor)

    _put(StoreWriter, "append", append)


def _new_vector_file_not_synced() -> None:
    for module in (new_collection, store_writer, compaction):
        _wrap(module, "create", _without("fsync", _is_file))


def _new_vector_file_not_named() -> None:
    for module in (new_collection, store_writer, compaction):
        _wrap(module, "create", _without("fsync", _is_directory))


def _catalog_not_named() -> None:
    _put(new_collection, "sync_directory", lambda _: None)


def _derived_not_synced() -> None:
    _wrap(generation_writer, "_publish_file", _without("fsync", _is_file))


def _derived_not_named() -> None:
    _wrap(generation_writer, "_publish_file", _without("fsync", _is_directory))


def _synchronous(mode: str) -> Callable[[], None]:
    def plant() -> None:
        def wrapper(real: Function) -> Function:
            def connect(self: CatalogWriter) -> object:
                db = real(self)
                db.execute(f"PRAGMA synchronous = {mode}")
                return db

            return connect

        _wrap(CatalogWriter, "_connect", wrapper)

    return plant


def _digest_not_checked() -> None:
    def damage(directory: Path, generation: Generation) -> list[str]:
        names = [file.name for file in generation.files]
        return [f"{name} is missing" for name in names if not (directory / name).exists()]

    _put(generations, "damage", damage)


def _generation_overwritten() -> None:
    def only_name(kind: GenerationKind, _number: int, part: str) -> str:
        return layout.derived_file(kind, 1, part)

    for module in (generations, generation_writer):
        _put(module, "derived_file", only_name)
    real = CatalogWriter.add_generation

    def add_generation(self: CatalogWriter, generation: Generation) -> list[str]:
        self.forget_generations(generation.kind)
        real(self, generation)
        return []

    _put(CatalogWriter, "add_generation", add_generation)


def _old_vectors_gone_early() -> None:
    real = CatalogWriter.renumber

    def renumber(self: CatalogWriter, *arguments: Any) -> list[str]:
        old = self.path.with_name(self.vector_set().file)
        unneeded = real(self, *arguments)
        old.unlink()
        return unneeded

    _put(CatalogWriter, "renumber", renumber)


def _acknowledged_early() -> None:
    def commit(self: CatalogWriter) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    @contextmanager
    def transaction(self: CatalogWriter) -> Iterator[None]:
        commit(self)
        self._db.execute("BEGIN IMMEDIATE")
        yield

    def wrapper(real: Function) -> Function:
        def committed_first(self: CatalogWriter) -> None:
            commit(self)
            real(self)

        return committed_first

    _put(CatalogWriter, "transaction", transaction)
    for name in ("shrink", "close"):
        _wrap(CatalogWriter, name, wrapper)


def _two_transactions() -> None:
    real = CatalogWriter.remove_images

    def remove_images(self: CatalogWriter, images: Iterable[ImageId]) -> None:
        real(self, images)
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    _put(CatalogWriter, "remove_images", remove_images)


def _tail_kept() -> None:
    _wrap(VectorAppender, "__init__", _without("ftruncate", _is_file))


def _leftovers_kept() -> None:
    _put(StoreWriter, "_remove_unlisted", lambda _: None)


def _catalog_in_place() -> None:
    def wrapper(real: Function) -> Function:
        def write_empty(*arguments: object) -> None:
            unfinished = layout.UNFINISHED
            layout.UNFINISHED = ""
            try:
                real(*arguments)
            finally:
                layout.UNFINISHED = unfinished

        return write_empty

    _wrap(new_collection, "_write_empty", wrapper)


_LIST = (
    Bug("catalog-first", "vectors are written after the catalog names them", _catalog_first),
    Bug("vectors-not-synced", "vectors are never synced", _vectors_not_synced),
    Bug("vectors-synced-late", "vectors are synced after COMMIT", _vectors_synced_late),
    Bug("header-not-synced", "a new vector file is not synced", _new_vector_file_not_synced),
    Bug("vectors-not-named", "the name of a new vector file is not", _new_vector_file_not_named),
    Bug("catalog-not-named", "the name of a new catalog is not synced", _catalog_not_named),
    Bug("derived-not-synced", "derived files are not synced", _derived_not_synced),
    Bug("derived-not-named", "the names of derived files are not synced", _derived_not_named),
    Bug("synchronous-normal", "SQLite syncs its log now and then", _synchronous("NORMAL")),
    Bug("synchronous-off", "SQLite never syncs", _synchronous("OFF")),
    Bug("digest-not-checked", "readers trust derived files", _digest_not_checked),
    Bug("generation-overwritten", "a generation takes the name before", _generation_overwritten),
    Bug("old-vectors-gone", "compaction unlinks before COMMIT", _old_vectors_gone_early),
    Bug("acknowledged-early", "COMMIT waits for the next change", _acknowledged_early),
    Bug("two-transactions", "photos go in one transaction, move in another", _two_transactions),
    Bug("tail-kept", "vectors that nobody acknowledged are not cut off", _tail_kept),
    Bug("leftovers-kept", "files that are not listed are left", _leftovers_kept),
    Bug("catalog-in-place", "a new catalog is written under its name", _catalog_in_place),
)

BUGS = {bug.name: bug for bug in _LIST}
"""Every bug, by its name."""


def plant(name: str | None) -> None:
    """Plant a bug in this process, if there is to be one."""
    if name is not None:
        BUGS[name].plant()

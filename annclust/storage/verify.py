"""Verify: every invariant of docs/format.md, one check each, by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from annclust.arrays import ImageId
from annclust.errors import AnnclustError, CollectionDamagedError
from annclust.storage import generations
from annclust.storage.layout import KINDS
from annclust.storage.records import Generation
from annclust.storage.store import Store
from annclust.storage.vector_file import block_digest


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken promise.

    Parameters
    ----------
    invariant : str
        Its number in docs/format.md; M are musts, S are shoulds.
    message : str
    ids : tuple of ImageId
        Photos that are affected, if it can be told.
    """

    invariant: str
    message: str
    ids: tuple[ImageId, ...] = ()

    @property
    def derived(self) -> bool:
        """Whether only what can be made again is affected."""
        return self.invariant.startswith("S")


def verify(store: Store) -> list[Problem]:
    """Check every invariant; all broken ones come back, musts first.

    Where the catalog itself cannot be read, what comes after would be guesswork and is left out.
    """
    problems: list[Problem] = []
    for invariant, check in CHECKS.items():
        try:
            problems += [Problem(invariant, message, ids) for message, ids in check(store)]
        except CollectionDamagedError as error:
            return [*problems, Problem(invariant, str(error))]
    return problems


Finding = tuple[str, tuple[ImageId, ...]]


def _catalog_is_sound(store: Store) -> Iterator[Finding]:
    for message in store.catalog.integrity_problems():
        yield f"{store.catalog.path.name}: {message}", ()


def _vectors_are_there(store: Store) -> Iterator[Finding]:
    try:
        store.vectors()
    except AnnclustError as error:
        affected = store.catalog.images_in_rows(0, store.catalog.rows())
        yield str(error), tuple(affected)


def _blocks_cover_all_rows(store: Store) -> Iterator[Finding]:
    expected = 0
    for first, rows, _ in store.catalog.blocks():
        if first != expected:
            yield f"rows {expected} to {first} belong to no block", ()
        expected = first + rows
    if expected != store.catalog.rows():
        yield f"blocks cover {expected} rows, but {store.catalog.rows()} are committed", ()


def _blocks_are_as_written(store: Store) -> Iterator[Finding]:
    try:
        stored = store.vectors().stored
    except AnnclustError:
        return  # M2 says so
    for first, rows, digest in store.catalog.blocks():
        if block_digest(stored[first : first + rows]) != digest:
            affected = store.catalog.images_in_rows(first, first + rows)
            yield f"rows {first} to {first + rows} are not as written", tuple(affected)


def _rows_exist(store: Store) -> Iterator[Finding]:
    beyond = store.catalog.images_in_rows(store.catalog.rows(), 1 << 62)
    if beyond:
        yield "photos refer to vectors that were never written", tuple(beyond)


def _generations_are_as_written(store: Store) -> Iterator[Finding]:
    for generation in _current(store):
        for message in generations.damage(store.path, generation):
            yield message, ()


def _generations_refer_to_committed_rows(store: Store) -> Iterator[Finding]:
    for found in _current(store):
        if found.rows > store.catalog.rows():
            yield f"{found.kind} generation {found.number} covers rows that do not exist", ()


def _current(store: Store) -> list[Generation]:
    found = [store.catalog.generation(kind) for kind in KINDS]
    return [generation for generation in found if generation is not None]


CHECKS: dict[str, Callable[[Store], Iterator[Finding]]] = {
    "M1": _catalog_is_sound,
    "M2": _vectors_are_there,
    "M3": _blocks_cover_all_rows,
    "M4": _blocks_are_as_written,
    "M5": _rows_exist,
    "S1": _generations_are_as_written,
    "S2": _generations_refer_to_committed_rows,
}
"""The check of each invariant, by its number in docs/format.md."""

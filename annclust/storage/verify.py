"""Verify: every invariant of docs/format.md, one check each, by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from annclust.arrays import ImageId, StoredVectors, VectorRow
from annclust.errors import CollectionDamagedError, StorageError
from annclust.storage import generations
from annclust.storage.layout import KINDS
from annclust.storage.records import Block, Generation
from annclust.storage.schema import needed_settings
from annclust.storage.store import Store
from annclust.storage.vector_file import VectorReader, block_digest, row_checksum, rows_left

DAMAGED_VECTORS = frozenset({"M2", "M4"})
"""The must-invariants that can be mended: the photos are still there."""

HEALED = DAMAGED_VECTORS | {"S4"}
"""What is mended by embedding photos again."""


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
        """Whether only what is derived is affected."""
        return self.invariant.startswith("S")

    @property
    def mendable(self) -> bool:
        """Whether what is affected can be made again, from the rest or from the photos."""
        return self.derived or self.invariant in DAMAGED_VECTORS


def verify(store: Store) -> list[Problem]:
    """Check every invariant; all broken ones come back, musts first.

    A writer may be at work: what is compared is of one moment. Where the catalog itself cannot be
    read, what comes after would be guesswork and is left out.
    """
    found: list[Problem] = []

    def look() -> None:
        found.clear()
        for invariant in CHECKS:
            found.extend(_broken(store, invariant))

    try:
        store.at_one_moment(look)
    except CollectionDamagedError as error:
        found.append(unreadable_catalog(error))
    return found


def _broken(store: Store, invariant: str) -> Iterator[Problem]:
    """How an invariant is broken, in each set of vectors that it is about."""
    sets = [store] if invariant in _OF_ALL else list(store.of_each_set())
    for each in sets:
        whose = f"{each.embedder.name}: " if len(sets) > 1 else ""
        for message, ids in CHECKS[invariant](each):
            yield Problem(invariant, whose + message, ids)


def unreadable_catalog(error: CollectionDamagedError) -> Problem:
    """The broken promise that reading the catalog came upon."""
    return Problem("M1", f"{error.path.name}: {error.reason}")


Finding = tuple[str, tuple[ImageId, ...]]


def _catalog_is_sound(store: Store) -> Iterator[Finding]:
    for message in store.catalog.integrity_problems():
        yield f"{store.catalog.path.name}: {message}", ()
    for name in needed_settings(store.catalog.format()):
        store.catalog.setting(name)
    store.catalog.of_set(store.catalog.active_set()).vector_set()
    for digest, why in store.catalog.impossible_captures():
        affected = (image.id for image in store.catalog.images_of_digest(digest))
        yield f"{store.catalog.path.name}: how a photo was taken: {why}", tuple(affected)


def _vectors_are_there(store: Store) -> Iterator[Finding]:
    try:
        store.vectors()
    except (CollectionDamagedError, StorageError) as error:
        left = rows_left(store.vector_path, store.embedder.dimension)
        rows = store.catalog.rows()
        affected = store.catalog.images_in_rows(left if left < rows else 0, rows)
        yield f"{store.vector_path.name}: {error.reason}", tuple(affected)


def _blocks_cover_all_rows(store: Store) -> Iterator[Finding]:
    expected = 0
    for block in store.catalog.blocks():
        if block.first_row != expected:
            yield f"rows {expected} to {block.first_row} belong to no block", ()
        expected = block.first_row + block.rows
    if expected != store.catalog.rows():
        yield f"blocks cover {expected} rows, but {store.catalog.rows()} are committed", ()


def _blocks_are_as_written(store: Store) -> Iterator[Finding]:
    try:
        vectors = store.vectors()
    except (CollectionDamagedError, StorageError):
        return  # M2 says so
    for block, damaged in _damaged_blocks(store, vectors):
        affected = (i for row in damaged for i in store.catalog.images_in_rows(row, row + 1))
        last = block.first_row + block.rows
        yield f"{len(damaged)} of vectors {block.first_row} to {last} are damaged", tuple(affected)


def sound_vectors(store: Store, *, known: int = 0) -> VectorReader:
    """Every committed vector, after a look at each: something will be made from all of them.

    Parameters
    ----------
    store : Store
    known : int
        Rows that were looked at before, and need no second look.

    Raises
    ------
    CollectionDamagedError
        If one is not as it was written.
    StorageError
        If the system refuses.
    """
    vectors = store.vectors()
    for block, damaged in _damaged_blocks(store, vectors, known):
        last = block.first_row + block.rows
        reason = f"{len(damaged)} of vectors {block.first_row} to {last} are not as written"
        raise CollectionDamagedError(store.vector_path, reason=reason)
    return vectors


def require_sound(store: Store, vectors: VectorReader, rows: Sequence[int]) -> StoredVectors:
    """Some rows as they are stored, in the order given, after a look at each: (len(rows), d).

    Raises
    ------
    CollectionDamagedError
        If one is not as it was written.
    """
    written = store.catalog.checksums_of(rows)
    with suppress(OSError):  # the disk fails at one of them: which one?
        together = vectors.read(np.array(rows, dtype=np.int64))
        if all(
            row_checksum(each) == written.get(VectorRow(row))
            for row, each in zip(rows, together, strict=True)
        ):
            return together
    one_by_one = []
    for row in rows:
        stored = _read_as_written(vectors, row, written)
        if stored is None:
            raise CollectionDamagedError(
                store.vector_path, reason=f"vector {row} is not as written"
            )
        one_by_one.append(stored)
    return np.stack(one_by_one)


def damaged_rows(store: Store) -> list[int]:
    """Rows of the vector file that are not as written, ascending; needs a file of full length."""
    found = _damaged_blocks(store, store.vectors())
    return [row for _, damaged in found for row in damaged]


def _damaged_blocks(
    store: Store, vectors: VectorReader, known: int = 0
) -> Iterator[tuple[Block, list[int]]]:
    """Blocks that are not as written, or cannot be read, each with its damaged rows."""
    for block in store.catalog.blocks():
        first, last = block.first_row, block.first_row + block.rows
        if last <= known:
            continue
        try:
            sound = block_digest(vectors.read(np.arange(first, last))) == block.digest
        except OSError:
            sound = False
        if not sound:
            yield block, _damaged_rows(store, vectors, first, last)


def _damaged_rows(store: Store, vectors: VectorReader, first: int, last: int) -> list[int]:
    """The rows of a damaged block that are not as written; all of them if none can be told."""
    written = store.catalog.checksums(first, last)
    rows = range(first, min(last, vectors.shape[0]))
    damaged = [row for row in rows if _read_as_written(vectors, row, written) is None]
    return damaged or list(range(first, last))


def _read_as_written(
    vectors: VectorReader, row: int, written: Mapping[VectorRow, int]
) -> StoredVectors | None:
    """A row, shape (d,); None if it is not as written, or cannot be read."""
    try:
        (stored,) = vectors.read(np.array([row]))
    except OSError:  # the disk fails just there
        return None
    return stored if row_checksum(stored) == written.get(VectorRow(row)) else None


def _rows_exist(store: Store) -> Iterator[Finding]:
    beyond = store.catalog.contents_beyond(store.catalog.rows())
    if beyond:
        affected = store.catalog.images_in_rows(store.catalog.rows(), 1 << 62)
        yield f"{beyond} contents refer to vectors that were never written", tuple(affected)


def _rows_have_checksums(store: Store) -> Iterator[Finding]:
    rows = store.catalog.rows()
    if store.catalog.vector_rows() != (rows, rows):
        yield f"not every one of {rows} committed rows has a checksum", ()


def _generations_are_as_written(store: Store) -> Iterator[Finding]:
    for generation in _current(store):
        for message in generations.damage(store.path, generation):
            yield message, ()


def _generations_refer_to_committed_rows(store: Store) -> Iterator[Finding]:
    for found in _current(store):
        if found.rows > store.catalog.rows():
            yield f"{found.kind} generation {found.number} covers rows that do not exist", ()


def _clusters_are_of_photos(store: Store) -> Iterator[Finding]:
    stray = store.catalog.stray_cluster_records()
    if stray:
        yield f"{stray} records of clusters refer to nothing", ()


def _photos_have_vectors(store: Store) -> Iterator[Finding]:
    waiting = store.catalog.images_without_vector()
    if waiting:
        photos = "1 photo has" if len(waiting) == 1 else f"{len(waiting)} photos have"
        yield (
            f"{photos} no vector; the next annclust index that finds the file makes one",
            tuple(photo.id for photo in waiting),
        )


def _current(store: Store) -> list[Generation]:
    found = [store.catalog.generation(kind) for kind in KINDS]
    return [generation for generation in found if generation is not None]


CHECKS: dict[str, Callable[[Store], Iterator[Finding]]] = {
    "M1": _catalog_is_sound,
    "M2": _vectors_are_there,
    "M3": _blocks_cover_all_rows,
    "M4": _blocks_are_as_written,
    "M5": _rows_exist,
    "M6": _rows_have_checksums,
    "S1": _generations_are_as_written,
    "S2": _generations_refer_to_committed_rows,
    "S3": _clusters_are_of_photos,
    "S4": _photos_have_vectors,
}
"""The check of each invariant, by its number in docs/format.md."""

_OF_ALL = frozenset({"M1", "S4"})
"""Those that are not checked in each set of vectors: of the catalog, and of the vectors in use."""

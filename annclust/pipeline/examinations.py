"""Examinations: what photos' pixels tell of how good they are, looked up or measured now.

What was measured once is kept in the catalog, by content. Photos are measured in decoding workers,
when somebody asks for the best of a group; indexing does not wait for it. A reader that cannot
write keeps in memory what it measured, and stores it when it may.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from annclust.images.decode_workers import DecodeWorkers
from annclust.images.examination import Examination
from annclust.images.examining import REVISION
from annclust.images.wish import EXAMINATION
from annclust.pipeline.rereading import by_content, reread, rereading_workers, why_not
from annclust.progress import SILENT, Progress
from annclust.settings import DecodeSettings
from annclust.storage.records import ExaminationRecord, ImageRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

Outcome: TypeAlias = Examination | str
"""What was measured, or why nothing could be: a few words without a full stop."""

_AT_A_TIME = 256
"""Examinations that are committed together."""


def stored_examinations(store: Store, digests: Iterable[bytes]) -> dict[bytes, Examination]:
    """What is kept of some contents, as they are measured now.

    What an older annclust measured in another way is left out, as is what cannot be true.
    """
    found = {}
    for digest, record in store.catalog.examinations(digests).items():
        examination = _from_record(record)
        if examination is not None:
            found[digest] = examination
    return found


def _from_record(record: ExaminationRecord) -> Examination | None:
    if record.revision != REVISION:
        return None
    try:
        return Examination.from_measures(json.loads(record.measured), record.maps)
    except (ValueError, AttributeError):  # no JSON, or no object: measured again
        return None


def examine_contents(
    workers: DecodeWorkers, copies: Mapping[bytes, Sequence[ImageRecord]]
) -> Iterator[tuple[bytes, Outcome]]:
    """Measure contents, in any order.

    Parameters
    ----------
    workers : DecodeWorkers
        From `rereading_workers`, or any others.
    copies : mapping of bytes to sequence of ImageRecord
        Photos of each content, of which one that can be read is enough.
    """
    for digest, result in reread(workers, copies, EXAMINATION):
        yield digest, result.examination or why_not(result, digest)


def examine_photos(
    store: Store,
    photos: Collection[ImageRecord],
    settings: DecodeSettings,
    *,
    progress: Progress = SILENT,
    on_outcome: Callable[[bytes, Outcome], None] | None = None,
) -> dict[bytes, Outcome]:
    """What photos' pixels tell, by digest: from the catalog as far as it is known there.

    Parameters
    ----------
    store : Store
        A `StoreWriter` is written to every so many contents, also if the run is stopped; of a
        reader's results, the caller may `store_examinations` later.
    photos : collection of ImageRecord
    settings : DecodeSettings
    progress : Progress
        Told of those that are measured now.
    on_outcome : callable or None
        Called with each digest that is measured now, and what came of it.

    Raises
    ------
    StorageError
        If the system refuses to write; what was committed stays.
    """
    copies = by_content(photos)
    outcomes: dict[bytes, Outcome] = {**stored_examinations(store, copies)}
    missing = {digest: those for digest, those in copies.items() if digest not in outcomes}
    if not missing:
        return outcomes
    with (
        rereading_workers(settings) as workers,
        _Kept(store) as kept,
        progress.stage("Examining photos", len(missing), unit="photos") as stage,
    ):
        for digest, outcome in examine_contents(workers, missing):
            outcomes[digest] = outcome
            kept.add(digest, outcome)
            if on_outcome is not None:
                on_outcome(digest, outcome)
            stage.advance()
    return outcomes


class _Kept:
    """Stores examinations in batches, and the last ones when it is left, whatever for."""

    def __init__(self, store: Store) -> None:
        self._store = store if isinstance(store, StoreWriter) else None
        self._found: dict[bytes, Outcome] = {}

    def add(self, digest: bytes, outcome: Outcome) -> None:
        self._found[digest] = outcome
        if len(self._found) >= _AT_A_TIME:
            self._flush()

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()

    def _flush(self) -> None:
        if self._store is not None:
            store_examinations(self._store, self._found)
        self._found.clear()


def store_examinations(store: StoreWriter, outcomes: Mapping[bytes, Outcome]) -> int:
    """Keep what was measured, in one transaction; gives of how many contents.

    Raises
    ------
    StorageError
        If the system refuses to write.
    """
    records = [
        ExaminationRecord(digest, REVISION, json.dumps(outcome.measures), outcome.maps)
        for digest, outcome in outcomes.items()
        if isinstance(outcome, Examination)
    ]
    if records:
        with store.catalog.transaction():
            store.catalog.add_examinations(records)
    return len(records)

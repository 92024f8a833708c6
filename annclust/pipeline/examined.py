"""Examined: what was measured and is not stored yet, for a reader that stays open.

Serves whoever looks through groups while another process may write. What is stored is looked up in
the catalog each time; only the rest is kept here, and why some photos cannot be measured.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from annclust.pipeline.examinations import Outcome, store_examinations, stored_examinations
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter


class Examined:
    """Outcomes by digest, those of the catalog included; thread-safe."""

    def __init__(self) -> None:
        self._outcomes: dict[bytes, Outcome] = {}
        self._lock = threading.Lock()

    def add(self, digest: bytes, outcome: Outcome) -> None:
        """Keep what was measured, or why nothing was, until it is stored."""
        with self._lock:
            self._outcomes[digest] = outcome

    def of(self, store: Store, photos: Iterable[ImageRecord]) -> dict[bytes, Outcome]:
        """What is known of some photos; those that are left out are yet to be measured."""
        digests = {photo.digest for photo in photos}
        with self._lock:
            found = {each: self._outcomes[each] for each in digests if each in self._outcomes}
        return {**stored_examinations(store, digests - found.keys()), **found}

    def store(self, writer: StoreWriter) -> int:
        """Store what was measured, and keep it no longer; gives of how many contents.

        Why photos could not be measured is kept: it is true until they are indexed again, and is
        not tried again until `forget_failures`.

        Raises
        ------
        StorageError
            If the system refuses to write; then all is kept.
        """
        with self._lock:
            measured = {d: each for d, each in self._outcomes.items() if not isinstance(each, str)}
        stored = store_examinations(writer, measured)
        with self._lock:
            for digest in measured:
                self._outcomes.pop(digest, None)
        return stored

    def forget_failures(self) -> None:
        """Let photos that could not be measured be tried again."""
        with self._lock:
            self._outcomes = {
                digest: each for digest, each in self._outcomes.items() if not isinstance(each, str)
            }

"""Examiner: measures photos in the background, those first that somebody looks at.

What it finds counts at once; it is stored when nobody else is writing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Condition, Thread
from typing import Final, TypeAlias

from annclust.closing import Closing
from annclust.errors import AnnclustError
from annclust.images.decode_workers import DecodeWorkers
from annclust.images.examination import Examination
from annclust.pipeline.examinations import (
    Outcome,
    examine_contents,
    store_examinations,
    stored_examinations,
)
from annclust.pipeline.rereading import by_content, rereading_workers
from annclust.progress import Progress
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.web.session import Session

_log = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds without anything to measure, until the workers are sent home."""

_TOGETHER: Final = 64
"""Examinations that are stored at a time."""

_AT_A_TIME: Final = 8
"""Photos that are measured before looking whether others are wanted sooner."""

_MOST_WANTED: Final = 32
"""Groups that wait; what was asked for before that is asked for again if it matters."""

Copies: TypeAlias = Mapping[bytes, Sequence[ImageRecord]]
"""Photos by the digest of their content."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Photos to be measured, and what is done once they are, with a store to read from."""

    photos: Sequence[ImageRecord]
    then: Callable[[Store], object]


class Examiner(Closing):
    """Measures photos of a session.

    Parameters
    ----------
    session : Session
    settings : DecodeSettings
    """

    def __init__(self, session: Session, settings: DecodeSettings) -> None:
        self._session, self._settings = session, settings
        self._wanted: list[Wanted] = []
        self._unstored: dict[bytes, Examination] = {}
        self._failed: dict[bytes, str] = {}
        self._closing = False
        self._news = Condition()
        self._thread = Thread(target=self._work, name="annclust examine", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the photos at hand, and store what was found."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join()
        self._store_found()

    def known(self, store: Store, photos: Iterable[ImageRecord]) -> dict[bytes, Outcome]:
        """What was measured of some photos, or why nothing could be, by digest."""
        digests = {photo.digest for photo in photos}
        with self._news:
            found: dict[bytes, Outcome] = {
                digest: outcome
                for known in (self._failed, self._unstored)
                for digest, outcome in known.items()
                if digest in digests
            }
        return {**stored_examinations(store, digests - found.keys()), **found}

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Measure photos soon: before all that was wanted earlier, the first ones first."""
        with self._news:
            self._wanted += reversed(wanted)
            del self._wanted[:-_MOST_WANTED]
            self._news.notify_all()

    def forget_failures(self) -> None:
        """Try again what could not be measured, when it is asked for next: a disk may be back."""
        with self._news:
            self._failed.clear()

    def examine(self, photos: Sequence[ImageRecord], progress: Progress) -> None:
        """Measure photos now, for a job; raises what `progress` raises."""
        with self._session.readers.store() as store:
            missing = self._missing(store, photos)
        if missing:
            self._examine(missing, progress)
        self._store_found()

    def _examine(self, missing: Copies, progress: Progress) -> None:
        with (
            progress.stage("Looking closely", len(missing), unit="photos") as stage,
            rereading_workers(self._settings) as workers,
        ):
            for digest, outcome in examine_contents(workers, missing):
                self._note(digest, outcome)
                stage.advance()

    def _missing(self, store: Store, photos: Iterable[ImageRecord]) -> Copies:
        copies = by_content(photos)
        known = self.known(store, [copy for copies_of in copies.values() for copy in copies_of])
        return {digest: those for digest, those in copies.items() if digest not in known}

    # In the background

    def _work(self) -> None:
        while self._next_is_there(None):
            try:
                self._do_what_is_wanted()
            except Exception as error:  # what is looked at later is another matter
                self._give_up(error)
            self._store_found()

    def _do_what_is_wanted(self) -> None:
        with rereading_workers(self._settings) as workers:
            while self._next_is_there(_PATIENCE):
                with self._session.telling_mishaps("examining"):
                    self._do(workers, self._take())

    def _give_up(self, error: Exception) -> None:
        """Say so, and let go of what is wanted: a page asks again as long as it is shown."""
        with self._news:
            self._wanted.clear()
        if not isinstance(error, AnnclustError):  # that, the person was told
            _log.exception("photos could not be examined", exc_info=error)

    def _next_is_there(self, patience: float | None) -> bool:
        """Whether something is wanted, at the latest after some seconds; not if we are closing."""
        with self._news:
            self._news.wait_for(lambda: self._closing or bool(self._wanted), patience)
            return bool(self._wanted) and not self._closing

    def _take(self) -> Wanted:
        """What was asked for last; if that is much, its first few photos."""
        with self._news:
            last = self._wanted.pop()
            if len(last.photos) <= _AT_A_TIME:
                return last
            self._wanted.append(replace(last, photos=last.photos[_AT_A_TIME:]))
            return Wanted(last.photos[:_AT_A_TIME], lambda _store: None)

    def _do(self, workers: DecodeWorkers, wanted: Wanted) -> None:
        with self._session.readers.store() as store:
            missing = self._missing(store, wanted.photos)
            for digest, outcome in examine_contents(workers, missing):
                self._note(digest, outcome)
            wanted.then(store)

    def _note(self, digest: bytes, outcome: Outcome) -> None:
        with self._news:
            if isinstance(outcome, Examination):
                self._unstored[digest] = outcome
            else:
                self._failed[digest] = outcome
            full = len(self._unstored) >= _TOGETHER
        if full:
            self._store_found()

    def _store_found(self) -> None:
        """Store what was found, unless the disk or another process refuses: then, later."""
        with self._news:
            found = dict(self._unstored)
        if not found:
            return
        # Nothing is lost but time: they are stored with the next ones.
        with suppress(AnnclustError), self._session.telling_mishaps("storing"):
            with self._session.writing() as store:
                store_examinations(store, found)
            with self._news:
                for digest in found:
                    self._unstored.pop(digest, None)

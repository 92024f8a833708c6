"""Looking: what is known of photos that are compared, measured now as far as nobody did before.

What is measured is kept in the catalog whenever nobody else writes to it, so that the next look,
by whatever command or page, is for free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from annclust.errors import CollectionLockedError, StorageError
from annclust.pipeline.examinations import Outcome, examine_photos, store_examinations
from annclust.progress import SILENT, Progress
from annclust.purge.candidates import looked
from annclust.purge.planning import Looked
from annclust.settings import DecodeSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter


class Looking:
    """Looks at photos; a `planning.Look`.

    Parameters
    ----------
    store : Store
    settings : DecodeSettings
    open_writer : callable
        Opens the collection for writing; raises CollectionLockedError if somebody else writes.
    progress : Progress
    """

    def __init__(
        self,
        store: Store,
        settings: DecodeSettings,
        open_writer: Callable[[], StoreWriter],
        progress: Progress = SILENT,
    ) -> None:
        self._store, self._settings = store, settings
        self._open_writer, self._progress = open_writer, progress

    def __call__(self, photos: Sequence[ImageRecord]) -> Looked:
        """What is known of each photo, by its id; or why nothing is."""
        return looked(self._store, photos, self._examined(photos))

    def _examined(self, photos: Sequence[ImageRecord]) -> dict[bytes, Outcome]:
        measured: dict[bytes, Outcome] = {}
        try:
            return examine_photos(
                self._store,
                photos,
                self._settings,
                progress=self._progress,
                on_outcome=measured.__setitem__,
            )
        finally:
            self._keep(measured)

    def _keep(self, measured: dict[bytes, Outcome]) -> None:
        # Not to be able to is no reason not to plan.
        with suppress(CollectionLockedError, StorageError):
            if measured:
                with self._open_writer() as store:
                    store_examinations(store, measured)

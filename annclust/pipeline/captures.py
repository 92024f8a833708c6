"""Captures: how photos were taken is looked up for contents that were indexed before that counted.

Only their EXIF is read, nothing is decoded or embedded; once for each content, after a scan.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping

from annclust.images.capture import Capture
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.input_geometry import InputGeometry
from annclust.progress import Progress, StoppedError
from annclust.settings import IndexingSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store_writer import StoreWriter

_HARDLY_ANYTHING = InputGeometry(short_side=1, crop=1)
"""What is to be seen of a file that is not what it was: it is decoded, for nothing."""


def learn_captures(
    store: StoreWriter, roots: Collection[int], settings: IndexingSettings, progress: Progress
) -> None:
    """Look how the photos under some roots were taken, of which nobody has looked yet.

    A file that cannot be read, or is not what it was, is left for the next time.

    Parameters
    ----------
    store : StoreWriter
    roots : collection of int
        Ids of roots that are there.
    settings : IndexingSettings
    progress : Progress

    Raises
    ------
    StorageError
        If the system refuses to write; what was committed stays.
    """
    waiting = store.catalog.images_without_capture()
    photos = {photo.digest: photo for photo in waiting if photo.root.id in roots}
    if photos:
        _learn(store, photos, settings, progress)


def _learn(
    store: StoreWriter,
    photos: Mapping[bytes, ImageRecord],
    settings: IndexingSettings,
    progress: Progress,
) -> None:
    found: dict[bytes, Capture] = {}
    with (
        # A link was followed when the photo was embedded, or else it is none.
        DecodeWorkers(_HARDLY_ANYTHING, settings.decode, follow_symlinks=True) as workers,
        progress.stage("Reading when photos were taken", len(photos), unit="photos") as stage,
    ):
        try:
            for result in workers.run(_jobs(photos.values())):
                stage.advance()
                digest, capture = result.digest, result.capture
                if digest is not None and digest in photos and capture is not None:
                    found[digest] = capture
                if len(found) >= settings.embed.commit_every:
                    _commit(store, found)
        except StoppedError:
            _commit(store, found)
            raise
    _commit(store, found)


def _jobs(photos: Iterable[ImageRecord]) -> Iterator[ReadJob]:
    for key, photo in enumerate(photos):
        yield ReadJob(key, os.fsencode(photo.full_path), frozenset((photo.digest,)))


def _commit(store: StoreWriter, found: dict[bytes, Capture]) -> None:
    """Note what was found, and begin anew."""
    with store.catalog.transaction():
        store.catalog.add_captures(found.items())
    found.clear()

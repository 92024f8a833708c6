"""Captures: how photos were taken is looked up for contents that were indexed before that counted.

And where, for those that were indexed while places were not kept. Their files are read whole, as
only the digest of all bytes says that they are what they were; but nothing is decoded or embedded.
Once for each content, at the end of an indexing: who stops it then has all photos in index and
graph.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from annclust.images.capture import Capture
from annclust.pipeline.rereading import by_content, reread, rereading_workers, was_read
from annclust.progress import Progress, StoppedError
from annclust.settings import IndexingSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store_writer import StoreWriter


def learn_captures(
    store: StoreWriter, roots: Collection[int], settings: IndexingSettings, progress: Progress
) -> int:
    """Look how the photos under some roots were taken, of which nobody has looked yet.

    Of several files with a content one is read, and the next one only if that cannot be read or is
    not what it was. A content of which no file tells anything is left for the next time. But for
    places that were not kept, photos are asked once, as soon as their roots are there.

    Parameters
    ----------
    store : StoreWriter
    roots : collection of int
        Ids of roots whose folders are there, and hold what they did.
    settings : IndexingSettings
    progress : Progress

    Returns
    -------
    int
        Contents that were read for it.

    Raises
    ------
    StorageError
        If the system refuses to write; what was committed stays.
    """
    missed = store.catalog.missed_places()
    asked = {p.id: p for p in store.catalog.images_without_capture() if p.root.id in roots}
    if asking := missed & set(roots):
        placeless = store.catalog.images_without_capture(or_place=True)
        asked |= {photo.id: photo for photo in placeless if photo.root.id in asking}
    copies = by_content(asked.values())
    if copies:
        _learn(store, copies, settings, progress)
    if asking:
        with store.catalog.transaction():
            store.catalog.miss_places(missed - asking)
    return len(copies)


def _learn(
    store: StoreWriter,
    copies: Mapping[bytes, Sequence[ImageRecord]],
    settings: IndexingSettings,
    progress: Progress,
) -> None:
    found: dict[bytes, Capture] = {}
    with (
        rereading_workers(settings.decode) as workers,
        progress.stage("Reading when photos were taken", len(copies), unit="photos") as stage,
    ):
        try:
            for digest, result in reread(workers, copies):
                stage.advance()
                if was_read(result, digest) and result.capture is not None:
                    found[digest] = result.capture
                if len(found) >= settings.embed.commit_every:
                    _commit(store, found)
        except StoppedError:
            _commit(store, found)
            raise
    _commit(store, found)


def _commit(store: StoreWriter, found: dict[bytes, Capture]) -> None:
    """Note what was found, and begin anew."""
    add_captures(store, found)
    found.clear()


def add_captures(store: StoreWriter, found: Mapping[bytes, Capture]) -> None:
    """Note how photos were taken, by digest, in one transaction; none if there is nothing to note.

    Raises
    ------
    StorageError
        If the system refuses to write.
    """
    if found:
        with store.catalog.transaction():
            store.catalog.add_captures(found.items())

"""Compacting: a collection without what is left of removed photos."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from annclust.errors import InputError
from annclust.pipeline.clusters import is_out_of_date
from annclust.pipeline.derived import refresh
from annclust.pipeline.group_trees import keeping_groups
from annclust.pipeline.live_vectors import live_vectors
from annclust.pipeline.maps import keeping_map
from annclust.progress import SILENT, Progress
from annclust.settings import SearchSettings
from annclust.storage.records import ClusteringRecord
from annclust.storage.store_writer import StoreWriter


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What compacting dropped.

    Parameters
    ----------
    removed : int
        Tombstones of photos.
    forgotten : str or None
        The embedder whose vectors were dropped as a whole.
    bytes_before, bytes_after : int
        Of all files of the collection.
    """

    removed: int
    forgotten: str | None
    bytes_before: int
    bytes_after: int


def compact(
    store: StoreWriter,
    settings: SearchSettings,
    progress: Progress = SILENT,
    *,
    dropped: int | None = None,
) -> CompactReport:
    """Drop tombstones and unneeded vectors, and make index and graph anew.

    The groups stay as they are, and so do the links of shots, scenes and themes, and the map; the
    density tree comes back with the next clustering.

    Parameters
    ----------
    store : StoreWriter
    settings : SearchSettings
    progress : Progress
    dropped : int or None
        Number of a set of vectors that is dropped as a whole.

    Raises
    ------
    InputError
        If that set is in use.
    """
    if dropped in (store.catalog.set_number, store.catalog.active_set()):
        raise InputError(
            "these vectors are in use. Use others first (annclust use EMBEDDER), or give the"
            " name with @REVISION, as annclust use lists it."
        )
    before, removed = store.bytes_on_disk(), store.catalog.counts()["removed"]
    forgotten = None if dropped is None else store.of_set(dropped).embedder.name
    with ExitStack() as stack:
        stack.enter_context(progress.stage("Compacting"))
        for each in _sets(store, without=dropped):
            stack.enter_context(keeping_groups(each))
            stack.enter_context(keeping_map(each))
        stack.enter_context(keeping_clusterings_current(store, without=dropped))
        store.compact(dropped=dropped)
    refresh(store, settings, progress)
    store.catalog.shrink()
    return CompactReport(removed, forgotten, before, store.bytes_on_disk())


@contextmanager
def keeping_clusterings_current(
    store: StoreWriter, *, without: int | None = None
) -> Iterator[None]:
    """Let rows get new numbers: clusterings that were of the photos that are there still are.

    The new numbers may by chance be those that another clustering was of. All sets of vectors are
    looked after, `without` one.
    """
    with ExitStack() as stack:
        for each in _sets(store, without=without):
            stack.enter_context(_keeping_own_clusterings_current(each))
        yield


def _sets(store: StoreWriter, *, without: int | None) -> Iterator[StoreWriter]:
    return (each for each in store.of_each_set() if each.catalog.set_number != without)


@contextmanager
def _keeping_own_clusterings_current(store: StoreWriter) -> Iterator[None]:
    known, photos = store.catalog.clusterings(), live_vectors(store).photos
    current = [record for record in known if not is_out_of_date(store, record)]
    _note_vectors(store, [record for record in known if record not in current], None)
    yield
    live = live_vectors(store)
    same = np.array_equal(live.photos, photos)
    _note_vectors(store, current, live.digest if same else None)


def _note_vectors(
    store: StoreWriter, clusterings: Sequence[ClusteringRecord], digest: str | None
) -> None:
    """Say anew of which vectors clusterings are; None if these are not the live ones any more."""
    with store.catalog.transaction():
        for record in clusterings:
            settings = json.loads(record.settings) | {"vectors": digest}
            store.catalog.set_clustering_settings(record.id, json.dumps(settings))

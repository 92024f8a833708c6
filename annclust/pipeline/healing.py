"""Healing: damaged vectors are made again from the photos, which are still there.

Contents whose vectors are damaged lose them: from then on they count as not embedded yet. Their
photos are read and embedded at once, as by `annclust index`; those that are not there keep their
place in the collection, are named by `annclust check`, and get their vector when they are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from annclust.arrays import VectorRow
from annclust.embedding.embedder import EmbedderLoader
from annclust.images.scan_plan import FileState, Sighting
from annclust.pipeline.compacting import keeping_clusterings_current
from annclust.pipeline.group_trees import keeping_groups
from annclust.pipeline.intake import take_in
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import damaged_rows


def heal(
    store: StoreWriter,
    embedder: Callable[[], EmbedderLoader],
    settings: IndexingSettings,
    progress: Progress = SILENT,
) -> None:
    """Embed the photos of damaged vectors again, and drop the damaged ones.

    Vectors of other embedders than the one in use are dropped, and made when it is used again.

    Raises
    ------
    StorageError
        If the system refuses to write.
    """
    with keeping_clusterings_current(store):
        damaged = {each: _lose_damaged(each) for each in store.of_each_set()}
        photos = store.catalog.images_without_vector()
        if photos:
            _embed_again(store, photos, embedder(), settings, progress)
        if any(damaged.values()):
            with ExitStack() as stack:
                for each in damaged:
                    if not damaged[each]:
                        stack.enter_context(keeping_groups(each))
                store.compact()


def _lose_damaged(store: StoreWriter) -> int:
    """Note which vectors are damaged; gives how many."""
    damaged = [VectorRow(row) for row in damaged_rows(store)]
    store.lose_vectors(damaged)
    return len(damaged)


def _embed_again(
    store: StoreWriter,
    photos: Sequence[ImageRecord],
    embedder: EmbedderLoader,
    settings: IndexingSettings,
    progress: Progress,
) -> None:
    files = [FileState(p.root.id, p.path, p.size, p.modified_ns) for p in photos]
    folders = {photo.root.id: photo.root.path for photo in photos}
    # A link was followed when the photo was embedded, or else it is none.
    settings = replace(settings, scan=replace(settings.scan, follow_symlinks=True))
    take_in(store, files, folders, embedder, settings, _is_for_index_to_place, progress)


def _is_for_index_to_place(_: Sighting) -> bool:
    """Contents are taken in; which photo they are is known, or for the next scan to tell."""
    return True

"""Healing: damaged vectors are made again from the photos, which are still there.

A photo is believed to be the one that was embedded if its bytes have the digest that they had. What
cannot be healed, as its photo is gone or changed, stays named by `annclust check`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from annclust.arrays import VectorRow, Vectors
from annclust.embedding.embedder import EmbedderLoader
from annclust.images.decode_workers import DecodeWorkers, ReadJob
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import damaged_rows


def heal(
    store: StoreWriter,
    embedder: EmbedderLoader,
    settings: IndexingSettings,
    progress: Progress = SILENT,
) -> None:
    """Embed the photos of damaged vectors again; drop the damaged ones if none is needed any more.

    Raises
    ------
    StorageError
        If the system refuses to write.
    """
    damaged = [VectorRow(row) for row in damaged_rows(store)]
    holders = [photo for row in damaged for photo in store.catalog.images_of_row(row)]
    if holders:
        store.replace_vectors(dict(_made_again(holders, embedder, settings, progress)))
    if damaged and not any(store.catalog.images_of_row(row) for row in damaged):
        store.compact()


def _made_again(
    photos: list[ImageRecord],
    embedder: EmbedderLoader,
    settings: IndexingSettings,
    progress: Progress,
) -> Iterator[tuple[VectorRow, Vectors]]:
    """The vectors of photos that are still what they were, by row."""
    jobs = (ReadJob(key, os.fsencode(photo.full_path)) for key, photo in enumerate(photos))
    follow = True  # it was followed before, or else it is no link
    with (
        progress.stage("Healing", len(photos), unit="photos") as stage,
        DecodeWorkers(embedder.geometry, settings.decode, follow_symlinks=follow) as workers,
    ):
        model = embedder.load()
        for result in workers.run(jobs):
            photo = photos[result.key]
            if result.image is not None and result.digest == photo.digest:
                yield photo.row, model.embed([result.image.pixels])[0]
            stage.advance()

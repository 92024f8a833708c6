"""Querying: the photos nearest to any image, in the collection or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annclust.arrays import Distances, Nodes, VectorRow, Vectors
from annclust.images.decode_workers import digest_of, image_reader
from annclust.pipeline.derived import stored_index
from annclust.pipeline.indexing import EmbedderLoader
from annclust.pipeline.reports import Match
from annclust.search.exact import nearest, rerank
from annclust.settings import DecodeSettings, SearchSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store


def query_vector(
    store: Store, image: Path, embedder: EmbedderLoader, settings: DecodeSettings
) -> Vectors:
    """The vector of an image file, shape (1, d): the stored one if its content is known.

    Raises
    ------
    UnreadableImageError
        If the file cannot be read or decoded.
    """
    known = store.catalog.content(digest_of(image))
    if known is not None:
        return store.vectors().take(np.array([known.row]))
    with image_reader(embedder.geometry, settings) as read:
        model = embedder.load()  # while the worker starts
        return model.embed([read(image).pixels])


class Searcher:
    """Answers queries over one state of a collection, as often as asked.

    Parameters
    ----------
    store : Store
    settings : SearchSettings
    """

    def __init__(self, store: Store, settings: SearchSettings) -> None:
        self._store = store
        self._vectors = store.vectors()
        self._rows = self._vectors.shape[0]
        self._index = stored_index(store, settings) if self._rows else None

    def similar(self, query: Vectors, k: int) -> list[Match]:
        """The k photos nearest to a query, nearest first; fewer if there are not so many.

        Parameters
        ----------
        query : ndarray of shape (1, d), float32
            A unit vector.
        k : int
        """
        wanted = min(k, self._rows)
        while True:
            matches = self._matches(*self._nearest_rows(query, wanted))
            if len(matches) >= k or wanted >= self._rows:
                return matches[:k]
            # Some of the rows belong to removed photos: look further.
            wanted = min(2 * wanted + 1, self._rows)

    def _nearest_rows(self, query: Vectors, k: int) -> tuple[Distances, Nodes]:
        """Through the index, and exactly over the rows that are newer than it."""
        if self._index is None:
            distances, rows = nearest(self._vectors, query, k)
        else:
            candidates = self._index.search(query, k)[1]
            tail = np.arange(self._index.rows, self._rows)[np.newaxis]
            everything = np.hstack([candidates, tail])
            distances, rows = rerank(self._vectors, query, everything, k)
        return distances[0], rows[0]

    def _matches(self, distances: Distances, rows: Nodes) -> list[Match]:
        found = []
        for distance, row in zip(distances.tolist(), rows.tolist(), strict=True):
            if row >= 0:
                photos = self._store.catalog.images_of_row(VectorRow(row))
                found += [_match(photo, distance) for photo in photos]
        return found


def _match(photo: ImageRecord, distance: float) -> Match:
    # Of unit vectors: |a - b|² = 2 - 2 a·b.
    return Match(photo.id, photo.full_path, 1 - distance**2 / 2, distance)

"""Querying: the photos nearest to any image, in the collection or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from annclust.arrays import Distances, Nodes, Vectors, unit_rows
from annclust.embedding.embedder import (
    Embedder,
    EmbedderLoader,
    TextEmbedder,
    UnembeddableError,
)
from annclust.errors import InputError, NoTextError, UnreadableImageError
from annclust.images.decoded_image import DecodedImage
from annclust.images.digest import digest_of
from annclust.pipeline.reports import Match
from annclust.pipeline.stored import stored_index
from annclust.search.exact import nearest, rerank
from annclust.settings import DecodeSettings, SearchSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.storage.verify import require_sound, sound_vectors
from annclust.vector_source import ArrayVectors, SelectedVectors


def query_vector(
    store: Store, image: Path, embedder: Callable[[], EmbedderLoader], settings: DecodeSettings
) -> Vectors:
    """The vector of an image file, stored or as the embedder sees it: shape (1, d).

    Raises
    ------
    UnreadableImageError
        If the file cannot be read or decoded.
    """
    known = stored_vector(store, image)
    return embedded_vector(image, embedder(), settings) if known is None else known


def stored_vector(store: Store, image: Path) -> Vectors | None:
    """The stored vector of an image file whose content is known, shape (1, d); None if it is not.

    Raises
    ------
    UnreadableImageError
        If the file cannot be read.
    CollectionDamagedError
        If the vector is not as it was written.
    """
    digest = digest_of(image)

    def look_up() -> Vectors | None:
        known = store.catalog.content(digest)
        if known is None:
            return None
        vectors = store.vectors()
        return unit_rows(require_sound(store, vectors, [known.row]))

    return store.at_one_moment(look_up)


def embedded_vector(image: Path, embedder: EmbedderLoader, settings: DecodeSettings) -> Vectors:
    """The vector of an image file as the embedder sees it, shape (1, d).

    Raises
    ------
    UnreadableImageError
        If the file cannot be read or decoded.
    """
    from annclust.images.decode_workers import image_reader

    with image_reader(embedder.geometry, settings) as read:
        model = embedder.load()  # while the worker starts
        return seen_vector(image, read(image), model)


def seen_vector(image: Path, seen: DecodedImage, model: Embedder) -> Vectors:
    """The vector of an image that was decoded already, shape (1, d).

    Raises
    ------
    UnreadableImageError
        If the embedder makes nothing of it.
    """
    try:
        return model.embed([seen.pixels])
    except UnembeddableError as error:
        raise UnreadableImageError(image, reason=error.images[0].reason) from error


def text_vector(text: str, embedder: EmbedderLoader) -> Vectors:
    """The vector of a text among those of images, shape (1, d).

    Raises
    ------
    InputError
        If the embedder knows images alone, or there is no text.
    """
    if not text.strip():
        raise InputError("there is no text to look for.")
    model = embedder.load()
    if not isinstance(model, TextEmbedder):
        raise NoTextError(embedder.spec.name)
    return model.embed_texts([text])


class Searcher:
    """Answers queries over one state of a collection, as often as asked.

    Parameters
    ----------
    store : Store
    settings : SearchSettings
    """

    def __init__(self, store: Store, settings: SearchSettings) -> None:
        self._store = store
        with store.catalog.snapshot():  # index and vectors are of one moment
            self._index = stored_index(store, settings)
            self._vectors = store.vectors()
        self._rows = self._vectors.shape[0]

    def similar(self, query: Vectors, k: int, *, first: Path | None = None) -> list[Match]:
        """The k photos nearest to a query, nearest first; fewer if there are not so many.

        Parameters
        ----------
        query : ndarray of shape (1, d), float32
            A unit vector.
        k : int
        first : Path or None
            Of photos that are as near as each other, the one that comes first.
        """
        matches = self._matches(*self._nearest_rows(query, k), k)
        if len(matches) < k:
            # Photos that are gone were in the way, or the index looked into too few lists.
            matches = self._matches(*self._nearest_live(query, k), k)
        matches.sort(key=lambda match: (match.distance, match.path != first, match.id))
        return matches[:k]

    def similar_to_text(self, query: Vectors, k: int) -> list[Match]:
        """As `similar`, but every photo is looked at.

        A text is far from all photos: what lies near it along the few axes that the index knows
        need not be what is nearest.
        """
        return self._matches(*self._nearest_live(query, k), k)[:k]

    def _nearest_rows(self, query: Vectors, k: int) -> tuple[Distances, Nodes]:
        """Through the index, and exactly over the rows that are newer than it."""
        if self._index is None:
            sound_vectors(self._store)
            return nearest(self._vectors, query, min(k, self._rows))
        candidates = self._index.search(query, k)[1]
        tail = np.arange(self._index.rows, self._rows)[np.newaxis]
        rows = np.sort(np.hstack([candidates, tail])[0])
        rows = rows[rows >= 0]
        sound = ArrayVectors(unit_rows(require_sound(self._store, self._vectors, rows.tolist())))
        places = np.arange(len(rows))[np.newaxis]
        distances, nearest_first = rerank(sound, query, places, len(rows))
        return distances, rows[nearest_first]

    def _nearest_live(self, query: Vectors, k: int) -> tuple[Distances, Nodes]:
        """Exactly, over the rows of present photos."""
        live = np.unique(self._store.catalog.live()[1])
        live = live[live < self._rows]
        sound_vectors(self._store)
        distances, places = nearest(SelectedVectors(self._vectors, live), query, min(k, len(live)))
        return distances, live[places]

    def _matches(self, distances: Distances, rows: Nodes, k: int) -> list[Match]:
        """The photos of rows, nearest first: k of them, and those as near as the last."""
        found: list[Match] = []
        known = rows[0] >= 0
        away, wanted = distances[0][known].tolist(), rows[0][known].tolist()
        for first in range(0, len(wanted), k):
            some = wanted[first : first + k]
            photos = self._photos(some)
            for distance, row in zip(away[first : first + k], some, strict=True):
                if len(found) >= k and distance > found[-1].distance:
                    return found
                found += [_match(photo, distance) for photo in photos[row]]
        return found

    def _photos(self, rows: list[int]) -> Mapping[int, list[ImageRecord]]:
        """The photos of each row."""
        photos: defaultdict[int, list[ImageRecord]] = defaultdict(list)
        for photo in self._store.catalog.images_of_rows(rows):
            photos[photo.row].append(photo)
        return photos


class CurrentSearcher:
    """The searcher of a collection as it is: another one once its vectors or its index changed."""

    def __init__(self) -> None:
        self._state: object = None
        self._searcher: Searcher | None = None

    def over(self, store: Store, settings: SearchSettings) -> Searcher:
        """The searcher of this moment; `settings` are for one that has to be made."""
        state = (store.catalog.vector_set(), store.catalog.generation("index"))
        if self._searcher is None or self._state != state:
            self._searcher, self._state = Searcher(store, settings), state
        return self._searcher


def _match(photo: ImageRecord, distance: float) -> Match:
    # Of unit vectors: |a - b|² = 2 - 2 a·b.
    return Match(photo.id, photo.full_path, 1 - distance**2 / 2, distance)

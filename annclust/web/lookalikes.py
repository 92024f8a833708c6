"""Lookalikes: the photos nearest to a photo, a file or a text, as `annclust similar` finds them.

The index and the model are loaded by the first question that needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock

from annclust.arrays import Vectors, unit_rows
from annclust.closing import Closing
from annclust.embedding.embedder import EmbedderLoader
from annclust.errors import AnnclustError, UnknownPhotoError
from annclust.images.decode_workers import image_reader
from annclust.images.decoded_image import DecodedImage
from annclust.pipeline.querying import (
    CurrentSearcher,
    Searcher,
    seen_vector,
    stored_vector,
    text_vector,
)
from annclust.pipeline.reports import Match
from annclust.settings import IndexingSettings
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store
from annclust.storage.verify import require_sound


class Lookalikes(Closing):
    """Finds what photos look like; one question at a time.

    Parameters
    ----------
    store : Store
        To read from; closed with this.
    loader : callable
        Finds the embedder of its vectors.
    settings : IndexingSettings
    """

    def __init__(
        self,
        store: Store,
        loader: Callable[[], EmbedderLoader],
        settings: IndexingSettings,
    ) -> None:
        self._store, self._loader, self._settings = store, loader, settings
        self._opened = ExitStack()
        self._opened.enter_context(store)
        self._read: Callable[[Path], DecodedImage] | None = None
        self._searcher = CurrentSearcher()
        self._can_text = False
        self._lock = Lock()

    def close(self) -> None:
        """Let go of the files, and end the worker."""
        with self._lock:
            self._opened.close()

    def of_photo(self, photo: ImageRecord, n: int) -> list[Match]:
        """The photos nearest to one of them, itself the first."""
        with self._lock:
            return self._nearest(lambda: self._vector_of(photo), n, first=photo.full_path)

    def of_file(self, path: Path, n: int) -> list[Match]:
        """The photos nearest to a file that need not be one of them.

        Raises
        ------
        UnreadableImageError
            If it cannot be read.
        """
        with self._lock:
            known = stored_vector(self._store, path)
            vector = self._embedded(path) if known is None else known
            return self._nearest(lambda: vector, n)

    def of_text(self, text: str, n: int) -> list[Match]:
        """The photos that show what a text says.

        Raises
        ------
        NoTextError
            If the embedder knows pictures alone.
        """
        with self._lock:
            vector = text_vector(text, self._loader())
            return self._store.at_one_moment(lambda: self._now().similar_to_text(vector, n))

    def _nearest(
        self, vector: Callable[[], Vectors], n: int, *, first: Path | None = None
    ) -> list[Match]:
        return self._store.at_one_moment(lambda: self._now().similar(vector(), n, first=first))

    def _vector_of(self, photo: ImageRecord) -> Vectors:
        content = self._store.catalog.content(photo.digest)
        if content is None:
            raise UnknownPhotoError(photo.full_path, waiting=True)
        return unit_rows(require_sound(self._store, self._store.vectors(), [content.row]))

    def _embedded(self, path: Path) -> Vectors:
        embedder = self._loader()
        if self._read is None:  # the worker stays: to start one takes longer than all the rest
            reader = image_reader(embedder.geometry, self._settings.decode)
            self._read = self._opened.enter_context(reader)
        return seen_vector(path, self._read(path), embedder.load())

    def _now(self) -> Searcher:
        return self._searcher.over(self._store, self._settings.search)

    @property
    def can_text(self) -> bool:
        """Whether the embedder knows texts; not, until that has been found out."""
        return self._can_text

    def find_out(self) -> None:
        """Find the embedder, which takes time if it is one that the user brings."""
        with suppress(AnnclustError), self._lock:
            self._can_text = self._loader().reads_text

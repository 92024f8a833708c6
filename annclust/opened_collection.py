"""Opened collection: a collection that is open, and the embedder through which it is seen."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, get_args

from annclust.choices import PathLike, path_of, refuse_unknown
from annclust.closing import Closing
from annclust.embedding.embedder import EmbedderLoader, EmbedderSpec
from annclust.engine import LOCAL
from annclust.errors import AnnclustError, CollectionClosedError, UsageError
from annclust.pipeline.embedders import CollectionEmbedder
from annclust.progress import SILENT, Progress
from annclust.settings import EngineName, IndexingSettings
from annclust.storage.store import Store

# What only writing needs is loaded when something is written.
if TYPE_CHECKING:
    from annclust.storage.store_writer import StoreWriter


_ENGINE = "ANNCLUST_ENGINE"
"""Environment variable: the engine where none is named."""


class OpenedCollection(Closing):
    """A collection that is open; what can be done with it comes above.

    The parameters are those of `Collection`.
    """

    def __init__(
        self,
        path: PathLike,
        *,
        create: bool = True,
        embedder: str | None = None,
        add: bool = False,
        settings: IndexingSettings | None = None,
        engine: str | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self.path = path_of(path)
        self._closes_engine = ExitStack()
        self.settings = self._on_engine(settings or IndexingSettings(), engine)
        self.progress = progress
        self._was_named = embedder is not None
        self._embedders = CollectionEmbedder(self.settings.embed)
        if add if Store.exists(self.path) else create:
            self._make(embedder, add=add)
        self._open_store: Store | None = Store(self.path)
        try:
            self._open_store = self._store_of(embedder)
        except AnnclustError:
            self.close()
            raise

    def _on_engine(self, settings: IndexingSettings, name: str | None) -> IndexingSettings:
        """Choices for work on the engine that was asked for, here or by the environment."""
        name = name or os.environ.get(_ENGINE) or None
        refuse_unknown("engine", name, get_args(EngineName))
        if name is None:
            return settings
        if name == "local":
            return settings.on(LOCAL)
        from annclust.ray_engine.ray_engine import RayEngine

        return settings.on(self._closes_engine.enter_context(RayEngine(settings.search.threads)))

    def _make(self, embedder: str | None, *, add: bool) -> None:
        from annclust.embedding.registry import built_in_name
        from annclust.storage.store_writer import StoreWriter

        if add and embedder is None:
            raise UsageError("say which embedder to add: annclust index --embedder NAME --add.")
        spec = self._embedders.choose(embedder)
        with StoreWriter.create(self.path, spec, add=add) as store:
            for each in store.of_each_set():
                if each.embedder.name == spec.name and not spec.matches(each.embedder):
                    each.rename_embedder(built_in_name(each.embedder) or spec.name)

    @property
    def _store(self) -> Store:
        if self._open_store is None:
            raise CollectionClosedError(self.path)
        return self._open_store

    def _store_of(self, embedder: str | None) -> Store:
        """The store, seen with the vectors of an embedder."""
        if embedder is None:
            return self._store
        sets = self._store.catalog.vector_sets()
        return self._store.of_set(self._embedders.set_of(embedder, sets))

    def close(self) -> None:
        """Let go of the files."""
        self._embedders.close()
        self._closes_engine.close()
        if self._open_store is not None:
            self._open_store.close()
        self._open_store = None

    def __repr__(self) -> str:
        return f"Collection({str(self.path)!r})"

    @property
    def embedder(self) -> EmbedderSpec:
        """The embedder whose vectors are searched and clustered."""
        return self._store.embedder

    @property
    def vector_set(self) -> int:
        """Number of the set of vectors that are searched and clustered."""
        return self._store.catalog.set_number

    def embedder_loader(self) -> EmbedderLoader:
        """The embedder whose vectors are searched, found but not loaded.

        Raises
        ------
        EmbedderMismatchError
            If what goes by its name has changed.
        """
        return self._embedders.loader(self.embedder)

    def _writer(self, *, salvage: bool = False) -> StoreWriter:
        from annclust.storage.store_writer import StoreWriter

        return StoreWriter(self.path, self._store.catalog.set_number, salvage=salvage)

    def use(self, embedder: str) -> None:
        """See the photos through another embedder, from now on and wherever none is named.

        Parameters
        ----------
        embedder : str
            Name of one whose vectors the collection has; nothing is scanned or embedded.

        Raises
        ------
        EmbedderMismatchError
            If it has none of it.
        """
        from annclust.storage.store_writer import StoreWriter

        seen = self._store_of(embedder)
        with StoreWriter(self.path, seen.catalog.set_number) as store:
            store.make_active()
        self._open_store, self._was_named = seen, True

"""Whether the page offers to look for a text."""

from __future__ import annotations

from dataclasses import replace

from annclust.collection import Collection
from annclust.embedding.embedder import EmbedderLoader
from annclust.errors import EmbeddingError
from annclust.settings import IndexingSettings
from annclust.storage.store import Store
from annclust.web.lookalikes import Lookalikes


def test_a_text_is_asked_for_where_the_embedder_reads(collection: Collection) -> None:
    for reads in (True, False):
        loader = replace(collection.embedder_loader(), reads_text=reads)
        with Lookalikes(Store(collection.path), lambda it=loader: it, IndexingSettings()) as found:  # type: ignore[misc]
            assert not found.can_text
            found.find_out()
            assert found.can_text is reads


def test_an_embedder_that_is_away_reads_nothing(collection: Collection) -> None:
    def away() -> EmbedderLoader:
        raise EmbeddingError("it is not here.")

    with Lookalikes(Store(collection.path), away, IndexingSettings()) as found:
        found.find_out()
        assert not found.can_text

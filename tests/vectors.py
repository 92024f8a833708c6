"""Collections of given vectors, without photos, for tests of what comes after embedding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from annclust.arrays import unit_rows
from annclust.embedding.registry import find_embedder
from annclust.storage.store_writer import EmbeddedContent, StoreWriter

EMBEDDER = "color-histogram"
DIMENSION = find_embedder(EMBEDDER).spec.dimension


def add_vectors(store: StoreWriter, vectors: NDArray[np.floating], names: Sequence[str]) -> None:
    """Store a photo for each vector, under its name."""
    digests = [blake3(name.encode()).digest() for name in names]
    store.append(
        [
            EmbeddedContent(digest, 1, 64, 48, "JPEG", row)
            for digest, row in zip(digests, unit_rows(vectors), strict=True)
        ]
    )
    with store.catalog.transaction():
        roots = store.catalog.roots() or [store.catalog.add_root(b"/photos", None)]
        for name, digest in zip(names, digests, strict=True):
            store.catalog.add_image(roots[0].id, name.encode(), 1, 0, digest)


def collection_of(path: Path, vectors: NDArray[np.floating]) -> Path:
    """A new collection with a photo for each vector, named by its number."""
    with StoreWriter.create(path, find_embedder(EMBEDDER).spec) as store:
        add_vectors(store, vectors, [f"{number}.jpg" for number in range(len(vectors))])
    return path

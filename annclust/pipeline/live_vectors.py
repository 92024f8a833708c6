"""Live vectors: those of the photos that are present, which search and clustering work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xxhash

from annclust.arrays import Nodes
from annclust.storage.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class LiveVectors:
    """The vectors of all present photos, each once: the nodes of the neighbor graph.

    Parameters
    ----------
    rows : ndarray of shape (n,), int64
        Vector row of each node, ascending.
    photos : ndarray of shape (m,), int64
        Ids of the photos, ascending.
    node_of : ndarray of shape (m,), int64
        Node of each photo.
    """

    rows: Nodes
    photos: Nodes
    node_of: Nodes

    @property
    def copies(self) -> Nodes:
        """Photos of each node, shape (n,)."""
        return np.bincount(self.node_of, minlength=len(self.rows))

    def node_of_row(self, row: int) -> int | None:
        """Node of a row; None if no present photo has it."""
        node = int(np.searchsorted(self.rows, row))
        return node if node < len(self.rows) and self.rows[node] == row else None

    @property
    def digest(self) -> str:
        """Tells whether other vectors are live by now."""
        return xxhash.xxh3_64_hexdigest(np.ascontiguousarray(self.rows).tobytes())


def live_vectors(store: Store) -> LiveVectors:
    """Look up which vectors are live."""
    photos, photo_rows = store.catalog.live()
    rows, node_of = np.unique(photo_rows, return_inverse=True)
    return LiveVectors(rows, photos, node_of)

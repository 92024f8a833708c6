"""The arrays that travel between rooms: their names, dtypes and checks."""

from __future__ import annotations

from typing import Any, Final, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

ImageId = NewType("ImageId", int)
"""Identity of one photo in a collection; given once, never again."""

VectorRow = NewType("VectorRow", int)
"""Position of a vector in the vector file, from 0."""

Pixels: TypeAlias = NDArray[np.uint8]
"""One RGB image, shape (height, width, 3)."""

Vectors: TypeAlias = NDArray[np.float32]
"""Embeddings, shape (n, d); unit rows unless said otherwise."""

StoredVectors: TypeAlias = NDArray[np.float16]
"""Embeddings as the vector file holds them, shape (n, d)."""

Distances: TypeAlias = NDArray[np.float32]
"""Euclidean distances, any shape."""

Weights: TypeAlias = NDArray[np.float64]
"""Edge weights of a forest or a dendrogram, shape (m,)."""

Measures: TypeAlias = NDArray[np.float64]
"""What was measured once for each of m things, shape (m,); NaN where it is not known."""

Nodes: TypeAlias = NDArray[np.int64]
"""Positions of vectors, any shape; -1 where there is none."""

Neighbors: TypeAlias = NDArray[np.int32] | NDArray[np.int64]
"""Positions of neighbors, shape (n, k); -1 where there is none."""

Candidates: TypeAlias = NDArray[np.int32]
"""Positions that may be those of neighbors, shape (n, c); -1 where there is none."""

Labels: TypeAlias = NDArray[np.int64]
"""Cluster of each vector, shape (n,); -1 is noise."""

Probabilities: TypeAlias = NDArray[np.float64]
"""Strength of each vector's membership, shape (n,), from 0 to 1."""


ROUNDING: Final = 1e-3
"""Distance of unit vectors that are one vector but for float16: 2**-11 per component, with a
margin for the embedder's own float32."""


def places_in(order: Nodes) -> Nodes:
    """Place of each of n nodes in an order of all of them: what undoes it, shape (n,)."""
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places


def unit_rows(vectors: NDArray[np.floating[Any]]) -> Vectors:
    """Scale rows to length 1; a row of zeros stays as it is, and one without a length becomes it.

    A row without a finite length is a damaged one: it must keep nobody from working with the
    rest.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), any float dtype

    Returns
    -------
    ndarray of shape (n, d), float32
        A new array.
    """
    rows = np.array(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    damaged = ~np.isfinite(lengths)
    if damaged.any():
        rows[damaged], lengths[damaged] = 0, 0
    rows /= np.where(lengths > 0, lengths, 1)[:, np.newaxis]
    return rows

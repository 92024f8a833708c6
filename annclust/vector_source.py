"""VectorSource: vectors that may be larger than memory, read in blocks.

Search reads through this; a vector file and an array in memory both have its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from annclust.arrays import Nodes, Vectors
from annclust.engine import Engine, Held


class RowSource(Protocol):
    """Vectors of which single ones are asked for. Any class of this shape will do."""

    def take(self, rows: Nodes, /) -> Vectors:
        """The given rows, in the given order: shape (len(rows), d)."""
        ...


class VectorSource(RowSource, Protocol):
    """n vectors of dimension d. Any class of this shape will do."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        ...

    def block(self, first: int, last: int, /) -> Vectors:
        """Rows `first` up to, not including, `last`: shape (last - first, d)."""
        ...

    def part(self, rows: Nodes, /) -> VectorSource:
        """The given rows, in the given order, as a source of their own that may travel."""
        ...

    def longest(self) -> float:
        """Length that none of them exceeds."""
        ...


def held_vectors(engine: Engine, vectors: VectorSource) -> Held[VectorSource]:
    """Let an engine hold vectors; of selected ones no others, where they have to travel."""
    if isinstance(vectors, SelectedVectors) and not engine.is_here:
        vectors = vectors.part(np.arange(vectors.shape[0]))
    return engine.hold(vectors)


@dataclass(frozen=True, slots=True, eq=False)
class ArrayVectors:
    """Vectors in memory.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float32
    """

    rows: Vectors

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        n, d = self.rows.shape
        return n, d

    def block(self, first: int, last: int, /) -> Vectors:
        """Rows `first` up to, not including, `last`."""
        return self.rows[first:last]

    def take(self, rows: Nodes, /) -> Vectors:
        """The given rows, in the given order."""
        return self.rows[rows]

    def part(self, rows: Nodes, /) -> ArrayVectors:
        """The given rows by themselves."""
        return ArrayVectors(self.rows[rows])

    def longest(self) -> float:
        """Length that none of them exceeds."""
        return float(np.sqrt(np.einsum("ij,ij->i", self.rows, self.rows).max(initial=0)))


@dataclass(frozen=True, slots=True, eq=False)
class SelectedVectors:
    """Some rows of another source, numbered anew from 0.

    Parameters
    ----------
    source : VectorSource
    rows : ndarray of shape (m,), int64
        The rows of `source` that are seen.
    """

    source: VectorSource
    rows: Nodes

    @property
    def shape(self) -> tuple[int, int]:
        """(m, d)."""
        return len(self.rows), self.source.shape[1]

    def block(self, first: int, last: int, /) -> Vectors:
        """Selected rows `first` up to, not including, `last`."""
        return self.source.take(self.rows[first:last])

    def take(self, rows: Nodes, /) -> Vectors:
        """The given selected rows, in the given order."""
        return self.source.take(self.rows[rows])

    def part(self, rows: Nodes, /) -> VectorSource:
        """The given selected rows by themselves."""
        return self.source.part(self.rows[rows])

    def longest(self) -> float:
        """Length that none of them exceeds."""
        return self.source.longest()

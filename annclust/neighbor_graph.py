"""NeighborGraph: the waist of annclust. Search makes it, clustering eats it.

Neither room knows the other; this one value is all that passes between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Distances, Neighbors


@dataclass(frozen=True, slots=True, eq=False)
class NeighborGraph:
    """The k nearest neighbors of n vectors.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), int32 or int64
        Positions, nearest first, the vector itself left out; -1 where fewer than k are known.
    distances : ndarray of shape (n, k), float32
        Euclidean, ascending along each row; ``inf`` where `neighbors` is -1.

    Raises
    ------
    ValueError
        If the shapes differ or are not two-dimensional.
    """

    neighbors: Neighbors
    distances: Distances

    def __post_init__(self) -> None:
        if self.neighbors.ndim != 2 or self.neighbors.shape != self.distances.shape:
            raise ValueError(
                "neighbors and distances must have one shape (n, k), not"
                f" {self.neighbors.shape} and {self.distances.shape}"
            )

    @property
    def n(self) -> int:
        """Number of vectors."""
        return int(self.neighbors.shape[0])

    @property
    def k(self) -> int:
        """Neighbors kept of each vector."""
        return int(self.neighbors.shape[1])

    def problems(self) -> list[str]:
        """Every promise of this class that the arrays break, in words; empty when sound."""
        if not self.n or not self.k:
            return []
        missing = self.neighbors < 0
        own = np.arange(self.n)[:, np.newaxis]
        checks = {
            "a neighbor is out of range": bool((self.neighbors >= self.n).any()),
            "a vector is its own neighbor": bool((self.neighbors == own).any()),
            "a missing neighbor has a finite distance": bool(
                np.isfinite(self.distances[missing]).any()
            ),
            "a neighbor has no finite distance": not np.isfinite(self.distances[~missing]).all(),
            "distances do not ascend": bool((self.distances[:, 1:] < self.distances[:, :-1]).any()),
        }
        return [message for message, broken in checks.items() if broken]


EMPTY_GRAPH = NeighborGraph(np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
"""The graph over no vectors."""

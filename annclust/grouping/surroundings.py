"""Surroundings: how far a photo's unrelated neighbors begin, measured around each photo.

A local scale makes distances comparable: half of it means the same in a crowd of alike photos and
in an empty place (Zelnik-Manor, Perona 2004, Self-tuning spectral clustering, NIPS). It is the
distance to the 45th nearest, among the collection and the background together: more than the frames
of most bursts, so that these are not taken for unrelated ones, and less than an outing's photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors
from annclust.grouping.background import Background
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import NO_STAGE, Stage
from annclust.vector_source import VectorSource

_BLOCK = 4096

_GROWTH = 1 / 30
"""Distances to the r-th nearest of unrelated photos grow like r to this power: 280 pictures of many
subjects lie apart as points in 30 dimensions do. It tells the 45th nearest from the last one that a
graph knows: of 16 neighbors, 3.5 % farther."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What is around each of n photos.

    Parameters
    ----------
    scale : ndarray of shape (n,), float32
        Distance at which unrelated photos begin; above 0 unless all others are copies.
    page : ndarray of shape (n,), bool
        Whether it resembles drawn pages and screens more than any photo of the background.
    usual : float
        The scale that half of the collection have at least; 0 where it is not known.
    """

    scale: Distances
    page: NDArray[np.bool_]
    usual: float = 0.0

    @classmethod
    def measured(cls, scale: Distances, page: NDArray[np.bool_]) -> Self:
        """Of all photos of a collection."""
        return cls(scale, page, float(np.median(scale)) if len(scale) else 0.0)

    @property
    def divisors(self) -> Distances:
        """Scales to divide by, shape (n,): 1 in the place of 0."""
        return np.where(self.scale > 0, self.scale, np.float32(1))

    def of(self, nodes: Nodes) -> Surroundings:
        """Those of some photos."""
        return Surroundings(self.scale[nodes], self.page[nodes], self.usual)


def surroundings(
    graph: NeighborGraph,
    vectors: VectorSource,
    background: Background,
    rank: int,
    *,
    threads: int = 1,
    stage: Stage = NO_STAGE,
) -> Surroundings:
    """Measure what is around each photo.

    Parameters
    ----------
    graph : NeighborGraph
        Of n photos.
    vectors : VectorSource
        Of the same.
    background : Background
        Of the same embedder.
    rank : int
        Which neighbor's distance is the scale.
    threads : int
        Makes no difference to the result.
    stage : Stage
        Told how far it is.
    """

    def measured(first: int) -> tuple[Distances, NDArray[np.bool_]]:
        last = min(first + _BLOCK, graph.n)
        rows = vectors.block(first, last)
        photos, pages = (_distances(rows, to) for to in (background.photos, background.pages))
        page = pages.min(axis=1, initial=np.inf) < photos.min(axis=1, initial=np.inf)
        own = graph.distances[first:last]
        complete = graph.k >= graph.n - 1
        return _scale(own, np.hstack([photos, pages]), rank, complete=complete), page

    parts = []
    for part in map_parts(measured, range(0, graph.n, _BLOCK), threads):
        parts.append(part)
        stage.advance(_BLOCK)
    if not parts:
        return Surroundings(np.zeros(0, np.float32), np.zeros(0, np.bool_))
    scale, page = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Surroundings.measured(scale, page)


def usable_rank(rank: int, n: int, background: Background) -> int:
    """That rank, or less where a photo has but few others around it.

    Of few photos without a background, half count as unrelated.
    """
    return min(rank, max((n - 1 + len(background.vectors)) // 2, 1))


def _distances(rows: Vectors, others: Vectors) -> Distances:
    """Euclidean distances of unit rows, shape (m, b)."""
    squares: Distances = np.maximum(2 - 2 * (rows @ others.T), 0)
    return np.sqrt(squares)


def _scale(own: Distances, around: Distances, rank: int, *, complete: bool) -> Distances:
    """Distance of the neighbor of that rank, from those that are known.

    Parameters
    ----------
    own : ndarray of shape (m, k)
        Distances to neighbors in the collection, ascending; ``inf`` where there is none.
    around : ndarray of shape (m, b)
        Distances to the background.
    rank : int
    complete : bool
        Whether the collection has no others.
    """
    known = np.isfinite(own)
    horizon = np.max(own, axis=1, where=known, initial=0)
    # Where nobody is known, nothing is known to lie before the background.
    horizon = np.where(complete | ~known.any(axis=1), np.float32(np.inf), horizon)
    within = np.where(around <= horizon[:, np.newaxis], around, np.inf)
    found = np.sort(np.hstack([own, within]), axis=1)
    count = np.isfinite(found).sum(axis=1)
    place = np.clip(np.minimum(rank, count) - 1, 0, None)
    last = np.take_along_axis(found, place[:, np.newaxis], axis=1)[:, 0] if found.size else 0
    last = np.where(count > 0, last, 0)
    beyond = (count < rank) & np.isfinite(horizon) & (count > 0)
    growth = np.where(beyond, (rank / np.maximum(count, 1)) ** _GROWTH, 1)
    return (last * growth).astype(np.float32)

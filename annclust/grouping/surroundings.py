"""Surroundings: how far a photo's unrelated neighbors begin, measured around each photo.

A local scale makes distances comparable: half of it means the same in a crowd of alike photos and
in an empty place (Zelnik-Manor, Perona 2004, Self-tuning spectral clustering, NIPS). It is the
distance to the 45th nearest, among the collection and the background together: more than the frames
of most bursts, so that these are not taken for unrelated ones, and less than an outing's photos.

The graph may know fewer than 45. Then the distance of the last one known is continued, unless the
lists of a burst know nobody but its frames: around these, unrelated photos begin where they begin
around others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors
from annclust.grouping.background import Background
from annclust.grouping.reach import reach
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts
from annclust.progress import NO_STAGE, Stage
from annclust.vector_source import VectorSource

_BLOCK = 4096

GROWTH: Final = 1 / 30
"""Distances to the r-th nearest of unrelated photos grow like r to this power: 280 pictures of many
subjects lie apart as points in 30 dimensions do. It tells the 45th nearest from the last one that a
graph knows: of 16 neighbors, 3.5 % farther."""

_CROWDED = 0.85
"""Share of the usual scale up to which the last one known may be another frame of a burst."""


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
    strong: float,
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
    strong : float
        Largest ratio that unrelated photos do not have.
    threads : int
        Makes no difference to the result.
    stage : Stage
        Told how far it is.
    """
    complete = graph.k >= graph.n - 1

    def measured(first: int) -> tuple[Distances, NDArray[np.bool_], Distances]:
        last = min(first + _BLOCK, graph.n)
        rows = vectors.block(first, last)
        photos, pages = (_distances(rows, to) for to in (background.photos, background.pages))
        page = pages.min(axis=1, initial=np.inf) < photos.min(axis=1, initial=np.inf)
        behind = np.hstack([photos, pages])
        own = graph.distances[first:last]
        return _scale(own, behind, rank, complete=complete), page, _emptiness(behind, rank)

    parts = []
    for part in map_parts(measured, range(0, graph.n, _BLOCK), threads):
        parts.append(part)
        stage.advance(_BLOCK)
    if not parts:
        return Surroundings(np.zeros(0, np.float32), np.zeros(0, np.bool_))
    scale, page, emptiness = (np.concatenate(column) for column in zip(*parts, strict=True))
    if not complete and graph.k < rank:
        share = len(background.vectors) / (graph.n + len(background.vectors))
        expected = emptiness * np.float32(share**GROWTH)  # 0 without a background
        bursts = _bursts(graph, scale, expected, rank, strong, threads)
        _see_beyond(bursts, scale, expected, vectors, background)
    return Surroundings.measured(scale, page)


def usable_rank(rank: int, n: int, background: Background) -> int:
    """That rank, or less where a photo has but few others around it.

    Of few photos without a background, half count as unrelated, and the first of these tells; so
    of two photos nothing can be said.
    """
    others = n - 1 + len(background.vectors)
    return min(rank, max(min(others // 2 + 1, others), 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Bursts:
    """Photos from which few others can be reached along the lists of neighbors.

    Parameters
    ----------
    nodes : ndarray of shape (m,), int64
    missing : ndarray of shape (m,), int64
        How many fewer than the rank of the local scale.
    rank : int
    """

    nodes: Nodes
    missing: Nodes
    rank: int


def _bursts(
    graph: NeighborGraph,
    scale: Distances,
    expected: Distances,
    rank: int,
    strong: float,
    threads: int,
) -> _Bursts:
    """Find them, where the last neighbor known is nearer than unrelated ones usually are.

    Around frames of one burst unrelated photos begin farther away than its longest steps.
    """
    last = np.max(graph.distances, axis=1, where=graph.neighbors >= 0, initial=0)
    crowded = np.flatnonzero(last <= _CROWDED * np.maximum(expected, np.median(scale)))
    steps = last[crowded] / np.float32(strong)
    missing = rank - reach(graph, crowded, steps, rank, threads=threads)
    return _Bursts(crowded[missing > 0], missing[missing > 0], rank)


def _see_beyond(
    bursts: _Bursts,
    scale: Distances,
    expected: Distances,
    vectors: VectorSource,
    background: Background,
) -> None:
    """Let unrelated photos begin around bursts where they usually do, in place.

    They are so much nearer or farther than `expected` as those around other photos are; but not
    beyond those of the background that make up for the missing ones.
    """
    usual = _usual(bursts, scale, expected)
    for first in range(0, len(bursts.nodes), _BLOCK):
        nodes, missing = (of[first : first + _BLOCK] for of in (bursts.nodes, bursts.missing))
        behind = np.sort(_distances(vectors.take(nodes), background.vectors), axis=1)
        bound = np.full(len(nodes), np.inf, dtype=np.float32)
        there = missing <= behind.shape[1]
        bound[there] = behind[there, missing[there] - 1]
        begins = usual[first : first + _BLOCK] * (missing / bursts.rank) ** GROWTH
        scale[nodes] = np.maximum(scale[nodes], np.minimum(begins, bound))


def _usual(bursts: _Bursts, scale: Distances, expected: Distances) -> Distances:
    """Scale of each photo of a burst, were it like others: shape (m,); 0 if nothing is known."""
    elsewhere = np.ones(len(scale), dtype=np.bool_)
    elsewhere[bursts.nodes] = False
    if not elsewhere.any():
        return expected[bursts.nodes]
    typical = np.median(expected[elsewhere])
    if not typical:  # there is no background
        return np.full(len(bursts.nodes), np.median(scale[elsewhere]))
    closer: Distances = np.median(scale[elsewhere]) / typical * expected[bursts.nodes]
    return closer


def _emptiness(behind: Distances, rank: int) -> Distances:
    """Distance to the background's photo of that rank, or its last: shape (m,); 0 without one."""
    if not behind.shape[1]:
        return np.zeros(len(behind), dtype=np.float32)
    place = min(rank, behind.shape[1]) - 1
    return np.partition(behind, place, axis=1)[:, place].copy()  # not a view of all of it


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
    growth = np.where(beyond, (rank / np.maximum(count, 1)) ** GROWTH, 1)
    return (last * growth).astype(np.float32)

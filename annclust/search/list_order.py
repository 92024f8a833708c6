"""List order: the nodes of a graph, numbered by their place in the order of an index's lists.

Near nodes stand close together there. Their vectors after PCA stay in the index, which is a mapped
file, until somebody wants those of some lists, or of all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Vectors, places_in
from annclust.engine import LOCAL, Engine, Held
from annclust.parallel import one_thread_in_blas
from annclust.search.faiss_index import VectorIndex

_PART = 1 << 15
"""Places that travel at a time: 17 MB of 128 dimensions."""


@dataclass(frozen=True, slots=True, eq=False)
class AnyOrder(ABC):
    """The nodes of a graph in the order of the inverted lists.

    Parameters
    ----------
    nodes : ndarray of shape (n,), int64
        Node at each place.
    starts : ndarray of shape (lists + 1,), int64
        First place of each list, and n.
    centroids : ndarray of shape (lists, r), float32
        Of the lists, after PCA to r dimensions.
    """

    nodes: Nodes
    starts: Nodes
    centroids: Vectors

    @abstractmethod
    def of_lists(self, first: int, last: int, /) -> ListOrder:
        """The order within the lists from `first` up to, not including, `last`."""

    @abstractmethod
    def whole(self) -> ListOrder:
        """The order with all vectors."""

    @abstractmethod
    def reduced_at(self, places: Nodes, /) -> Vectors:
        """Vectors after PCA of a few places, shape (m, r)."""

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def lists(self) -> int:
        """Number of inverted lists."""
        return len(self.centroids)

    @property
    def places(self) -> Nodes:
        """Place of each node, shape (n,)."""
        return places_in(self.nodes)

    @property
    def width(self) -> int:
        """Dimensions after PCA."""
        return int(self.centroids.shape[1])

    def list_of(self, places: Nodes) -> Nodes:
        """The list of each place."""
        return np.searchsorted(self.starts, places, side="right") - 1

    def shard_of_lists(self, size: int) -> Nodes:
        """The shard of each list, shape (lists,): of about `size` places each, a list at least."""
        full = np.where(np.diff(self.starts), self.starts[:-1], 0)
        first = np.maximum.accumulate(full)  # an empty list goes with the one before
        return np.unique(first // size, return_inverse=True)[1].astype(np.int64)

    def cuts(self, size: int) -> list[tuple[int, int]]:
        """First list of each shard, and the one behind its last; as `shard_of_lists` has them."""
        shard = self.shard_of_lists(size)
        ends = np.searchsorted(shard, np.arange(shard[-1] + 2))
        return [*pairwise(ends.tolist())]


@dataclass(frozen=True, slots=True, eq=False)
class ListOrder(AnyOrder):
    """An order with the vectors of its nodes.

    Parameters
    ----------
    nodes, starts, centroids
        As of `AnyOrder`.
    reduced : ndarray of shape (n, r), float32
        Vector of each place after PCA.
    lengths : ndarray of shape (n,), float32
        Squared, of these.
    """

    reduced: Vectors
    lengths: Distances

    @classmethod
    def of(cls, index: VectorIndex, rows: Nodes) -> ListOrder:
        """Order the nodes that count `rows`, shape (n,), ascending; the index may have more."""
        return IndexOrder.of(index, rows).whole()

    @classmethod
    def together(cls, parts: Sequence[ListOrder]) -> ListOrder:
        """Orders within some lists, one behind the other; a single one as it is."""
        if len(parts) == 1:
            return parts[0]
        ends = np.cumsum([part.n for part in parts])
        starts = [part.starts[1:] + end - part.n for part, end in zip(parts, ends, strict=True)]
        return cls(
            np.concatenate([part.nodes for part in parts]),
            np.concatenate([[0], *starts]),
            np.concatenate([part.centroids for part in parts]),
            np.concatenate([part.reduced for part in parts]),
            np.concatenate([part.lengths for part in parts]),
        )

    def of_lists(self, first: int, last: int, /) -> ListOrder:
        """As of `AnyOrder`; nothing is copied."""
        places = slice(self.starts[first], self.starts[last])
        return ListOrder(
            self.nodes[places],
            self.starts[first : last + 1] - self.starts[first],
            self.centroids[first:last],
            self.reduced[places],
            self.lengths[places],
        )

    def whole(self) -> ListOrder:
        """Itself."""
        return self

    def reduced_at(self, places: Nodes, /) -> Vectors:
        """As of `AnyOrder`."""
        found: Vectors = self.reduced[places]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class IndexOrder(AnyOrder):
    """An order whose vectors are read from the index when they are wanted.

    Parameters
    ----------
    nodes, starts, centroids
        As of `AnyOrder`.
    index : VectorIndex
        Of the kind "ivf".
    numbers : ndarray of shape (lists,), int64
        What the index calls each list.
    listed : ndarray of shape (lists + 1,), int64
        Where the rows of each list begin if all stand one behind the other, and how many there are.
    live : ndarray of shape (rows,), bool
        Which of these rows are nodes.
    """

    index: VectorIndex
    numbers: Nodes
    listed: Nodes
    live: NDArray[np.bool_]

    @classmethod
    def of(cls, index: VectorIndex, rows: Nodes) -> Self:
        """Order the nodes that count `rows`, shape (n,), ascending; the index may have more."""
        centroids = index.centroids()
        with one_thread_in_blas():
            numbers = chain(centroids)
        node_of_row = np.full(index.rows, -1, dtype=np.int64)
        node_of_row[rows] = np.arange(len(rows))
        nodes = node_of_row[index.listed_rows(numbers)]
        live = nodes >= 0
        listed = np.concatenate([[0], np.cumsum(index.list_sizes(numbers))])
        starts = np.concatenate([[0], np.cumsum(live)])[listed]
        return cls(nodes[live], starts, centroids[numbers], index, numbers, listed, live)

    def of_lists(self, first: int, last: int, /) -> ListOrder:
        """As of `AnyOrder`; vectors of these lists alone are read."""
        reduced = self.index.listed_vectors(self.numbers[first:last])
        live = self.live[self.listed[first] : self.listed[last]]
        reduced = reduced if live.all() else reduced[live]
        return ListOrder(
            self.nodes[self.starts[first] : self.starts[last]],
            self.starts[first : last + 1] - self.starts[first],
            self.centroids[first:last],
            reduced,
            np.einsum("ij,ij->i", reduced, reduced),
        )

    def whole(self) -> ListOrder:
        """The order with all vectors, in memory."""
        return self.of_lists(0, self.lists)

    def reduced_at(self, places: Nodes, /) -> Vectors:
        """As of `AnyOrder`: the lists of these places are read."""
        own, found = self.list_of(places), np.empty((len(places), self.width), dtype=np.float32)
        for each in np.unique(own).tolist():
            here = np.flatnonzero(own == each)
            found[here] = self.of_lists(each, each + 1).reduced[places[here] - self.starts[each]]
        return found


def order_if_listed(index: VectorIndex, rows: Nodes, engine: Engine = LOCAL) -> AnyOrder | None:
    """The order of the nodes that count `rows`; None if the index has no lists, but searches all.

    With all vectors where the work is done in this process, as there it needs them.
    """
    if index.spec.kind != "ivf":
        return None
    order = IndexOrder.of(index, rows)
    return order.whole() if engine.is_here else order


def held_order(engine: Engine, order: AnyOrder, *, size: int = _PART) -> Held[ListOrder]:
    """Let an engine hold an order with all vectors; about `size` at a time go to another one."""
    if engine.is_here:
        return engine.hold(order.whole())
    parts = tuple(engine.hold(order.of_lists(*lists)) for lists in order.cuts(size))
    if len(parts) == 1:
        return parts[0]
    (whole,) = engine.map(_together, [parts], threads=1)
    return whole


def _together(*parts: ListOrder) -> ListOrder:
    return ListOrder.together(parts)


def chain(centers: Vectors) -> Nodes:
    """An order of centers in which each is followed by the nearest that has not come yet.

    What is near stands together then: later steps find more of their vectors in the cache.

    Parameters
    ----------
    centers : ndarray of shape (c, d), float32

    Returns
    -------
    ndarray of shape (c,), int64
    """
    order = np.zeros(len(centers), dtype=np.int64)
    lengths = np.einsum("ij,ij->i", centers, centers)
    lengths[0] = np.inf
    for place in range(1, len(centers)):
        away = lengths - 2 * (centers @ centers[order[place - 1]])
        order[place] = away.argmin()
        lengths[order[place]] = np.inf
    return order

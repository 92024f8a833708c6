"""Album: the photos of a collection and the tree of their groups, as they were at one moment."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

from annclust.arrays import Nodes
from annclust.grouping.group_tree import GroupTree
from annclust.pipeline.live_vectors import LiveVectors
from annclust.web.cut import AlbumPhotos, Cut, cut_of
from annclust.web.listing import Order, in_order

OutOfDate = Literal["photos", "decisions"]

_CUTS_KEPT: Final = 8
"""Of 3 MB each, of 100,000 photos."""


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The stored group tree, and the vectors that it is over.

    Parameters
    ----------
    tree : GroupTree
        Without decisions.
    live : LiveVectors
    vector_file : str
        Whose rows these are.
    number : int
        Of the generation.
    """

    tree: GroupTree
    live: LiveVectors
    vector_file: str
    number: int


@dataclass(frozen=True, slots=True)
class AlbumState:
    """What an album was read from; equal states give equal albums."""

    photos: str
    links: int | None
    decisions: str
    clustering: int | None
    captures: int


class Album:
    """Photos and groups at one moment.

    Parameters
    ----------
    photos : AlbumPhotos
    tree : GroupTree
        In which decisions hold; without links if nothing was clustered.
    links : Links or None
        What it was made of.
    state : AlbumState
    live : LiveVectors
        Of the photos; those that the tree is over may have been others.
    granularity : float
        Of the last clustering.
    out_of_date : {"photos", "decisions"} or None
        What changed since that.
    """

    def __init__(
        self,
        photos: AlbumPhotos,
        tree: GroupTree,
        links: Links | None,
        state: AlbumState,
        *,
        live: LiveVectors,
        granularity: float,
        out_of_date: OutOfDate | None,
    ) -> None:
        self.photos, self.tree, self.links, self.state = photos, tree, links, state
        self.live = live
        self.granularity, self.out_of_date = granularity, out_of_date
        self._cuts: OrderedDict[float, tuple[Cut, dict[Order, Nodes]]] = OrderedDict()
        self._lock = Lock()

    @property
    def clustered(self) -> bool:
        """Whether there are groups at all."""
        return self.links is not None

    def cut(self, granularity: float) -> Cut:
        """The groups at a granularity; the last few are kept."""
        return self._kept(granularity)[0]

    def order(self, granularity: float, order: Order) -> Nodes:
        """The groups at a granularity in an order, shape (g,)."""
        cut, orders = self._kept(granularity)
        if order not in orders:
            orders[order] = in_order(cut, order)
        return orders[order]

    def _kept(self, granularity: float) -> tuple[Cut, dict[Order, Nodes]]:
        with self._lock:  # whoever asks for the same cut waits for it, rather than cut as well
            if granularity not in self._cuts:
                self._cuts[granularity] = cut_of(self.photos, self.tree, granularity), {}
            self._cuts.move_to_end(granularity)
            if len(self._cuts) > _CUTS_KEPT:
                self._cuts.popitem(last=False)
            return self._cuts[granularity]

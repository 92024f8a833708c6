"""Cut: the groups of an album at one granularity, as arrays. Pure.

No photo and no group is an object here: of 100,000 photos, a cut takes some tens of milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Labels, Measures, Nodes, Weights
from annclust.grouping.group_tree import GroupTree, without_singles


@dataclass(frozen=True, slots=True, eq=False)
class AlbumPhotos:
    """The m photos of an album.

    Parameters
    ----------
    ids : ndarray of shape (m,), int64
        Ascending.
    content : ndarray of shape (m,), int64
        How the digest of each begins: another content, though it looks the same, has another one.
    node : ndarray of shape (m,), int64
        Node of each photo in the group tree; -1 of those that it knows nothing of.
    bytes : ndarray of shape (m,), int64
        Of their files.
    taken : ndarray of shape (m,), float64
        Seconds since 1970; NaN if unknown.
    """

    ids: Nodes
    content: Nodes
    node: Nodes
    bytes: Nodes
    taken: Measures

    def place_of(self, photo: int) -> int | None:
        """Where a photo stands among them; None if it is none of them."""
        place = int(np.searchsorted(self.ids, photo))
        return place if place < len(self.ids) and self.ids[place] == photo else None

    def holds(self, photos: Nodes) -> NDArray[np.bool_]:
        """Whether each of some photos is one of them."""
        places = np.searchsorted(self.ids, photos)
        there = places < len(self.ids)
        there[there] = self.ids[places[there]] == photos[there]
        return there

    def places_of(self, photos: Nodes) -> Nodes:
        """Where some photos stand; those that are none of them are left out."""
        return np.searchsorted(self.ids, photos[self.holds(photos)])


@dataclass(frozen=True, eq=False)
class Cut:
    """The g groups of an album's m photos at a granularity.

    Parameters
    ----------
    granularity : float
    group : ndarray of shape (m,), int64
        Group of each photo; -1 if it stands alone.
    members : ndarray of shape (k,), int64
        Places of the photos in groups, group by group, ascending within one.
    first : ndarray of shape (g,), int64
        Where each group begins in `members`.
    lead : ndarray of shape (g,), int64
        Smallest id of its photos.
    certainty : ndarray of shape (g,), float64
        How much finer the look could become before the group falls apart: 1 if it never does, 0 if
        it would at once.
    bytes : ndarray of shape (g,), int64
    began, ended : ndarray of shape (g,), float64
        When its first and its last photo were taken; NaN if unknown.
    """

    granularity: float
    group: Labels
    members: Nodes
    first: Nodes
    lead: Nodes
    certainty: Weights
    bytes: Nodes
    began: Measures
    ended: Measures

    @property
    def count(self) -> int:
        """Groups."""
        return len(self.first)

    @cached_property
    def size(self) -> Nodes:
        """Photos of each group, shape (g,)."""
        return np.diff(self.first, append=len(self.members))

    @cached_property
    def alone(self) -> Nodes:
        """Places of the photos that stand alone, ascending."""
        return np.flatnonzero(self.group < 0)

    def members_of(self, group: int) -> Nodes:
        """Places of a group's photos, ascending."""
        start = int(self.first[group])
        return self.members[start : start + int(self.size[group])]

    def count_of(self, told: NDArray[np.bool_]) -> Nodes:
        """Of how many photos of each group something is true: shape (g,)."""
        return np.add.reduceat(told[self.members].astype(np.int64), self.first)


def cut_of(photos: AlbumPhotos, tree: GroupTree, granularity: float) -> Cut:
    """Cut a tree, in which decisions hold."""
    fine = tree.up_to(granularity)
    node_groups = fine.groups()
    known = photos.node >= 0
    groups = tree.n + np.arange(len(photos.ids))
    groups[known] = node_groups[photos.node[known]]
    labels = without_singles(groups)
    together = labels >= 0
    order = np.argsort(labels, kind="stable")
    members = order[len(labels) - int(together.sum()) :]
    first = np.flatnonzero(np.diff(labels[members], prepend=-1))
    loosest = np.zeros(tree.n)
    np.maximum.at(loosest, node_groups[fine.left], fine.height)
    leads = members[first]
    reach = loosest[groups[leads]]
    taken = photos.taken[members]
    return Cut(
        granularity,
        labels,
        members,
        first,
        photos.ids[leads],
        1 - reach / granularity if granularity > 0 else np.ones(len(reach)),
        np.add.reduceat(photos.bytes[members], first),
        np.fmin.reduceat(taken, first),
        np.fmax.reduceat(taken, first),
    )

"""Group tree: every link that joins groups, and how coarse one must look to see it join them.

Granularity counts levels: copies are at 0, shots at 1, scenes at 2, themes at 3; at 4 and beyond,
about everything that hangs together at all is one. A cut takes all links up to a granularity, so
that a coarser one never splits a group of a finer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Labels, Nodes, Weights
from annclust.clustering.spanning_tree import connected, spanning_forest

EVERYTHING: Final = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class GroupTree:
    """Links between n photos, without a cycle, finest first.

    Parameters
    ----------
    n : int
    left, right : ndarray of shape (m,), int64
        The two photos.
    ratio : ndarray of shape (m,), float64
        Their distance over their local scales, corrected as :mod:`annclust.grouping.links` says.
    height : ndarray of shape (m,), float64
        Granularity from which on the link joins, ascending.
    proven : ndarray of shape (m,), bool
        Whether no link that is missing from the neighbor graph could have come before.
    """

    n: int
    left: Nodes
    right: Nodes
    ratio: Weights
    height: Weights
    proven: NDArray[np.bool_]

    @property
    def table(self) -> Weights:
        """All columns, to be stored: shape (m, 5)."""
        return np.column_stack([self.left, self.right, self.ratio, self.height, self.proven])

    @classmethod
    def from_table(cls, n: int, table: Weights) -> GroupTree:
        """What `table` gives."""
        left, right = table[:, :2].astype(np.int64).T
        return cls(n, left, right, table[:, 2], table[:, 3], table[:, 4] > 0)

    def chosen(self, which: Nodes | slice) -> GroupTree:
        """Some of the links."""
        ends, told = (self.left[which], self.right[which]), (self.ratio[which], self.height[which])
        return GroupTree(self.n, *ends, *told, self.proven[which])

    def in_order(self) -> GroupTree:
        """The links, finest first, that join what was apart before them."""
        order = np.argsort(self.height, kind="stable")
        place = np.arange(len(order), dtype=np.float64)
        forest = spanning_forest(self.left[order], self.right[order], place, self.n)
        return self.chosen(order[forest.weight.astype(np.int64)])

    def followed_by(self, other: GroupTree) -> GroupTree:
        """These links and then those of another tree of the same photos."""
        return GroupTree(
            self.n,
            np.concatenate([self.left, other.left]),
            np.concatenate([self.right, other.right]),
            np.concatenate([self.ratio, other.ratio]),
            np.concatenate([self.height, other.height]),
            np.concatenate([self.proven, other.proven]),
        )

    def up_to(self, granularity: float) -> GroupTree:
        """The links that join at a granularity."""
        return self.chosen(slice(int(np.searchsorted(self.height, granularity, side="right"))))

    def groups(self) -> Labels:
        """Group of each photo by all links, numbered from 0 by the first photo: shape (n,).

        A photo without a link is a group of its own.
        """
        return connected(self.left, self.right, self.n)

    def cut(self, granularity: float) -> Labels:
        """Group of each photo, numbered from 0; -1 where it stands alone: shape (n,)."""
        return without_singles(self.up_to(granularity).groups())


def without_singles(groups: Labels) -> Labels:
    """Number groups of several anew, from 0 in their order; others become -1."""
    several = np.bincount(groups) > 1
    renamed = np.where(several, np.cumsum(several) - 1, -1)
    labels: Labels = renamed[groups]
    return labels

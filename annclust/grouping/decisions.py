"""Decisions: what a person said about two photos, kept to wherever groups are cut.

Photos that belong together are linked before anything else. Two that are not the same shot never
share one: where a link would bring them together, it waits until scenes are made. So links are
taken as Kruskal's algorithm takes them, but for those (Davidson, Ravi 2005, Agglomerative
hierarchical clustering with constraints, PKDD).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Labels
from annclust.clustering.spanning_tree import connected
from annclust.grouping.group_tree import GroupTree
from annclust.settings import GRANULARITY

_UNTIL = GRANULARITY["scenes"]
_BELOW = float(np.nextafter(_UNTIL, 0))

PhotoPairs = NDArray[np.int64]
"""Pairs of photos, shape (p, 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What was decided about photos of a tree.

    Parameters
    ----------
    together : ndarray of shape (p, 2), int64
        Pairs that belong together.
    apart : ndarray of shape (q, 2), int64
        Pairs that are not the same shot.
    """

    together: PhotoPairs
    apart: PhotoPairs

    def __bool__(self) -> bool:
        return len(self.together) + len(self.apart) > 0


def decided(tree: GroupTree, decisions: Decisions) -> GroupTree:
    """Give the tree in which decisions hold.

    Where they contradict each other, those that keep photos apart prevail.
    """
    if not decisions:
        return tree
    wished = _with_wishes(tree, decisions.together)
    fine = wished.up_to(_BELOW)
    concerned = _concerned(fine.groups(), decisions.apart)[fine.left]
    postponed = np.zeros(len(wished.left), dtype=np.bool_)
    postponed[: len(fine.left)][concerned] = _refused(fine, concerned, decisions.apart)
    height = np.where(postponed, _UNTIL, wished.height)
    told = replace(wished, height=height)
    if len(decisions.together):
        return told.in_order()
    return told.chosen(np.argsort(height, kind="stable"))  # nothing new joins what was joined


def contradicted(decisions: Decisions, photo: int) -> NDArray[np.bool_]:
    """Which pairs are apart although both belong with a photo, by what was said.

    Parameters
    ----------
    decisions : Decisions
    photo : int

    Returns
    -------
    ndarray of shape (q,), bool
        For each pair of `decisions.apart`.
    """
    n = 1 + max(int(pairs.max(initial=photo)) for pairs in (decisions.together, decisions.apart))
    groups = connected(decisions.together[:, 0], decisions.together[:, 1], n)
    both: NDArray[np.bool_] = (groups[decisions.apart] == groups[photo]).all(axis=1)
    return both


def _with_wishes(tree: GroupTree, together: PhotoPairs) -> GroupTree:
    """The tree with links of height 0 before all others."""
    nothing, certain = np.zeros(len(together)), np.ones(len(together), dtype=np.bool_)
    wishes = GroupTree(tree.n, together[:, 0], together[:, 1], nothing, nothing, certain)
    return wishes.followed_by(tree)


def _concerned(groups: Labels, apart: PhotoPairs) -> NDArray[np.bool_]:
    """Photos in groups that hold both photos of a pair: shape (n,)."""
    ends = groups[apart]
    inside = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.bool_)
    inside[ends[ends[:, 0] == ends[:, 1], 0]] = True
    concerned: NDArray[np.bool_] = inside[groups]
    return concerned


def _refused(tree: GroupTree, which: NDArray[np.bool_], apart: PhotoPairs) -> NDArray[np.bool_]:
    """Which of some links, taken in their order, would bring a pair together: shape (m,)."""
    group: dict[int, int] = {}
    foes: dict[int, set[int]] = {}
    members: dict[int, list[int]] = {}
    for one, other in apart.tolist():
        foes.setdefault(one, set()).add(other)
        foes.setdefault(other, set()).add(one)

    def of(photo: int) -> int:
        return group.setdefault(photo, photo)

    refused = []
    for left, right in zip(tree.left[which].tolist(), tree.right[which].tolist(), strict=True):
        kept, gone = of(left), of(right)
        if len(members.get(kept, [kept])) < len(members.get(gone, [gone])):
            kept, gone = gone, kept
        theirs = members.get(gone, [gone])
        enemies = foes.get(kept, set())
        refused.append(kept != gone and any(photo in enemies for photo in theirs))
        if kept == gone or refused[-1]:
            continue
        members.setdefault(kept, [kept]).extend(theirs)
        foes.setdefault(kept, set()).update(foes.get(gone, ()))
        for photo in theirs:
            group[photo] = kept
    return np.array(refused, dtype=np.bool_)


def pairs_of(nodes: Sequence[tuple[int, int]]) -> PhotoPairs:
    """Pairs as an array, even if there are none."""
    return np.asarray(nodes, dtype=np.int64).reshape(-1, 2)

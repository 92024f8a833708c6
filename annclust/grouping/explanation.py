"""Explanation: why photos are together, and why one is alone, from what the groups were made of."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.grouping.group_tree import GroupTree

Why = Literal["far", "weak", "layout", "later", "said", "few"]
"""Why the nearest photo is in no group with one: it is as far as unrelated ones; nearer, but no
strong link; their layouts differ, as pages; a link waits for a coarser cut; a person said so; or
they are too few."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two photos.

    Parameters
    ----------
    left, right : int
        Nodes.
    ratio : float
        Their distance over their local scales, corrected.
    height : float
        Granularity from which on it joins them; 0 where a person said so.
    """

    left: int
    right: int
    ratio: float
    height: float


@dataclass(frozen=True, slots=True)
class Loneliness:
    """Why a photo is in no group.

    Parameters
    ----------
    nearest : int
        Node of the photo with the surest link to it, or of the nearest one.
    distance : float
        Between the two.
    plain : float
        That over their local scales.
    ratio : float
        The same, corrected; ``inf`` where there is no link.
    why : {"far", "weak", "layout", "later", "said", "few"}
    """

    nearest: int
    distance: float
    plain: float
    ratio: float
    why: Why

    def because(self, why: Why | None) -> Loneliness:
        """The same for another reason, if there is one."""
        return self if why is None else replace(self, why=why)


def chain(tree: GroupTree, granularity: float, first: int, last: int) -> tuple[Link, ...] | None:
    """The links that lead from a photo to another one of its group; None if they share none.

    Parameters
    ----------
    tree : GroupTree
    granularity : float
    first, last : int
        Nodes.
    """
    links = tree.up_to(granularity)
    groups = links.groups()
    if groups[first] != groups[last]:
        return None
    links = links.chosen(np.flatnonzero(groups[links.left] == groups[first]))
    return tuple(_way(links, first, last))


def meeting(tree: GroupTree, first: int, last: int) -> float | None:
    """Granularity from which on two photos are in one group; None if nothing joins them."""
    links = chain(tree, float("inf"), first, last)
    return None if links is None else max((link.height for link in links), default=0.0)


def surest_link(tree: GroupTree, granularity: float, node: int) -> Link | None:
    """The first link that joins a photo to its group; None if it stands alone."""
    links = tree.up_to(granularity)
    own = np.flatnonzero((links.left == node) | (links.right == node))
    if not len(own):
        return None
    first = int(own[0])
    other = int(links.left[first] + links.right[first] - node)
    return Link(node, other, float(links.ratio[first]), float(links.height[first]))


def _way(links: GroupTree, first: int, last: int) -> list[Link]:
    """The only way from one node to another, breadth first from its end."""
    beside: dict[int, list[int]] = {}
    for place, ends in enumerate(zip(links.left.tolist(), links.right.tolist(), strict=True)):
        for end in ends:
            beside.setdefault(end, []).append(place)
    toward: dict[int, tuple[int, int]] = {last: (last, -1)}
    waiting = deque([last])
    while waiting and first not in toward:
        node = waiting.popleft()
        for place in beside.get(node, []):
            other = int(links.left[place] + links.right[place] - node)
            if other not in toward:
                toward[other] = (node, place)
                waiting.append(other)
    way = []
    while first != last:
        following, place = toward[first]
        way.append(Link(first, following, float(links.ratio[place]), float(links.height[place])))
        first = following
    return way


def loneliness(
    neighbors: Nodes, distances: Distances, plain: Distances, ratios: Distances, strong: float
) -> Loneliness:
    """Why a photo is in no group, from all its neighbors.

    Parameters
    ----------
    neighbors : ndarray of shape (k,), int64
        At least one.
    distances, plain, ratios : ndarray of shape (k,), float32
        Of each neighbor: distance, that over local scales, and corrected.
    strong : float
        Largest ratio that makes a shot.
    """
    best = int(np.argmin(ratios)) if np.isfinite(ratios).any() else int(np.argmin(plain))
    why: Why = "later"
    if ratios[best] > strong:
        why = "weak" if np.isfinite(ratios[best]) else "far" if plain[best] >= 1 else "layout"
    columns = (distances, plain, ratios)
    distance, apart, ratio = (float(column[best]) for column in columns)
    return Loneliness(int(neighbors[best]), distance, apart, ratio, why)

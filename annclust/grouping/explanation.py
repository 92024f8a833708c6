"""Explanation: why photos are together, and why one is alone, from what the groups were made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from annclust.arrays import Distances, Nodes
from annclust.grouping.decisions import Decisions
from annclust.grouping.group_tree import GroupTree

Why = Literal["far", "weak", "layout", "later", "finer", "said", "few"]
"""Why the nearest photo is in no group with one: it is as far as unrelated ones; nearer, but no
strong link; their layouts differ, as pages; a link waits for a coarser cut; the look was finer than
that of the level, where they meet; a person said so; or they are too few."""


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
    said : bool
        Whether it is there because a person said so.
    """

    left: int
    right: int
    ratio: float
    height: float
    said: bool = False


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
    why : {"far", "weak", "layout", "later", "finer", "said", "few"}
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
    way = _way(links, first, last)
    if way is None:
        return None
    ratio, height = links.ratio[way.links].tolist(), links.height[way.links].tolist()
    return tuple(map(Link, way.photos, way.photos[1:], ratio, height))


def meeting(tree: GroupTree, first: int, last: int) -> float | None:
    """Granularity from which on two photos are in one group; None if nothing joins them."""
    way = _way(tree, first, last)
    return None if way is None else float(tree.height[way.links].max(initial=0))


def with_origin(links: Sequence[Link], decisions: Decisions) -> tuple[Link, ...]:
    """Say of each link of a decided tree whether it is a person's word.

    What somebody said of two photos comes before any other link between them.
    """
    said = {frozenset(pair) for pair in decisions.together.tolist()}
    return tuple(replace(link, said=frozenset((link.left, link.right)) in said) for link in links)


def surest_link(tree: GroupTree, granularity: float, node: int) -> Link | None:
    """The first link that joins a photo to its group; None if it stands alone."""
    links = tree.up_to(granularity)
    own = np.flatnonzero((links.left == node) | (links.right == node))
    if not len(own):
        return None
    first = int(own[0])
    other = int(links.left[first] + links.right[first] - node)
    return Link(node, other, float(links.ratio[first]), float(links.height[first]))


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Nodes on the way from one to another, and the links between them, one fewer."""

    photos: list[int]
    links: Nodes


def _way(links: GroupTree, first: int, last: int) -> _Way | None:
    """The only way from one node to another, breadth first from its end; None if there is none."""
    ones = np.ones(len(links.left), dtype=np.int8)
    edges = csr_array((ones, (links.left, links.right)), shape=(links.n, links.n))
    toward = breadth_first_order(edges, last, directed=False, return_predecessors=True)[1]
    if first != last and toward[first] < 0:
        return None
    photos = [first]
    while photos[-1] != last:
        photos.append(int(toward[photos[-1]]))
    place = np.full(links.n, -1)
    place[photos] = np.arange(len(photos))
    nearer = np.minimum(place[links.left], place[links.right])
    between = np.flatnonzero(nearer >= 0)  # without a cycle, nothing else joins two of them
    return _Way(photos, between[np.argsort(nearer[between])])


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

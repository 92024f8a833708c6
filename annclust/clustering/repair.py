"""Repair: edges that a k-NN graph lacks, looked for where they may decide about clusters.

A merge that is not certified may come too late: a lighter edge between its sides may exist that is
in nobody's list. So some vectors of its smaller side are asked for their nearest outside that side.
What they find joins the edges of the spanning tree, which is made anew: one round brings labels
from .966 to .997 of the exact ones, for a tenth of what the graph costs; more rounds bring little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Nodes, Weights, places_in
from annclust.clustering.certificate import doubtful_sides
from annclust.clustering.inheritance import Heir
from annclust.clustering.single_linkage import Dendrogram

_MANY = 1_000_000
_SHARE, _SHARE_OF_MANY = 0.1, 0.03
"""Queries for each vector; of `_MANY` vectors and more, the graph itself costs less for each."""

_FEWEST, _MOST = 4, 64
"""Queries for one merge."""


@dataclass(frozen=True, slots=True, eq=False)
class RepairPlan:
    """Who is asked for the nearest outside what.

    Parameters
    ----------
    queries : ndarray of shape (m,), int64
        Nodes.
    places : ndarray of shape (n,), int64
        Place of each node in the order of the dendrogram's leaves.
    barred : ndarray of shape (m, 2), int64
        Places of the side of each query: first, and behind the last.
    sides : ndarray of shape (s,), int64
        Nodes of the dendrogram that are asked about.
    """

    queries: Nodes
    places: Nodes
    barred: Nodes
    sides: Nodes


def plan_repair(
    dendrogram: Dendrogram,
    proven: NDArray[np.bool_],
    horizon: Weights,
    core: Distances,
    heir: Heir,
    *,
    min_cluster_size: int,
    seed: int = 0,
) -> RepairPlan:
    """Choose whom to ask. Merges of large sides come first, as long as the budget lasts.

    Parameters
    ----------
    dendrogram : Dendrogram
        Of n leaves.
    proven : ndarray of shape (n - 1,), bool
    horizon : ndarray of shape (n,), float64
        As `horizons` gives it. A vector that sees as far as a merge has no part in its doubt.
    core : ndarray of shape (n,), float32
        Half of those asked for a merge are its densest vectors, half are drawn at random.
    heir : Heir
        Knows what was asked before.
    min_cluster_size : int
        What decides about clusters.
    seed : int
    """
    n = len(core)
    order, starts = dendrogram.layout.order, dendrogram.layout.starts
    doubtful, side = doubtful_sides(dendrogram, proven, min_cluster_size)
    budget = int((_SHARE if n < _MANY else _SHARE_OF_MANY) * n)
    each = min(_MOST, max(_FEWEST, int(_SHARE * n / max(len(doubtful), 1))))
    unasked = heir.asked_at(dendrogram, side) == 0
    doubtful, side, sizes = doubtful[unasked], side[unasked], dendrogram.sizes
    largest_first = np.argsort(-sizes[side], kind="stable")
    rng = np.random.default_rng(seed)
    asked: list[Nodes] = []
    barred: list[Nodes] = []
    for merge, node in zip(doubtful[largest_first], side[largest_first], strict=True):
        if budget <= 0:
            break
        first, last = starts[node], starts[node] + sizes[node]
        members = order[first:last]
        members = members[horizon[members] < dendrogram.distance[merge]]
        chosen = _chosen(members, core, min(each, budget), rng)
        asked.append(chosen)
        barred.append(np.tile(np.array([first, last]), (len(chosen), 1)))
        budget -= len(chosen)
    none = np.zeros(0, dtype=np.int64)
    return RepairPlan(
        np.concatenate([none, *asked]),
        places_in(order),
        np.concatenate([none.reshape(0, 2), *barred]),
        side[largest_first][: len(asked)],
    )


def _chosen(members: Nodes, core: Distances, count: int, rng: np.random.Generator) -> Nodes:
    if len(members) <= count:
        return members
    by_density = members[np.argsort(core[members], kind="stable")]
    dense = (count + 1) // 2
    drawn = rng.choice(len(members) - dense, count - dense, replace=False)
    return np.concatenate([by_density[:dense], by_density[dense:][drawn]])

"""Shots: which links hold together what shows the same moment.

HDBSCAN over ratios: single linkage along the links, and of its tree those branches that last
longest (excess of mass), so that each shot has the density of its own. Nothing splits at a strong
link; nothing is joined by more than a weak one; and weak links alone make no shot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annclust.arrays import Distances, Labels, Neighbors, Nodes, Weights
from annclust.clustering.certificate import least_of_each, proven_merges
from annclust.clustering.cluster_selection import select_clusters
from annclust.clustering.condensed_tree import condensed_tree
from annclust.clustering.graph_forest import forest_of_lists
from annclust.clustering.single_linkage import Dendrogram, single_linkage
from annclust.clustering.spanning_tree import SpanningForest, components, joined_at_infinity
from annclust.grouping.group_tree import GroupTree
from annclust.grouping.links import UNRELATED
from annclust.settings import GroupSettings

_SMALLEST = 2

_FIRST_BEYOND = 1 + 1e-6
"""Height of a link that joins no shot, but might at the first coarser look."""


def shot_tree(
    neighbors: Neighbors,
    ratios: Distances,
    horizon: Weights,
    settings: GroupSettings,
    *,
    threads: int = 1,
) -> GroupTree:
    """Find the links that make shots, and at which granularity each of them does.

    Parameters
    ----------
    neighbors : ndarray of shape (n, k), int32 or int64
    ratios : ndarray of shape (n, k), float32
        As `link_ratios` gives them.
    horizon : ndarray of shape (n,), float64
        Ratio up to which all links of a photo are known.
    settings : GroupSettings
    threads : int
        Makes no difference to the result.

    Returns
    -------
    GroupTree
        Shots are its groups at granularity 1.
    """
    n = len(ratios)
    weights = _reachable(neighbors, ratios, settings.min_samples)
    forest = forest_of_lists(neighbors, weights, threads=threads)
    if not len(forest.left):
        return GroupTree(
            n, forest.left, forest.right, forest.weight, forest.weight, np.zeros(0, dtype=np.bool_)
        )
    dendrogram = single_linkage(joined_at_infinity(forest, n))
    inside = _inside(forest, n, settings)
    heights = _heights(dendrogram, inside, settings)
    proven = proven_merges(dendrogram, horizon, np.ones(n - 1, dtype=np.bool_))[: len(inside)]
    tree = GroupTree(n, forest.left, forest.right, forest.weight, heights, proven)
    return tree.chosen(np.argsort(heights, kind="stable"))


def _reachable(neighbors: Neighbors, ratios: Distances, samples: int) -> Distances:
    """Mutual reachability of links, for places that are dense by so many neighbors."""
    samples = min(samples, ratios.shape[1])
    if samples < 2:  # a link is no shorter than the shortest of either end
        return ratios
    core = np.partition(ratios, samples - 1, axis=1)[:, samples - 1]
    reach: Distances = np.maximum(np.maximum(ratios, core[:, np.newaxis]), core[neighbors])
    return reach


def _inside(forest: SpanningForest, n: int, settings: GroupSettings) -> NDArray[np.bool_]:
    """Whether each link lies within one selected branch, shape (m,)."""
    labels = _selected(forest, n, settings)
    inside: NDArray[np.bool_] = labels[forest.left] == labels[forest.right]
    return inside & (labels[forest.left] >= 0)


def _selected(forest: SpanningForest, n: int, settings: GroupSettings) -> Labels:
    """Branch of each photo that HDBSCAN selects; -1 if none.

    Density is counted from where the background begins: a ratio of 1 has none.
    """
    whole = joined_at_infinity(forest, n)
    dendrogram = single_linkage(SpanningForest(whole.left, whole.right, _sparsity(whole.weight)))
    one_part = int((np.bincount(components(forest, n)) > 1).sum()) == 1
    tree = condensed_tree(dendrogram, _SMALLEST)
    found = select_clusters(
        tree,
        n,
        settings.method,
        allow_single_cluster=one_part,
        epsilon=float(_sparsity(np.array(settings.links.strong))),
    )
    # If all links hang together, beside photos without any, and no branch of them stands out, all
    # of them are one.
    all_of_it = one_part and found.branches.tolist() in ([], [0])
    return np.zeros(n, dtype=np.int64) if all_of_it else found.labels


def _sparsity(ratio: Weights) -> Weights:
    """What is 1 / density for HDBSCAN: infinite at the background."""
    sparsity: Weights = np.full_like(ratio, np.inf)
    np.divide(ratio, UNRELATED - ratio, out=sparsity, where=ratio < UNRELATED)
    return sparsity


def _heights(dendrogram: Dendrogram, inside: NDArray[np.bool_], settings: GroupSettings) -> Weights:
    """Granularity at which each link joins, shape (m,): at most 1 within a shot, more elsewhere.

    A link within a branch joins once what it joins, or anything above, is held together by links
    that are weak at most and one that is strong.
    """
    n, m, links = dendrogram.n, len(inside), settings.links
    ratio = dendrogram.distance[:m]
    surest = _surest_below(dendrogram)[:m]
    within = np.maximum(ratio / links.weak, surest / links.strong)
    beyond = np.maximum(ratio / links.strong, _FIRST_BEYOND)
    own = np.full(2 * n - 1, np.inf)
    own[n : n + m] = np.where(inside, within, beyond)
    return _least_above(own, dendrogram.layout.above)[n : n + m]


def _surest_below(dendrogram: Dendrogram) -> Weights:
    """Smallest ratio of the links below each merge, its own included: shape (n - 1,)."""
    n, layout = dendrogram.n, dendrogram.layout
    nearest = np.full(n, np.inf)
    for side in (dendrogram.left, dendrogram.right):
        leaves = side < n
        nearest[side[leaves]] = dendrogram.distance[leaves]
    return least_of_each(nearest[layout.order], layout.starts, dendrogram.sizes)[n:]


def _least_above(values: Weights, above: Nodes) -> Weights:
    """Least value on each node's way to the root, itself included, in steps that double."""
    least, steps = values, above
    while True:
        lower = np.minimum(least, least[steps])
        further = steps[steps]
        if np.array_equal(further, steps):
            return lower
        least, steps = lower, further

"""HDBSCAN*: the chain from a neighbor graph to clusters, without a radius.

core distance → mutual reachability → spanning tree → single linkage → condensed tree → selection,
one module each. The first four make a `Hierarchy`, from which the last two cut clusters, as often
as one likes. On a complete graph the result is that of `hdbscan.HDBSCAN`; on a k-NN graph the
certificate says how much of it is proven to be. Two things are not the same:

- Ties. Where three or more groups meet at one distance, a binary hierarchy must invent an order.
  Both libraries take it from the order of the rows, each in its way; clusters may depend on it.
- Probabilities beside exact copies: hdbscan makes them 0, `cluster_selection` gives them back.

References
----------
.. [1] Campello, Moulavi, Sander (2013), Density-based clustering based on hierarchical density
   estimates, PAKDD.
.. [2] Campello, Moulavi, Zimek, Sander (2015), Hierarchical density estimates for data clustering,
   visualization, and outlier detection, ACM TKDD 10(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annclust.arrays import Labels, Nodes, Probabilities, Weights
from annclust.clustering.certificate import certified_share
from annclust.clustering.cluster_selection import select_clusters
from annclust.clustering.condensed_tree import CondensedTree, condensed_tree
from annclust.clustering.hierarchy import Hierarchy, build_hierarchy
from annclust.clustering.spanning_tree import OutsideSearch
from annclust.neighbor_graph import NeighborGraph
from annclust.settings import ClusterSettings


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Clusters of n vectors.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Cluster of each vector; -1 is noise.
    probabilities : ndarray of shape (n,), float64
        Strength of membership, 0 for noise.
    outlier_scores : ndarray of shape (n,), float64
        From 0 (an inlier) to 1, as `cluster_selection.Selection` defines them.
    left_at : ndarray of shape (n,), float64
        λ at which each vector leaves the tree; the larger, the denser its place.
    branches : ndarray of shape (clusters,), int64
        Branch of the tree that each cluster is, counted from 0, which is all vectors.
    tree : CondensedTree
    certified : float
        Share of the merges that decide the clusters that are proven exact, from 0 to 1.
    capped : int
        Branches of the tree that would have been clusters, but for their size.
    hierarchy : Hierarchy
        What the clusters were cut from; `cut` cuts it anew.
    ids : ndarray of shape (n,), int64
        Identity of each vector: its position, unless the caller knows better.
    """

    labels: Labels
    probabilities: Probabilities
    outlier_scores: Probabilities
    left_at: Weights
    branches: Nodes
    tree: CondensedTree
    certified: float
    capped: int
    hierarchy: Hierarchy
    ids: Nodes

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return len(np.unique(self.labels[self.labels >= 0]))


def cluster_graph(
    graph: NeighborGraph,
    settings: ClusterSettings,
    outside: OutsideSearch,
    *,
    allow_single_cluster: bool = False,
    threads: int = 1,
) -> Clustering:
    """Cluster the vectors of a graph.

    Parameters
    ----------
    graph : NeighborGraph
        Of n vectors.
    settings : ClusterSettings
        `min_samples` may ask for more neighbors than there are other vectors, and means all of
        them then. Where it is left to `min_cluster_size`, it means at most those of the graph.
    outside : OutsideSearch
        Asked for the edges that join components of the graph, and for those that it may lack.
    allow_single_cluster : bool
        Whether all vectors may form one cluster.
    threads : int
        Makes no difference to the result.

    Returns
    -------
    Clustering
        Fewer vectors than `min_cluster_size` are all noise; but two or more of them are one
        cluster, as in `hdbscan.HDBSCAN`, with `allow_single_cluster` and the method "eom".

    Raises
    ------
    ValueError
        If `min_cluster_size` is below 2, or `min_samples` below 1 or larger than the graph allows.
    """
    _check_size(settings)
    built = build_hierarchy(
        graph,
        neighborhood(graph.n, graph.k, settings),
        outside,
        min_cluster_size=settings.min_cluster_size,
        threads=threads,
    )
    return cut(built.hierarchy, settings, allow_single_cluster=allow_single_cluster)


def cut(
    hierarchy: Hierarchy, settings: ClusterSettings, *, allow_single_cluster: bool = False
) -> Clustering:
    """Cut clusters from a hierarchy; the vectors are not needed.

    Parameters
    ----------
    hierarchy : Hierarchy
    settings : ClusterSettings
        Its `min_samples` is not looked at: the hierarchy was built with one.
    allow_single_cluster : bool
        Whether all vectors may form one cluster.

    Raises
    ------
    ValueError
        If `min_cluster_size` is below 2.
    """
    _check_size(settings)
    tree = condensed_tree(hierarchy.dendrogram, settings.min_cluster_size)
    selection = select_clusters(
        tree,
        hierarchy.n,
        settings.method,
        allow_single_cluster=allow_single_cluster,
        max_cluster_size=settings.max_cluster_size,
    )
    return Clustering(
        labels=selection.labels,
        probabilities=selection.probabilities,
        outlier_scores=selection.outlier_scores,
        left_at=selection.left_at,
        branches=selection.branches,
        tree=tree,
        certified=certified_share(
            hierarchy.dendrogram, hierarchy.proven, settings.min_cluster_size
        ),
        capped=selection.capped,
        hierarchy=hierarchy,
        ids=np.arange(hierarchy.n),
    )


def neighborhood(n: int, k: int, settings: ClusterSettings) -> int:
    """`min_samples` as [1]_ counts: the vector itself belongs to its neighborhood.

    Settings count as `hdbscan.HDBSCAN` does, without it. This is the only place that converts.

    Parameters
    ----------
    n, k : int
        Vectors of the graph, and neighbors of each.
    settings : ClusterSettings

    Raises
    ------
    ValueError
        If `min_samples` is below 1 or larger than the graph allows.
    """
    asked = settings.effective_min_samples
    if asked < 1:
        raise ValueError(f"min_samples must be 1 or more, not {asked}")
    if settings.min_samples is not None and k < min(asked, n - 1):
        raise ValueError(
            f"min_samples={asked} needs {asked} neighbors of each vector, but the graph has"
            f" {k}. Build it with more neighbors, or ask for fewer samples."
        )
    return min(asked, k) + 1


def _check_size(settings: ClusterSettings) -> None:
    if settings.min_cluster_size < 2:
        raise ValueError(f"min_cluster_size must be 2 or more, not {settings.min_cluster_size}")

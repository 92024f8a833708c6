"""Estimator: HDBSCAN over a neighbor graph for users of scikit-learn.

It stands beside the collection: vectors in memory come in, labels come out, nothing is stored. It
uses the same rooms (search makes the graph, clustering eats it), over plain Euclidean distance.
"""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from annclust.arrays import Vectors
from annclust.clustering.hdbscan import cluster_graph
from annclust.clustering.spanning_tree import OutsideSearch
from annclust.neighbor_graph import NeighborGraph
from annclust.search.bridges import ExactBridges, ListBridges
from annclust.search.graph_build import build_graph
from annclust.search.graph_plan import neighbors_wanted
from annclust.search.index_build import build_index
from annclust.search.index_spec import choose_index
from annclust.search.list_order import ListOrder
from annclust.settings import ClusterSettings, Method, SearchSettings, usable_cores
from annclust.vector_source import ArrayVectors, VectorSource

_COMPLETE_UP_TO = 2_000
"""Up to so many vectors the graph is complete, and the result that of HDBSCAN: that is 32 MB and
about two seconds; both grow with the square."""

_NEIGHBORS_PER_SAMPLE = 3
"""At three neighbors for each of `min_samples`, labels agree with those of the complete graph to
an adjusted Rand index of .97 and more; at one to .93 (20,000 vectors of dimension 256)."""

_MEDIAN_OF = 1_024
_HUGE = 2.0**100

_ORDINARY = 2.0**20
"""Vectors whose coordinates lie between this and its inverse need no scaling."""

_TOP = 40
"""Binary logarithm of the largest coordinate that is computed with. In float32 the squares of 2^40
can still be summed over 2^40 coordinates, and distances down to 2^-63 have squares in full
precision: room for an outlier 10^31 times as far as neighbors are apart."""


class AnnHDBSCAN(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Clusters of any density and number, without a radius; what belongs nowhere is noise.

    Parameters
    ----------
    min_cluster_size : int, default=5
        Fewest vectors that make a cluster; 2 or more.
    min_samples : int or None, default=None
        Neighbors, the vector itself not counted (as `hdbscan.HDBSCAN` counts, and one less than
        `sklearn.cluster.HDBSCAN` does), that make a place dense; `min_cluster_size` if None.
    method : {"eom", "leaf"}, default="eom"
        Clusters of largest total stability (excess of mass), or the leaves of the tree.
    n_neighbors : int or None, default=None
        Neighbors of each vector in the graph. If None, all others up to 2,000 vectors, so that the
        result is that of HDBSCAN (see Notes); beyond, ``3 * min_samples``, but at least 32, and 16
        above 20,000 vectors.
    allow_single_cluster : bool, default=False
        Whether all vectors may form one cluster.
    max_cluster_size : int or None, default=None
        Most vectors that make a cluster, for the method "eom"; None is no limit.
    n_jobs : int or None, default=None
        Threads of the neighbor search; None is 1, -1 is all cores, -2 all but one. Not 0.
    random_state : int, RandomState or None, default=0
        Seed of the search index, which is used above 20,000 vectors.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Clusters from 0, by their first vector; -1 is noise.
    probabilities_ : ndarray of shape (n_samples,), float64
        Strength of membership, 0 for noise.
    outlier_scores_ : ndarray of shape (n_samples,), float64
        GLOSH [1]_, section 6: from 0 (an inlier) to 1. `hdbscan` gives less to some, as it does
        not look for the densest place below all branches.
    condensed_tree_ : CondensedTree
        The hierarchy from which the clusters were selected.
    certified_ : float
        Share of the merges that decide the clusters that are proven exact, given the graph.
    n_features_in_ : int
        Dimension of the vectors.

    Notes
    -----
    Over a complete graph the clusters are those of `hdbscan.HDBSCAN`, but for ties: where three or
    more groups meet at one distance, both libraries merge them in an order that depends on that of
    the rows. The probabilities are the same too, but in clusters that hold exact copies: hdbscan
    gives 0 to all their other members, this estimator the share of the largest finite λ.

    Coordinates are rounded to float32 after centering on the median. So groups are not told apart
    where their distance from there is more than a million times their extent. Outliers may lie
    farther away, up to 20,000 vectors; above, one that is 10^8 times as far as the others makes the
    index miss neighbors.

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander (2015), Hierarchical density estimates for data
       clustering, visualization, and outlier detection, ACM TKDD 10(1).

    Examples
    --------
    >>> import numpy as np
    >>> from annclust import AnnHDBSCAN
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.3], [99.0]])
    >>> AnnHDBSCAN(min_cluster_size=3, min_samples=1).fit_predict(X).tolist()
    [0, 0, 0, 1, 1, 1, -1]
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "min_cluster_size": [Interval(Integral, 2, None, closed="left")],
        "min_samples": [Interval(Integral, 1, None, closed="left"), None],
        "method": [StrOptions({"eom", "leaf"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), None],
        "allow_single_cluster": ["boolean"],
        "max_cluster_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Interval(Integral, 1, None, closed="left"),
            None,
        ],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        method: Method = "eom",
        n_neighbors: int | None = None,
        allow_single_cluster: bool = False,
        max_cluster_size: int | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.method = method
        self.n_neighbors = n_neighbors
        self.allow_single_cluster = allow_single_cluster
        self.max_cluster_size = max_cluster_size
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Cluster vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite; computed in float32, after centering on the median.
        y : object
            Not looked at.

        Returns
        -------
        AnnHDBSCAN
            Itself.

        Raises
        ------
        ValueError
            If a parameter is of a wrong type or out of its range, or `n_neighbors` is below
            `min_samples`.
        """
        self._validate_params()
        checked = validate_data(self, X, dtype=[np.float64, np.float32])
        settings = self._cluster_settings()
        rows, exponent = _centered(checked)
        vectors = ArrayVectors(rows)
        search = self._search_settings(len(rows), settings)
        graph, outside = _joined(vectors, search)
        found = cluster_graph(
            graph,
            settings,
            outside,
            allow_single_cluster=self.allow_single_cluster,
            threads=search.threads,
        )
        self.labels_ = found.labels
        self.probabilities_, self.outlier_scores_ = found.probabilities, found.outlier_scores
        self.condensed_tree_ = replace(found.tree, lambda_=np.ldexp(found.tree.lambda_, -exponent))
        self.certified_ = found.certified
        return self

    def _cluster_settings(self) -> ClusterSettings:
        asked = ClusterSettings(
            self.min_cluster_size, self.min_samples, self.method, self.max_cluster_size
        )
        # Said outright, so that too few neighbors are an error instead of less density.
        return replace(asked, min_samples=asked.effective_min_samples)

    def _search_settings(self, n: int, settings: ClusterSettings) -> SearchSettings:
        search = SearchSettings(
            neighbors=self.n_neighbors,
            threads=_threads(self.n_jobs),
            seed=int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)),
        )
        if self.n_neighbors is not None:
            return search
        asked = _NEIGHBORS_PER_SAMPLE * settings.effective_min_samples
        enough = n if n <= _COMPLETE_UP_TO else max(neighbors_wanted(n, search), asked)
        return replace(search, neighbors=enough)


def _threads(n_jobs: int | None) -> int:
    """Threads that scikit-learn's convention asks for."""
    if n_jobs is None:
        return 1
    threads = int(n_jobs)  # whoever limits threads takes no NumPy numbers
    return threads if threads > 0 else max(1, usable_cores() + 1 + threads)


def _centered(rows: NDArray[np.floating[Any]]) -> tuple[Vectors, int]:
    """Shift the median to 0 and scale by a power of two, to coordinates below 2^40.

    Neither changes a cluster. Far from 0 float32 tells near vectors apart no more; very large or
    small squares leave its range. The median and not the mean, which follows a single outlier away
    from all others; of many vectors, that of some does as well. Vectors that lie around 0 and are
    neither very large nor small, as those of length 1, stay as they are.

    Returns
    -------
    ndarray of shape (n, d), float32
    int
        Binary logarithm of the scale that was taken out.
    """
    largest = max(-rows.min(), rows.max())
    halved = int(largest > _HUGE)
    if halved:
        rows = np.ldexp(rows, -1)  # of the largest floats neither sum nor difference overflows
    some = rows[:: max(len(rows) // _MEDIAN_OF, 1)]
    middle = np.median(some, axis=0)
    usual = np.median(np.abs(some - middle).max(axis=1))
    if np.abs(middle).max() <= usual and 1 / _ORDINARY < usual <= largest < _ORDINARY:
        return rows.astype(np.float32, copy=False), 0
    centered = rows - middle.astype(rows.dtype)
    exponent = int(np.frexp(max(-centered.min(), centered.max()))[1]) - _TOP
    np.ldexp(centered, -exponent, out=centered)
    return centered.astype(np.float32, copy=False), exponent + halved


def _joined(vectors: VectorSource, search: SearchSettings) -> tuple[NeighborGraph, OutsideSearch]:
    """The graph of some vectors, and who looks for edges that it lacks."""
    spec = choose_index(*vectors.shape, search)
    if spec.kind == "exact":
        return build_graph(vectors, search).graph, ExactBridges(vectors)
    order = ListOrder.of(build_index(vectors, spec, search), np.arange(vectors.shape[0]))
    graph = build_graph(vectors, search, order=order).graph
    return graph, ListBridges(vectors, order, search.threads)

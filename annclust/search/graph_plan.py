"""Graph plan: how a neighbor graph is built, decided from what is known before. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from annclust.search.index_spec import IndexSpec
from annclust.settings import SearchSettings

_POOL_PER_NEIGHBOR = 2
"""The true 16 nearest of image embeddings lie among the nearest 32 after PCA to 128 dimensions with
a probability of .985 (docs/benchmarks.md)."""

_LEAST_POOL = 32

_ROOT_PER_PROBE = 40
"""Square root of n for each list that a node looks into. The more vectors, the more lists share a
cluster; more probes than these find what refinement finds too, at a higher price."""

_FEWEST_PROBES = 8

_NEIGHBORS_OF_FEW, _NEIGHBORS_OF_MANY = 32, 16
"""Neighbors where the join is exact and more of them cost little; and through inverted lists, where
they are what it costs: three for each of five samples."""

MOST_REFINEMENTS = 2
"""A third one found less than one neighbor in a thousand."""


@dataclass(frozen=True, slots=True)
class GraphPlan:
    """How a graph of n nodes is built through an index.

    Parameters
    ----------
    neighbors : int
        Neighbors of each node.
    pool : int
        Candidates of each node that are measured exactly.
    probes : int
        Inverted lists that a node looks into.
    """

    neighbors: int
    pool: int
    probes: int


def neighbors_wanted(rows: int, settings: SearchSettings) -> int:
    """Neighbors of each node in a graph over an index of so many rows."""
    if settings.neighbors is not None:
        return settings.neighbors
    return _NEIGHBORS_OF_FEW if rows <= settings.exact_up_to else _NEIGHBORS_OF_MANY


def plan_graph(n: int, neighbors: int, spec: IndexSpec) -> GraphPlan:
    """Decide how to build a graph.

    Parameters
    ----------
    n : int
        Nodes.
    neighbors : int
        Neighbors of each, at most n - 1.
    spec : IndexSpec
        Of the index.
    """
    pool = min(max(_POOL_PER_NEIGHBOR * neighbors, _LEAST_POOL), n - 1)
    probes = max(round(n**0.5 / _ROOT_PER_PROBE), _FEWEST_PROBES)
    return GraphPlan(neighbors, pool, min(probes, spec.lists))

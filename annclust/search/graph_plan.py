"""Graph plan: how a neighbor graph is built, decided from what is known before. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from annclust.settings import SearchSettings

_POOL_PER_NEIGHBOR = 2
"""The true 16 nearest of image embeddings lie among the nearest 32 after PCA to 128 dimensions with
a probability of .985 (docs/benchmarks.md)."""

_LEAST_POOL = 32

_PROBES = 8
"""Inverted lists that a node looks into. More of them find what refinement finds too, at a higher
price: at 300,000 vectors 14 instead of 8 take 1.5 s more and find .001 more."""

_MICROSECONDS_MET = 0.006
_MICROSECONDS_READ = 0.002
_MICROSECONDS_COMPARED = 0.012
_MICROSECONDS_REFINED = 11.0
_MICROSECONDS_MEASURED = 0.0007
"""For each pair of a new vector and any; for each coordinate that is read; for each pair of the
join; for each node refined; for each coordinate of each candidate."""

_NEIGHBORS_OF_FEW, _NEIGHBORS_OF_MANY = 32, 16
"""Neighbors where the join is exact and more of them cost little; and through inverted lists, where
they are what it costs: three for each of five samples."""


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


def plan_graph(n: int, neighbors: int, lists: int) -> GraphPlan:
    """Decide how to build a graph.

    Parameters
    ----------
    n : int
        Nodes.
    neighbors : int
        Neighbors of each, at most n - 1.
    lists : int
        Inverted lists of the index.
    """
    pool = min(max(_POOL_PER_NEIGHBOR * neighbors, _LEAST_POOL), n - 1)
    # Where pools are larger than lists, more of these are needed to fill them.
    enough = -(-2 * pool * lists // n)
    return GraphPlan(neighbors, pool, min(max(_PROBES, enough), lists))


def update_pays(plan: GraphPlan, n: int, dimension: int, lists: int, new: int, hurt: int) -> bool:
    """Whether to update a graph of n nodes rather than to build it anew.

    Parameters
    ----------
    plan, n, dimension, lists
        As of `stage_costs`.
    new : int
        Nodes that were not there; each is compared with all others.
    hurt : int
        Nodes that lost a neighbor; they are searched anew, as new ones are.
    """
    costs = stage_costs(plan, n, dimension, lists)
    update = _MICROSECONDS_MET * new * n + costs.whole * (new + hurt) + costs.sample * n
    return update < costs.whole * n


@dataclass(frozen=True, slots=True)
class StageCosts:
    """What the stages of a build take for each node, in microseconds of one core.

    Only their ratio counts: it tells how much of the whole is done. It was measured at 100,000 to
    1,000,000 vectors of 1,280 dimensions (docs/benchmarks.md).
    """

    sample: float
    join: float
    refine: float
    measure: float

    @property
    def whole(self) -> float:
        """All of them, as far as is known before: one refinement."""
        return self.sample + self.join + self.refine + self.measure


def stage_costs(plan: GraphPlan, n: int, dimension: int, lists: int) -> StageCosts:
    """Estimate the costs of a build.

    Parameters
    ----------
    plan : GraphPlan
    n, dimension : int
        Nodes, and length of their vectors.
    lists : int
        Inverted lists of the index.
    """
    compared = plan.probes * n / lists + lists
    return StageCosts(
        sample=_MICROSECONDS_READ * dimension,
        join=_MICROSECONDS_COMPARED * compared,
        refine=_MICROSECONDS_REFINED,
        measure=_MICROSECONDS_MEASURED * dimension * plan.pool,
    )

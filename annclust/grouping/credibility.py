"""Credibility: whether times in the files tell what belongs together, asked of the collection.

Clocks stand still or jump, and programs write the time of an export. But photos that are surely the
same were also taken together, and unrelated ones mostly were not, wherever times say anything.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Distances
from annclust.grouping.moments import Moments
from annclust.grouping.surroundings import GROWTH
from annclust.neighbor_graph import NeighborGraph
from annclust.settings import LinkSettings

_ASKED = 65_536
"""Photos that are asked, at most: evenly spread over the collection."""


def times_tell(
    moments: Moments,
    graph: NeighborGraph,
    ratios: Distances,
    links: LinkSettings,
    *,
    seconds: float,
    closer: float,
) -> bool:
    """Whether links of photos taken so soon after each other may be believed so much sooner.

    A ratio that counts as `closer` times as much lets in ``closer ** -30`` times as many unrelated
    photos, as these grow like distance to the power of 30 (`surroundings.GROWTH`). So neighbors
    that are surely the same must have been taken together that many times as often as those were
    that are not even weakly linked (a likelihood ratio; one more of the latter is assumed than was
    seen).

    Parameters
    ----------
    moments : Moments
    graph : NeighborGraph
        Of n photos, k neighbors each.
    ratios : ndarray of shape (n, k), float32
        Of its edges, whatever times say.
    links : LinkSettings
        What is strong, and what is weak.
    seconds : float
        Within which photos were taken together.
    closer : float
        Factor of the ratio.
    """
    if not moments.known:
        return False
    asked = np.arange(0, graph.n, -(-graph.n // _ASKED))
    rows, columns = np.nonzero(graph.neighbors[asked] >= 0)
    left, right = asked[rows], graph.neighbors[asked[rows], columns]
    dated = np.isfinite(moments.taken[left]) & np.isfinite(moments.taken[right])
    ratio, together = ratios[left, columns], moments.together(left, right, seconds)
    alike, unrelated = dated & (ratio <= links.strong), dated & (ratio > links.weak)
    as_a_rule = together[alike].sum() / (alike.sum() + 1)
    by_chance = (together[unrelated].sum() + 1) / (unrelated.sum() + 1)
    return bool(as_a_rule >= by_chance * closer ** (-1 / GROWTH))

"""Reach: how many photos one gets to along the lists of neighbors, step by step.

The lists of a burst that is longer than they are name its own frames alone; where few can be
reached by short steps, whoever is around the burst is not known.
"""

from __future__ import annotations

import numpy as np

from annclust.arrays import Distances, Nodes
from annclust.neighbor_graph import NeighborGraph
from annclust.parallel import map_parts

_BLOCK = 2048
"""Nodes at a time: tens of megabytes of neighbors of neighbors."""


def reach(
    graph: NeighborGraph, nodes: Nodes, steps: Distances, most: int, *, threads: int = 1
) -> Nodes:
    """Count the others that can be reached from each of some nodes.

    Parameters
    ----------
    graph : NeighborGraph
    nodes : ndarray of shape (m,), int64
    steps : ndarray of shape (m,), float32
        Longest step that is taken from each, and on from there.
    most : int
        Whoever reaches so many is not followed any further.
    threads : int
        Makes no difference to the result.

    Returns
    -------
    ndarray of shape (m,), int64
        At most `most`.
    """
    parts = [slice(first, first + _BLOCK) for first in range(0, len(nodes), _BLOCK)]
    found = map_parts(lambda part: _reach(graph, nodes[part], steps[part], most), parts, threads)
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _reach(graph: NeighborGraph, nodes: Nodes, steps: Distances, most: int) -> Nodes:
    count = np.zeros(len(nodes), dtype=np.int64)
    known, pending = nodes[:, np.newaxis], np.arange(len(nodes))
    while len(pending):
        known = _distinct(_one_step_further(graph, known, steps[pending]))
        others = (np.diff(known, axis=1) > 0).sum(axis=1)
        further = (others > count[pending]) & (others < most)
        count[pending] = np.minimum(others, most)
        known, pending = known[further, :most], pending[further]  # they hold no more
    return count


def _one_step_further(graph: NeighborGraph, known: Nodes, steps: Distances) -> Nodes:
    """Nodes of each row, and all within one step of them: shape (m, c (1 + k))."""
    near = graph.distances[known] <= steps[:, np.newaxis, np.newaxis]
    listed = np.where(near, graph.neighbors[known], known[:, :1, np.newaxis])
    return np.hstack([known, listed.reshape(len(known), -1)])


def _distinct(rows: Nodes) -> Nodes:
    """The numbers of each row, ascending, each once and the last one repeated: shape (m, most)."""
    ascending = np.sort(rows, axis=1)
    first = np.diff(ascending, axis=1, prepend=-1) > 0
    width = int(first.sum(axis=1).max(initial=0))
    found = np.repeat(ascending[:, -1:], width, axis=1)
    row, _ = np.nonzero(first)
    found[row, (np.cumsum(first, axis=1) - 1)[first]] = ascending[first]
    return found

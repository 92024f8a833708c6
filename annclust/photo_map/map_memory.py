"""Map memory: what drawing a map takes, known before. Pure."""

from __future__ import annotations

from annclust.memory_plan import MEBIBYTE
from annclust.photo_map.affinities import MOST_NEIGHBORS

_PROCESS = 250 * MEBIBYTE
"""The process with its libraries, the grid and its transform, and the blocks that are worked on."""

_PHOTO = 600
"""Bytes of a photo: start and descent hold some ten numbers of each at a time, and its knots."""

_NEIGHBOR = 64
"""Bytes of each neighbor while affinities of both directions are put together."""


def map_memory(n: int, neighbors: int) -> int:
    """Bytes that drawing takes at its peak.

    Parameters
    ----------
    n : int
        Photos.
    neighbors : int
        Of each, in the graph.
    """
    return _PROCESS + n * (_PHOTO + _NEIGHBOR * min(neighbors, MOST_NEIGHBORS))

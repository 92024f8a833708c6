"""Group memory: what grouping photos takes, known before. Pure."""

from __future__ import annotations

from typing import Final

from annclust.memory_plan import MEBIBYTE, STORED_ITEM, mapped_memory

_PROCESS = 400 * MEBIBYTE
"""The process with its libraries, what it keeps of the catalog, and the blocks it works on."""

_LINK = 52
"""Bytes of each neighbor in the list of a photo, while scenes are made: as many links as half of
them, of 20 bytes, three times over, and their order."""

REDUCED_TO: Final = 128
"""Dimensions in which scenes are compared, of more photos than `REDUCED_FROM`: of so many, sums of
whole vectors are too large for memory."""

REDUCED_FROM: Final = 4096


def group_memory(n: int, neighbors: int, dimension: int) -> int:
    """Bytes that grouping takes at its peak, when scenes are made.

    Parameters
    ----------
    n : int
        Photos.
    neighbors : int
        Of each, in the graph.
    dimension : int
        Of the vectors.
    """
    compared = min(dimension, REDUCED_TO) if n > REDUCED_FROM else dimension
    photo = 4 * compared + _LINK * neighbors
    return _PROCESS + n * photo + mapped_memory(STORED_ITEM * n * dimension)

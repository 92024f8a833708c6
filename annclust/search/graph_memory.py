"""Graph memory: what building a neighbor graph takes, known before. Pure."""

from __future__ import annotations

from dataclasses import replace

from annclust.memory_plan import MEBIBYTE, STORED_ITEM, mapped_memory, require_memory
from annclust.search.graph_plan import GraphPlan
from annclust.search.list_order import AnyOrder
from annclust.settings import SearchSettings

_PROCESS = 340 * MEBIBYTE
"""The process with its libraries, and what it keeps of the catalog."""

_THREAD = 160 * MEBIBYTE
"""Blocks that a thread works on."""


def graph_memory(plan: GraphPlan, n: int, reduced: int, vectors: int, threads: int) -> int:
    """Bytes that building a graph takes at its peak.

    Parameters
    ----------
    plan : GraphPlan
    n, reduced : int
        Nodes, and the length of their vectors after PCA.
    vectors : int
        Bytes of the vector file.
    threads : int
    """
    node = 4 * reduced + 2 * 4 * plan.pool + 2 * 8 * plan.neighbors + 64
    return _PROCESS + n * node + mapped_memory(vectors) + threads * _THREAD


def threads_within(
    memory: int | None, plan: GraphPlan, n: int, reduced: int, vectors: int, threads: int
) -> int:
    """Threads that a budget allows: what it takes grows with them.

    Parameters
    ----------
    memory : int or None
        Bytes; no limit if None.
    plan, n, reduced, vectors, threads
        As of `graph_memory`.

    Raises
    ------
    InputError
        If one thread takes more already.
    """
    if memory is None:
        return threads
    least = graph_memory(plan, n, reduced, vectors, 1)
    require_memory(memory, least, f"the neighbor graph of {n:,} contents")
    return min(threads, 1 + (memory - least) // _THREAD)


def settings_within(
    settings: SearchSettings, plan: GraphPlan, order: AnyOrder, shape: tuple[int, int]
) -> SearchSettings:
    """Settings with as many threads as their budget allows; raises as `threads_within` does.

    Parameters
    ----------
    settings : SearchSettings
    plan : GraphPlan
    order : AnyOrder
    shape : tuple of int
        Rows of the vector file, and their length.
    """
    reduced, stored = order.width, STORED_ITEM * shape[0] * shape[1]
    threads = threads_within(settings.memory, plan, order.n, reduced, stored, settings.threads)
    return replace(settings, threads=threads)

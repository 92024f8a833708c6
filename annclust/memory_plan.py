"""Memory plan: one budget for all processes of a run, shared out before it starts. Pure.

What a process takes was measured as its proportional set size (docs/benchmarks.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from annclust.errors import InputError, UsageError

MEBIBYTE = 1 << 20

_LEAST = 640 * MEBIBYTE
_MAIN = 320 * MEBIBYTE
"""The main process with the default model and its batches."""

_WORKER = 64 * MEBIBYTE
"""A decoding process with an ordinary picture."""

_LEAST_FOR_PICTURES = 128 * MEBIBYTE

STORED_ITEM: Final = 2
"""Bytes of a coordinate in the vector file."""

_MOST_MAPPED = 512 * MEBIBYTE

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes that a text like ``2G``, ``1.5GB`` or ``800M`` stands for; units are powers of 1,024.

    Raises
    ------
    UsageError
        If it stands for none.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no size: write it like 800M, 2G or 1.5G.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def require_memory(budget: int | None, needed: int, what: str) -> None:
    """Refuse work before it is begun that takes more than a budget (no limit if None).

    Raises
    ------
    InputError
        Which says what it is and how much it takes.
    """
    if budget is not None and needed > budget:
        least, given = -(-needed // MEBIBYTE), budget // MEBIBYTE
        raise InputError(f"{what} takes {least:,}M of memory, but --memory allows {given:,}M.")


def mapped_memory(vectors: int) -> int:
    """Bytes of a vector file of that size that are mapped at a time (`storage.vector_file`)."""
    return min(vectors, _MOST_MAPPED)


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How a budget is shared out while photos are read.

    Parameters
    ----------
    workers : int
        Decoding processes.
    pictures : int
        Bytes for large pictures at a time, over all workers.
    """

    workers: int
    pictures: int


def plan_memory(budget: int, workers: int) -> MemoryPlan:
    """Share out a budget.

    Parameters
    ----------
    budget : int
        Bytes for all processes.
    workers : int
        Decoding processes that are wanted; fewer if there is too little for them.

    Raises
    ------
    UsageError
        If it is too small to work with at all.
    """
    if budget < _LEAST:
        least, given = _LEAST // MEBIBYTE, budget // MEBIBYTE
        raise UsageError(f"--memory must be at least {least}M, not {given}M.")
    most = (budget - _MAIN - _LEAST_FOR_PICTURES) // _WORKER
    workers = max(1, min(workers, most))
    return MemoryPlan(workers, budget - _MAIN - workers * _WORKER)

"""Placement: which row each vector gets; equal ones share theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annclust.arrays import StoredVectors, VectorRow


@dataclass(frozen=True, slots=True)
class Placement:
    """The row of each of some vectors, and which of them are new ones, by position."""

    rows: list[VectorRow]
    new: list[int]


def place(
    stored: StoredVectors, first: int, known: Callable[[StoredVectors], VectorRow | None]
) -> Placement:
    """Give each vector a row: that of an equal one, stored or in the batch, or a new one."""
    rows: list[VectorRow] = []
    new: list[int] = []
    seen: dict[bytes, VectorRow] = {}
    for position, vector in enumerate(stored):
        key = vector.tobytes()
        row = seen.get(key)
        if row is None:
            row = known(vector)
        if row is None:
            row = VectorRow(first + len(new))
            new.append(position)
        seen[key] = row
        rows.append(row)
    return Placement(rows, new)

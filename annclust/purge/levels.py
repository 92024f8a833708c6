"""Levels: how far photos are below the best of them, by one measure. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

from annclust.purge.candidate import Candidate

Photos: TypeAlias = Sequence[Candidate]
"""Those of a group that are equal so far."""

Levels: TypeAlias = Sequence[float]
"""One for each of them, 0 for the best."""

_ROUNDING: Final = 1e-9
"""Steps by which a quotient of logarithms may miss a whole number."""


def steps_below(values: Sequence[float], step: float) -> list[float]:
    """How far each value is below the largest."""
    best = max(values)
    return [step_below(value, best, step) for value in values]


def step_below(value: float, best: float, step: float) -> float:
    """How many times a value must grow by a factor until it is less than that from the best."""
    if value >= best:
        return 0
    return math.inf if value <= 0 else math.floor(math.log(best / value, step) + _ROUNDING)

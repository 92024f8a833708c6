"""Index spec: which index fits a collection. Pure; `faiss_index` builds what is decided here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Self

from annclust.settings import SearchSettings

IndexKind = Literal["exact", "ivf"]

_REDUCED_DIMENSION = 128
"""PCA to 128 dimensions keeps 90 % of the variance of image embeddings, and the true 16 nearest
neighbors lie among the nearest 32 there with a probability of .985 (docs/benchmarks.md)."""

_LISTS_PER_ROOT = 2
"""Lists per square root of n: matrix products want long lists, single queries short ones."""

_LEAST_PER_LIST = 4
"""With fewer vectors a list is not worth training."""

_PROBES = 16
_POOL_PER_NEIGHBOR = 3
_LEAST_POOL = 64

_SLACK = 32
"""Candidates beyond k: float16 swaps neighbors that are nearly as far."""


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """How an index is built and searched.

    Parameters
    ----------
    kind : {"exact", "ivf"}
        All vectors in float16, or inverted lists over PCA-reduced vectors.
    dimension : int
        Length of the vectors.
    reduced : int
        Length after PCA; `dimension` where there is none.
    lists, probes : int
        Inverted lists, and how many of them a query looks into; 1 for "exact".
    trained : int
        Rows that the lists were chosen for; 0 for "exact".
    """

    kind: IndexKind
    dimension: int
    reduced: int
    lists: int = 1
    probes: int = 1
    trained: int = 0

    def describe(self) -> str:
        """One line for people, and for telling specs apart."""
        if self.kind == "exact":
            return f"exact, {self.dimension} dimensions"
        return (
            f"ivf, {self.lists} lists, {self.probes} probed,"
            f" {self.dimension} dimensions reduced to {self.reduced}"
        )

    def pool(self, k: int) -> int:
        """Candidates to fetch, so that the exact re-rank finds the k nearest among them."""
        if self.kind == "exact":
            return k + _SLACK
        return max(_POOL_PER_NEIGHBOR * k, _LEAST_POOL)

    def as_dict(self) -> dict[str, object]:
        """Every part by name, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, parts: Mapping[str, object]) -> Self:
        """Undo `as_dict`."""
        return cls(**parts)  # type: ignore[arg-type]  # the catalog holds what as_dict gave


def choose_index(n: int, dimension: int, settings: SearchSettings) -> IndexSpec:
    """Decide on an index for n vectors.

    Parameters
    ----------
    n : int
    dimension : int
    settings : SearchSettings
        Up to `exact_up_to` vectors the index is exact.
    """
    if n <= settings.exact_up_to:
        return IndexSpec("exact", dimension, dimension)
    wanted = min(_LISTS_PER_ROOT * n**0.5, n / _LEAST_PER_LIST)
    lists = 1 << max(round(math.log2(max(wanted, 1))), 0)
    return IndexSpec(
        "ivf",
        dimension,
        reduced=min(_REDUCED_DIMENSION, dimension, n),  # PCA finds no more directions
        lists=lists,
        probes=min(_PROBES, lists),
        trained=n,
    )

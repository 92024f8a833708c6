"""Grouped: what any way of grouping gives, before it is told by photos and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annclust.clustering.hdbscan import Clustering


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Groups of contents.

    Parameters
    ----------
    clustering : Clustering
        Of n contents.
    recall : float
        Share of the true neighbors that the graph has, as it was measured.
    min_cluster_size : int
        Fewest exact copies of a content that are a group by themselves.
    choices : mapping
        What it was asked for, to be stored.
    """

    clustering: Clustering
    recall: float
    min_cluster_size: int
    choices: Mapping[str, Any]

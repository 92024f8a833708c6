"""Density: the clusters of plain HDBSCAN, cut from the stored density tree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annclust.arrays import ROUNDING, Labels
from annclust.clustering.hdbscan import Clustering, cut
from annclust.clustering.hierarchy import Hierarchy
from annclust.errors import InputError
from annclust.pipeline.grouped import Grouped
from annclust.pipeline.hierarchies import refresh_hierarchy
from annclust.pipeline.live_vectors import LiveVectors
from annclust.progress import SILENT, Progress
from annclust.settings import ClusterSettings, SearchSettings
from annclust.storage.store_writer import StoreWriter

_LEAST_CAP, _MOST_OF_ALL = 100, 0.2
"""A branch of more than a fifth of all vectors is split, unless these are few."""


def density_clusters(
    store: StoreWriter,
    live: LiveVectors,
    settings: ClusterSettings,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> Grouped:
    """Cluster all live vectors by density."""
    settings = replace(settings, max_cluster_size=_cap(len(live.rows)))
    stored = refresh_hierarchy(store, live, settings, search, progress)
    with progress.stage("Cutting the tree"):
        found = _cut(stored.hierarchy, settings)
    labels = _one_group_if_alike(found, settings.min_cluster_size)
    return Grouped(
        replace(found, labels=labels), stored.recall, settings.min_cluster_size, settings.as_dict()
    )


def _cap(n: int) -> int:
    """Most vectors of a cluster: on real vectors excess of mass alone makes giants."""
    return max(_LEAST_CAP, int(_MOST_OF_ALL * n))


def _cut(hierarchy: Hierarchy, settings: ClusterSettings) -> Clustering:
    try:
        return cut(hierarchy, settings)
    except ValueError as error:
        raise InputError(str(error)) from error


def _one_group_if_alike(found: Clustering, min_cluster_size: int) -> Labels:
    """Put everything into one cluster where the contents differ by rounding alone.

    HDBSCAN never makes one cluster of everything: it wants to see what a cluster stands out from.
    """
    distances = found.hierarchy.dendrogram.distance
    enough = len(found.labels) >= max(min_cluster_size, 2)
    alike = enough and float(distances[-1]) <= ROUNDING
    return np.zeros_like(found.labels) if alike else found.labels

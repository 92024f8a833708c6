"""Grouping: from the stored tree to clusters of photos with ids that last.

HDBSCAN sees each content once; exact copies get the label of their twin. What it finds is matched
to the clustering before, so that a cluster that is still the same keeps its id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace

import numpy as np

from annclust.arrays import ImageId, Labels, Nodes, Weights
from annclust.clustering.hdbscan import Clustering, cut
from annclust.clustering.hierarchy import Hierarchy
from annclust.clustering.lineage import Lineage, match_clusters
from annclust.clustering.representative import representatives
from annclust.errors import InputError
from annclust.pipeline.hierarchies import StoredHierarchy, refresh_hierarchy
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.reports import ClusterReport
from annclust.progress import SILENT, Progress
from annclust.settings import ClusterSettings, Level, SearchSettings
from annclust.storage.records import Member
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

_LEAST_CAP, _MOST_OF_ALL = 100, 0.2
"""A branch of more than a fifth of all vectors is split, unless these are few."""

_ROUNDING = 1e-3
"""Distance of unit vectors that are one vector but for float16: 2**-11 per component, with a
margin for the embedder's own float32."""


def cluster_photos(
    store: StoreWriter,
    level: Level,
    settings: ClusterSettings,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> tuple[Clustering, ClusterReport]:
    """Cluster all present photos and store the result.

    Returns
    -------
    Clustering
        Of the m photos: labels are stable cluster ids, `ids` the photos.
    ClusterReport
    """
    started = time.monotonic()
    live = live_vectors(store)
    settings = replace(settings, max_cluster_size=_cap(len(live.rows)))
    stored = refresh_hierarchy(store, live, settings, search, progress)
    with progress.stage("Cutting the tree"):
        found = _cut(stored.hierarchy, settings)
    labels = _one_group_if_alike(found, settings.min_cluster_size)
    labels = label_copies(labels, live.copies, settings.min_cluster_size)
    labels, lineage, next_cluster = _keep_ids(store, level, live, labels)
    clustering = replace(
        found,
        labels=labels[live.node_of],
        probabilities=np.where(found.labels < 0, labels >= 0, found.probabilities)[live.node_of],
        outlier_scores=found.outlier_scores[live.node_of],
        left_at=found.left_at[live.node_of],
        ids=live.photos,
    )
    chosen = _representatives(live, labels, found.left_at)
    report = _report(level, clustering, lineage, stored, time.monotonic() - started)
    with store.catalog.transaction():
        store.catalog.add_clustering(
            level,
            settings=json.dumps(settings.as_dict() | {"vectors": live.digest}),
            summary=json.dumps(_summary(report)),
            members=_members(live, labels, clustering),
            representatives=chosen,
            next_cluster=next_cluster,
        )
    return clustering, report


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
    alike = enough and float(distances[-1]) <= _ROUNDING
    return np.zeros_like(found.labels) if alike else found.labels


def label_copies(labels: Labels, copies: Nodes, min_cluster_size: int) -> Labels:
    """Make a cluster of each noise content that has enough exact copies to be one.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Cluster of each content; -1 is noise.
    copies : ndarray of shape (n,), int64
        Photos that hold each content.
    min_cluster_size : int

    Returns
    -------
    ndarray of shape (n,), int64
        A new array.
    """
    alone = np.flatnonzero((labels < 0) & (copies >= max(min_cluster_size, 2)))
    extended = labels.copy()
    extended[alone] = labels.max(initial=-1) + 1 + np.arange(len(alone))
    return extended


def _keep_ids(
    store: Store, level: Level, live: LiveVectors, labels: Labels
) -> tuple[Labels, Lineage, int]:
    """Give clusters the ids they had, new ones a new id; also gives the next free id."""
    rows, clusters = store.catalog.memberships(level)
    old = np.full(len(live.rows), -1, dtype=np.int64)
    place = np.searchsorted(live.rows, rows)
    still = np.append(live.rows, -1)[place] == rows
    old[place[still]] = clusters[still]
    next_cluster = store.catalog.next_cluster(level)
    ids, lineage = match_clusters(old, labels, next_id=next_cluster)
    gone = len(np.setdiff1d(clusters, old))
    lineage = replace(lineage, gone=lineage.gone + gone)
    stable = np.where(labels >= 0, np.append(ids, -1)[labels], -1)
    return stable, lineage, max(next_cluster, int(stable.max(initial=-1)) + 1)


def _representatives(live: LiveVectors, labels: Labels, left_at: Weights) -> dict[int, ImageId]:
    clusters, codes = np.unique(labels[labels >= 0], return_inverse=True)
    coded = np.full(len(labels), -1, dtype=np.int64)
    coded[labels >= 0] = codes
    first_photo = np.full(len(live.rows), -1, dtype=np.int64)
    first_photo[live.node_of[::-1]] = live.photos[::-1]
    chosen = first_photo[representatives(coded, left_at)]
    return {int(c): ImageId(int(photo)) for c, photo in zip(clusters, chosen, strict=True)}


def _members(live: LiveVectors, labels: Labels, clustering: Clustering) -> Iterable[Member]:
    probabilities = np.zeros(len(live.rows))
    probabilities[live.node_of] = clustering.probabilities
    member = labels >= 0
    columns = live.rows[member], labels[member], probabilities[member]
    return zip(*(each.tolist() for each in columns), strict=True)


def _report(
    level: Level,
    clustering: Clustering,
    lineage: Lineage,
    stored: StoredHierarchy,
    seconds: float,
) -> ClusterReport:
    labels = clustering.labels
    sizes = np.unique(labels[labels >= 0], return_counts=True)[1]
    return ClusterReport(
        level=level,
        images=len(labels),
        clusters=len(sizes),
        noise=int((labels < 0).sum()),
        largest=int(sizes.max(initial=0)),
        certified=clustering.certified,
        lineage=lineage.as_dict(),
        seconds=seconds,
        recall=stored.recall,
        components=stored.hierarchy.components,
        capped=clustering.capped,
    )


def _summary(report: ClusterReport) -> dict[str, object]:
    return {name: value for name, value in asdict(report).items() if name != "level"}

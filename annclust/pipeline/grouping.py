"""Grouping: from groups of contents to groups of photos with ids that last, stored.

Each content is seen once; exact copies get the label of their twin. What is found is matched to the
clustering before, so that a group that is still the same keeps its id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, get_args

import numpy as np

from annclust.arrays import ImageId, Labels, Nodes, Weights
from annclust.choices import granularity_of, refuse_unknown
from annclust.clustering.hdbscan import Clustering
from annclust.clustering.lineage import Lineage, Past, match_clusters
from annclust.clustering.representative import representatives
from annclust.errors import UsageError
from annclust.pipeline.density import density_clusters
from annclust.pipeline.grouped import Grouped
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.photo_groups import GroupChoices, level_at, photo_groups
from annclust.pipeline.reports import ClusterReport
from annclust.progress import SILENT, Progress
from annclust.settings import ClusterSettings, Level, SearchSettings
from annclust.storage.records import Member
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter


def choose(
    level: Level | None, *, granularity: float | None, times: bool | None, **choices: Any
) -> tuple[Level, ClusterSettings | GroupChoices]:
    """Take the choices that serve photos best on a level, but for those that are not None.

    Without a level, it is the one that `granularity` shows, or shots.

    Raises
    ------
    UsageError
        If a choice is none of that level, or there is no such level.
    """
    refuse_unknown("level", level, get_args(Level))
    if granularity is not None:
        granularity = granularity_of(granularity)
    if level is None:
        level = "shots" if granularity is None else level_at(granularity)
    if level != "density":
        return level, GroupChoices.for_level(level, granularity, times=times, **choices)
    if granularity is not None:
        raise UsageError("density has no granularity: choose shots, scenes or themes.")
    # Times say nothing about density, and nobody who leaves them out is wrong.
    return level, ClusterSettings.with_overrides(**choices)


def cluster_photos(
    store: StoreWriter,
    level: Level,
    choices: ClusterSettings | GroupChoices,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> tuple[Clustering, ClusterReport]:
    """Group all present photos and store the result.

    Returns
    -------
    Clustering
        Of the m photos: labels are stable cluster ids, `ids` the photos.
    ClusterReport
    """
    started = time.monotonic()
    live = live_vectors(store)
    if isinstance(choices, GroupChoices):
        grouped = photo_groups(store, live, choices, search, progress)
    else:
        grouped = density_clusters(store, live, choices, search, progress)
    found = grouped.clustering
    labels = label_copies(found.labels, live.copies, grouped.min_cluster_size)
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
    report = _report(level, clustering, lineage, grouped, time.monotonic() - started)
    with store.catalog.transaction():
        store.catalog.add_clustering(
            level,
            settings=json.dumps({**grouped.choices, "vectors": live.digest}),
            summary=json.dumps(_summary(report)),
            members=_members(live, labels, clustering),
            representatives=chosen,
            next_cluster=next_cluster,
        )
    return clustering, report


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
    last = _still_there(live, rows, clusters)
    old[last.vectors] = last.clusters
    past = _still_there(live, *store.catalog.past_memberships(level))
    next_cluster = store.catalog.next_cluster(level)
    ids, lineage = match_clusters(old, labels, next_id=next_cluster, past=past)
    gone = len(np.setdiff1d(clusters, old))
    lineage = replace(lineage, gone=lineage.gone + gone)
    stable = np.where(labels >= 0, np.append(ids, -1)[labels], -1)
    return stable, lineage, max(next_cluster, int(stable.max(initial=-1)) + 1)


def _still_there(live: LiveVectors, rows: Nodes, clusters: Nodes) -> Past:
    """Those of some members that are there, by node."""
    place = np.searchsorted(live.rows, rows)
    still = np.append(live.rows, -1)[place] == rows
    return Past(place[still], clusters[still])


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
    grouped: Grouped,
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
        granularity=grouped.choices.get("granularity"),
        recall=grouped.recall,
        components=clustering.hierarchy.components,
        capped=clustering.capped,
    )


def _summary(report: ClusterReport) -> dict[str, object]:
    return {name: value for name, value in asdict(report).items() if name != "level"}

"""Clusters: the groups of the last clustering, as they are shown. Reads only the catalog."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from annclust.arrays import ImageId
from annclust.errors import Changed, NothingClusteredError, UnknownClusterError
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.made_of import decisions_digest
from annclust.pipeline.reports import Cluster, ClusterReport, Photo
from annclust.settings import Level, ShownLevel
from annclust.storage.records import ClusteringRecord, ExportRow
from annclust.storage.store import Store

_FEWEST = 2
"""With fewer photos left, a cluster is none any more."""


def last_report(store: Store, level: Level | None = None) -> ClusterReport:
    """What the last clustering found, of a level or of any.

    Raises
    ------
    NothingClusteredError
        If there was none.
    """
    last = last_clustering(store, level)
    return ClusterReport(level=cast(Level, last.level), **json.loads(last.summary))


def last_clustering(store: Store, level: Level | None) -> ClusteringRecord:
    """The last clustering, of a level or of any.

    Raises
    ------
    NothingClusteredError
        If there was none.
    """
    last = store.catalog.clustering(level)
    if last is None:
        raise NothingClusteredError(store.path, level=level)
    return last


def is_out_of_date(store: Store, clustering: ClusteringRecord) -> bool:
    """Whether photos came or went, or something was decided, since a clustering."""
    return changed_since(store, clustering, live_vectors(store)) is not None


def changed_since(store: Store, clustering: ClusteringRecord, live: LiveVectors) -> Changed | None:
    """What is not as it was at a clustering: photos or decisions, or None of both."""
    made_of = json.loads(clustering.settings)
    if made_of.get("vectors") != live.digest:
        return "photos"
    decided = made_of.get("decisions")  # none of density
    return "decisions" if decided not in (None, decisions_digest(store)) else None


def last_change(store: Store, level: Level | None) -> Changed | None:
    """What is not as it was at the last clustering, of a level or of any.

    Raises
    ------
    NothingClusteredError
        If there was none.
    """
    with store.catalog.snapshot():
        return changed_since(store, last_clustering(store, level), live_vectors(store))


def export_rows(store: Store, level: Level | None = None) -> Iterator[ExportRow]:
    """Every present photo with its place in the last clustering, by id.

    Before the first clustering all photos come without a cluster.
    """
    last = store.catalog.clustering(level)
    yield from store.catalog.export(last.level if last else "")


def copies(store: Store) -> list[Cluster]:
    """Present photos that show exactly the same, largest group first; by id within one.

    The id of a group is that of its first photo.
    """
    with store.catalog.snapshot():  # all of one moment
        live = live_vectors(store)
        shared = live.copies[live.node_of] >= _FEWEST
        wanted = set(live.photos[shared].tolist())
        paths = [row.path for row in store.catalog.export("") if row.id in wanted]
        companions = store.catalog.companions()
    grouped: dict[int, list[Photo]] = defaultdict(list)
    for node, photo, path in zip(
        live.node_of[shared].tolist(), live.photos[shared].tolist(), paths, strict=True
    ):
        image = ImageId(photo)
        grouped[node].append(Photo(image, path, companions.get(image, ())))
    found = [
        Cluster(first.id, 1 + len(rest), first, (first, *rest)) for first, *rest in grouped.values()
    ]
    return sorted(found, key=lambda cluster: (-cluster.size, cluster.id))


def clusters(store: Store, level: ShownLevel | None = None) -> list[Cluster]:
    """The clusters of the last clustering, largest first; within one, surest photos first.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered.
    """
    if level == "copies":
        return copies(store)
    grouped: dict[int, list[ExportRow]] = defaultdict(list)
    with store.catalog.snapshot():
        for row in store.catalog.export(last_clustering(store, level).level):
            if row.cluster is not None:
                grouped[row.cluster].append(row)
        companions = store.catalog.companions()
    found = [
        _cluster(number, rows, companions)
        for number, rows in grouped.items()
        if len(rows) >= _FEWEST
    ]
    return sorted(found, key=lambda cluster: (-cluster.size, cluster.id))


def cluster_of_id(store: Store, number: int, level: ShownLevel | None = None) -> Cluster:
    """One cluster of the last clustering.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered.
    UnknownClusterError
        If no cluster has that id.
    """
    for found in clusters(store, level):
        if found.id == number:
            return found
    raise UnknownClusterError(number, level=level or last_clustering(store, None).level)


def _cluster(
    number: int, rows: list[ExportRow], companions: Mapping[ImageId, tuple[Path, ...]]
) -> Cluster:
    ordered = sorted(
        rows, key=lambda row: (not row.representative, -(row.probability or 0), row.id)
    )
    members = tuple(Photo(row.id, row.path, companions.get(row.id, ())) for row in ordered)
    return Cluster(number, len(members), members[0], members)

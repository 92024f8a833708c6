"""Clusters: the groups of the last clustering, as they are shown. Reads only the catalog."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from annclust.errors import NothingClusteredError, UnknownClusterError
from annclust.pipeline.reports import Cluster, ClusterReport, Photo
from annclust.storage.records import ExportRow
from annclust.storage.store import Store


def last_report(store: Store) -> ClusterReport:
    """What the last clustering found.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered.
    """
    last = store.catalog.clustering()
    if last is None:
        raise NothingClusteredError(store.path)
    return ClusterReport(level=last.level, **json.loads(last.summary))


def export_rows(store: Store) -> Iterator[ExportRow]:
    """Every present photo with its place in the last clustering, by id.

    Before the first clustering all photos come without a cluster.
    """
    last = store.catalog.clustering()
    yield from store.catalog.export(last.level if last else "")


def clusters(store: Store) -> list[Cluster]:
    """The clusters of the last clustering, largest first; within one, surest photos first.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered.
    """
    if store.catalog.clustering() is None:
        raise NothingClusteredError(store.path)
    grouped: dict[int, list[ExportRow]] = defaultdict(list)
    for row in export_rows(store):
        if row.cluster is not None:
            grouped[row.cluster].append(row)
    found = [_cluster(number, rows) for number, rows in grouped.items()]
    return sorted(found, key=lambda cluster: (-cluster.size, cluster.id))


def cluster_of_id(store: Store, number: int) -> Cluster:
    """One cluster of the last clustering.

    Raises
    ------
    NothingClusteredError
        If the collection was never clustered.
    UnknownClusterError
        If no cluster has that id.
    """
    for found in clusters(store):
        if found.id == number:
            return found
    raise UnknownClusterError(number)


def _cluster(number: int, rows: list[ExportRow]) -> Cluster:
    ordered = sorted(
        rows, key=lambda row: (not row.representative, -(row.probability or 0), row.id)
    )
    members = tuple(Photo(row.id, row.path) for row in ordered)
    return Cluster(number, len(members), members[0], members)

"""Grouping: from the stored graph to clusters of photos with ids that last.

HDBSCAN sees each content once; exact copies get the label of their twin. What it finds is matched
to the clustering before, so that a cluster that is still the same keeps its id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from annclust.arrays import ImageId, Labels, Nodes, VectorRow
from annclust.clustering.hdbscan import Clustering, cluster_graph
from annclust.clustering.lineage import Lineage, match_clusters
from annclust.clustering.representative import representatives
from annclust.errors import InputError
from annclust.neighbor_graph import NeighborGraph
from annclust.pipeline.derived import refresh_graph
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.reports import ClusterReport
from annclust.progress import SILENT, Progress
from annclust.search.bridges import ExactBridges
from annclust.settings import ClusterSettings, Level, SearchSettings
from annclust.storage.generation_writer import array_writer
from annclust.storage.records import Generation, Member
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter
from annclust.storage.verify import sound_vectors
from annclust.vector_source import SelectedVectors, VectorSource

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
    graph = refresh_graph(store, live, search, progress)
    vectors = SelectedVectors(sound_vectors(store), live.rows)
    with progress.stage("Clustering"):
        found = _cluster(graph, settings, vectors)
    labels = _one_group_if_alike(found, settings.min_cluster_size)
    labels = label_copies(labels, live.copies, settings.min_cluster_size)
    labels, lineage, next_cluster = _keep_ids(store, level, live, labels)
    clustering = replace(
        found,
        labels=labels[live.node_of],
        probabilities=np.where(found.labels < 0, labels >= 0, found.probabilities)[live.node_of],
        ids=live.photos,
    )
    report = _report(level, clustering, lineage, time.monotonic() - started)
    chosen = _representatives(vectors, live, labels)
    tree = _write_tree(store, live, found, settings)
    with store.catalog.transaction():
        unneeded = store.catalog.add_generation(tree)
        store.catalog.add_clustering(
            level,
            settings=json.dumps(settings.as_dict() | {"vectors": live.digest}),
            summary=json.dumps(_summary(report)),
            members=_members(live, labels, clustering),
            representatives=chosen,
            next_cluster=next_cluster,
        )
    store.discard(unneeded)
    return clustering, report


def _write_tree(
    store: StoreWriter, live: LiveVectors, found: Clustering, settings: ClusterSettings
) -> Generation:
    """Write the tree of a clustering; the catalog must still list it."""
    arrays = {
        "rows": live.rows,
        "merges": found.hierarchy.dendrogram.merges,
        "proven": found.hierarchy.proven,
        **found.tree.as_arrays(),
    }
    return store.write_generation(
        "tree",
        {f"{name}.npy": array_writer(array) for name, array in arrays.items()},
        basis="",
        spec=settings.as_dict(),
    )


def _cluster(
    graph: NeighborGraph, settings: ClusterSettings, vectors: SelectedVectors
) -> Clustering:
    try:
        return cluster_graph(graph, settings, ExactBridges(vectors))
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
    before = dict(zip(rows.tolist(), clusters.tolist(), strict=True))
    old = np.array([before.get(row, -1) for row in live.rows.tolist()], dtype=np.int64)
    next_cluster = store.catalog.next_cluster(level)
    ids, lineage = match_clusters(old, labels, next_id=next_cluster)
    gone = len(set(clusters.tolist()) - set(old.tolist()))
    lineage = replace(lineage, gone=lineage.gone + gone)
    stable = np.where(labels >= 0, np.append(ids, -1)[labels], -1)
    return stable, lineage, max(next_cluster, int(stable.max(initial=-1)) + 1)


def _representatives(
    vectors: VectorSource, live: LiveVectors, labels: Labels
) -> dict[int, ImageId]:
    clusters, codes = np.unique(labels[labels >= 0], return_inverse=True)
    coded = np.full(len(labels), -1, dtype=np.int64)
    coded[labels >= 0] = codes
    first_photo = np.full(len(live.rows), -1, dtype=np.int64)
    first_photo[live.node_of[::-1]] = live.photos[::-1]
    chosen = first_photo[representatives(vectors, coded)]
    return {int(c): ImageId(int(photo)) for c, photo in zip(clusters, chosen, strict=True)}


def _members(live: LiveVectors, labels: Labels, clustering: Clustering) -> Iterator[Member]:
    probabilities = np.zeros(len(live.rows))
    probabilities[live.node_of] = clustering.probabilities
    for node in np.flatnonzero(labels >= 0).tolist():
        row = VectorRow(int(live.rows[node]))
        yield Member(row, int(labels[node]), float(probabilities[node]))


def _report(
    level: Level, clustering: Clustering, lineage: Lineage, seconds: float
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
    )


def _summary(report: ClusterReport) -> dict[str, object]:
    names = ("images", "clusters", "noise", "largest", "certified")
    known = {name: getattr(report, name) for name in names}
    return known | {"lineage": dict(report.lineage), "seconds": report.seconds}

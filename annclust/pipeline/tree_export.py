"""Tree export: the condensed tree of the last clustering, as a table and as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annclust.arrays import Labels
from annclust.clustering.condensed_tree import CondensedTree
from annclust.clustering.hdbscan import Clustering, cut
from annclust.errors import GroupsOutOfDateError
from annclust.pipeline.clusters import changed_since, last_clustering
from annclust.pipeline.exporting import Cell, Record, Table
from annclust.pipeline.hierarchies import hierarchy_lacking, hierarchy_over
from annclust.pipeline.level_groups import clusters_of, links_of
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.photo_groups import grouped_as_asked
from annclust.pipeline.tree_picture import tree_picture
from annclust.settings import ClusterSettings, Level
from annclust.storage.records import ClusteringRecord
from annclust.storage.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class PhotoTree:
    """The condensed tree that the groups of a level were cut from.

    Parameters
    ----------
    clustering : Clustering
        Of n contents.
    live : LiveVectors
        Their photos.
    clusters : ndarray of shape (n,), int64
        Stable id of each content's group; -1 is noise.
    """

    clustering: Clustering
    live: LiveVectors
    clusters: Labels

    @property
    def tree(self) -> CondensedTree:
        """Over n contents."""
        return self.clustering.tree


def photo_tree(store: Store, level: Level | None) -> PhotoTree:
    """Cut the stored tree once more as the last clustering did.

    Raises
    ------
    NothingClusteredError
        If the level was never clustered, or something changed since.
    """
    with store.catalog.snapshot():  # all of one moment
        last, live = last_clustering(store, level), live_vectors(store)
        changed = changed_since(store, last, live)
        if changed is None and not len(live.rows):
            changed = "photos"
        if changed is not None:
            raise GroupsOutOfDateError(store.path, level=last.level, changed=changed)
        clustering = _cut_again(store, live, last)
        return PhotoTree(clustering, live, clusters_of(store, live, last.level))


def _cut_again(store: Store, live: LiveVectors, last: ClusteringRecord) -> Clustering:
    """What a clustering asked for, from what is stored."""
    made_of = json.loads(last.settings)
    if "granularity" in made_of:
        choices, groups = links_of(store, live, made_of, last.level)
        return grouped_as_asked(store, live, groups, choices)
    del made_of["vectors"]
    settings = ClusterSettings(**made_of)
    stored = hierarchy_over(store, live, settings)
    if stored is None:
        changed = hierarchy_lacking(store, live, settings)
        raise GroupsOutOfDateError(store.path, level=last.level, changed=changed)
    return cut(stored.hierarchy, settings)


def tree_table(photos: PhotoTree) -> Table:
    """One record for each branch and each photo, in the order in which they leave their parent.

    Branches are numbered from 0, which is everything; a photo is named by its id. `lambda` is
    1 / distance, None where copies leave at infinite density.
    """
    columns = ("parent", "branch", "photo", "lambda", "size", "cluster", "outlier_score")
    return Table(columns, _records(photos))


def _records(photos: PhotoTree) -> Iterator[Record]:
    tree, n = photos.tree, len(photos.live.rows)
    order = np.lexsort((tree.lambda_, tree.parent))
    by_node = np.argsort(photos.live.node_of, kind="stable")
    starts = np.searchsorted(photos.live.node_of[by_node], np.arange(n + 1))
    chosen = chosen_branches(photos)
    columns = tree.parent, tree.child, tree.lambda_, tree.child_size
    for parent, child, density, size in zip(
        *(column[order].tolist() for column in columns), strict=True
    ):
        common: dict[str, Cell] = {
            "parent": parent - n,
            "lambda": density if np.isfinite(density) else None,
        }
        if child >= n:
            branch = child - n
            cluster = chosen.get(branch)
            yield common | {"branch": branch, "photo": None, "size": size} | _told(cluster, None)
            continue
        for photo in photos.live.photos[by_node[starts[child] : starts[child + 1]]].tolist():
            cluster = int(photos.clusters[child])
            score = float(photos.clustering.outlier_scores[child])
            told = _told(None if cluster < 0 else cluster, score)
            yield common | {"branch": None, "photo": photo, "size": 1} | told


def _told(cluster: int | None, score: float | None) -> dict[str, Cell]:
    return {"cluster": cluster, "outlier_score": score}


def svg_of(photos: PhotoTree) -> str:
    """The tree as a picture."""
    return tree_picture(photos.tree, len(photos.live.rows), chosen_branches(photos))


def chosen_branches(photos: PhotoTree) -> dict[int, int]:
    """The branches that are groups, and the stable id of each."""
    labels, first = np.unique(photos.clustering.labels, return_index=True)
    ids = photos.clusters[first[labels >= 0]]
    return dict(zip(photos.clustering.branches.tolist(), ids.tolist(), strict=True))

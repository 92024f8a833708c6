"""Level groups: a collection and its groups of one level, as they are when they are explained.

Whether photos are together is what the last clustering says; the reasons are those of the stored
links. So both must be of the same photos, choices and decisions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from annclust.arrays import Labels
from annclust.errors import GroupsOutOfDateError, NoLinksError, UnknownPhotoError
from annclust.grouping.decisions import Decisions, decided, pairs_of
from annclust.grouping.group_tree import GroupTree
from annclust.pipeline.clusters import changed_since, last_clustering
from annclust.pipeline.group_trees import StoredGroups, decisions_of, lacking, stored_groups
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.photo_groups import GroupChoices
from annclust.settings import Level
from annclust.storage.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class LevelGroups:
    """Groups of n contents.

    Parameters
    ----------
    store : Store
    live : LiveVectors
    level : {"shots", "scenes", "themes"}
    choices : GroupChoices
        What the clustering asked for.
    stored : StoredGroups
        Without decisions.
    decisions : Decisions
        Those in force.
    tree : GroupTree
        In which they hold.
    clusters : ndarray of shape (n,), int64
        Group of each node; -1 if none.
    """

    store: Store
    live: LiveVectors
    level: Level
    choices: GroupChoices
    stored: StoredGroups
    decisions: Decisions
    tree: GroupTree
    clusters: Labels

    @property
    def look(self) -> float:
        """Granularity of the cut."""
        return self.choices.granularity

    @property
    def wished(self) -> GroupTree:
        """The tree if nothing were held apart by what somebody said."""
        if not len(self.decisions.apart):
            return self.tree
        return decided(self.stored.tree, replace(self.decisions, apart=pairs_of([])))

    def node(self, digest: bytes, path: Path) -> int:
        """Node of a content; `path` is the file that it was asked for by.

        Raises
        ------
        UnknownPhotoError
            If no present photo has it.
        """
        content = self.store.catalog.content(digest)
        node = None if content is None else self.live.node_of_row(content.row)
        if node is None:
            waiting = bool(self.store.catalog.images_of_digest(digest))
            raise UnknownPhotoError(path, waiting=waiting)
        return node


def level_groups(store: Store, level: Level | None) -> LevelGroups:
    """Read the groups of a level, that of the last clustering if None.

    Raises
    ------
    NothingClusteredError
        If that level was never clustered, or something changed since.
    NoLinksError
        If it is density.
    """
    last = last_clustering(store, level)
    made_of, live = json.loads(last.settings), live_vectors(store)
    if "granularity" not in made_of:
        raise NoLinksError(last.level)
    changed = changed_since(store, last, live)
    if changed is not None:
        raise GroupsOutOfDateError(store.path, level=last.level, changed=changed)
    choices, stored = links_of(store, live, made_of, last.level)
    decisions = decisions_of(store, live)
    tree = decided(stored.tree, decisions)
    clusters = clusters_of(store, live, last.level)
    return LevelGroups(
        store, live, cast(Level, last.level), choices, stored, decisions, tree, clusters
    )


def last_choices(store: Store, level: Level) -> GroupChoices | None:
    """What the last clustering of a level asked for; None if there was none, or it is density."""
    last = store.catalog.clustering(level)
    made_of = {} if last is None else json.loads(last.settings)
    return GroupChoices.from_dict(made_of) if "granularity" in made_of else None


def links_of(
    store: Store, live: LiveVectors, made_of: Mapping[str, Any], level: str
) -> tuple[GroupChoices, StoredGroups]:
    """What a clustering asked for, and the links that it was cut from."""
    choices = GroupChoices.from_dict(made_of)
    if choices is None:
        raise GroupsOutOfDateError(store.path, level=level, changed="choices")
    stored = stored_groups(store, live, choices.settings)
    if stored is None:
        changed = lacking(store, live, choices.settings)
        raise GroupsOutOfDateError(store.path, level=level, changed=changed)
    return choices, stored


def clusters_of(store: Store, live: LiveVectors, level: str) -> Labels:
    """Group of each live content in the last clustering, which is of these: shape (n,)."""
    clusters = np.full(len(live.rows), -1, dtype=np.int64)
    rows, ids = store.catalog.memberships(level)
    clusters[np.searchsorted(live.rows, rows)] = ids
    return clusters

"""Photo groups: shots, scenes and themes, cut from the stored group tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from annclust.arrays import Labels, Nodes
from annclust.clustering.hdbscan import Clustering
from annclust.errors import GroupsOutOfDateError, NothingClusteredError, UsageError
from annclust.grouping.cutting import clustering_at
from annclust.grouping.group_tree import EVERYTHING, without_singles
from annclust.pipeline.group_trees import (
    StoredGroups,
    lacking,
    refresh_groups,
    stored_groups,
    with_decisions,
)
from annclust.pipeline.grouped import Grouped
from annclust.pipeline.hierarchies import check_samples
from annclust.pipeline.live_vectors import LiveVectors, live_vectors
from annclust.pipeline.made_of import decisions_digest
from annclust.progress import SILENT, Progress
from annclust.settings import (
    GRANULARITY,
    ClusterSettings,
    GroupSettings,
    Level,
    LinkSettings,
    SearchSettings,
)
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class GroupChoices:
    """What groups were asked for: how links are made, and how coarse to look."""

    settings: GroupSettings
    granularity: float

    @classmethod
    def for_level(
        cls, level: Level, granularity: float | None = None, **choices: object
    ) -> GroupChoices:
        """Take the choices that serve photos best on a level, but for those that are not None."""
        look = GRANULARITY[level] if granularity is None else granularity
        found = cls(GroupSettings.with_overrides(**choices), look)
        _check(level, found)
        return found

    def as_dict(self) -> dict[str, Any]:
        """As it is stored with a clustering."""
        return {"granularity": self.granularity, "settings": asdict(self.settings)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> GroupChoices | None:
        """What `as_dict` gave; None if choices have other names by now."""
        settings = dict(told["settings"])
        try:
            links = LinkSettings(**settings.pop("links"))
            return cls(GroupSettings(links=links, **settings), told["granularity"])
        except TypeError:
            return None


def photo_groups(
    store: StoreWriter,
    live: LiveVectors,
    choices: GroupChoices,
    search: SearchSettings,
    progress: Progress = SILENT,
) -> Grouped:
    """Group all live vectors.

    Raises
    ------
    InputError
        If `min_samples` is larger than the graph allows.
    """
    settings = choices.settings
    check_samples(store, live, ClusterSettings(min_samples=settings.min_samples), search)
    stored = refresh_groups(store, live, settings, search, progress)
    with progress.stage("Cutting the tree"):
        found = grouped_as_asked(store, live, stored, choices)
    made_of = choices.as_dict() | {"decisions": decisions_digest(store)}
    return Grouped(found, stored.recall, settings.min_cluster_size, made_of)


def groups_at(store: Store, granularity: float) -> tuple[Labels, Nodes]:
    """Group of each present photo at a granularity, from the stored groups alone.

    Returns
    -------
    labels : ndarray of shape (m,), int64
        Numbered from 0, without a meaning beyond this cut; -1 for photos that stand alone.
    ids : ndarray of shape (m,), int64
        Of the photos, ascending.

    Raises
    ------
    NothingClusteredError
        If there are no groups of the photos that are present now.
    """
    with store.catalog.snapshot():
        live = live_vectors(store)
        stored = stored_groups(store, live)
        if stored is None:
            raise _lacking(store, live, level_at(granularity))
        tree = with_decisions(store, live, stored.tree)
    alone = tree.up_to(granularity).groups()[live.node_of]
    return without_singles(alone), live.photos


def _lacking(store: Store, live: LiveVectors, level: Level) -> NothingClusteredError:
    if not any(store.catalog.clustering(each) for each in GRANULARITY):
        return NothingClusteredError(store.path)
    return GroupsOutOfDateError(store.path, level=level, changed=lacking(store, live))


def grouped_as_asked(
    store: Store, live: LiveVectors, stored: StoredGroups, choices: GroupChoices
) -> Clustering:
    """Cut stored groups, with the decisions of now; groups that are too small are none."""
    tree = with_decisions(store, live, stored.tree)
    found = clustering_at(tree, choices.granularity)
    labels, kept = large_enough(found.labels, live.copies, choices.settings.min_cluster_size)
    return replace(found, labels=labels, branches=found.branches[kept])


def _check(level: Level, choices: GroupChoices) -> None:
    settings, granularity = choices.settings, choices.granularity
    least = {"min_cluster_size": _FEWEST, "min_samples": 1}
    for name, fewest in least.items():
        if getattr(settings, name) < fewest:
            raise UsageError(f"{name} must be {fewest} or more, not {getattr(settings, name)}.")
    if level_at(granularity) != level:
        raise UsageError(
            f"a granularity of {granularity:g} shows {level_at(granularity)}, not {level}:"
            f" name that level, or none."
        )


def level_at(granularity: float) -> Level:
    """The level that a look so coarse is nearest to; halfway between two, the finer one."""
    look = min(granularity, EVERYTHING)
    return min(GRANULARITY, key=lambda level: (abs(GRANULARITY[level] - look), GRANULARITY[level]))


def large_enough(labels: Labels, copies: Nodes, fewest: int) -> tuple[Labels, Nodes]:
    """Groups of at least so many photos, numbered anew; the others become noise.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Group of each content; -1 is noise.
    copies : ndarray of shape (n,), int64
        Photos that hold each content.
    fewest : int

    Returns
    -------
    labels : ndarray of shape (n,), int64
    kept : ndarray of shape (groups,), int64
        What each group was called before.
    """
    member = labels >= 0
    count = int(labels.max(initial=-1)) + 1
    photos = np.bincount(labels[member], copies[member], minlength=count)
    kept = np.flatnonzero(photos >= fewest)
    renamed = np.full(count + 1, -1, dtype=np.int64)
    renamed[kept] = np.arange(len(kept))
    return renamed[labels], kept

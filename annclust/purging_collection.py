"""Purging collection: what may go, what went to the trash, and how it comes back.

One part of :class:`annclust.collection.Collection`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from annclust.choices import PathLike, path_of, paths_of, refuse_unknown
from annclust.errors import NothingClusteredError, TrashError
from annclust.grouped_collection import GroupedCollection
from annclust.settings import ShownLevel
from annclust.url_path import UrlPath

# Each call loads what it needs itself: a query must not wait for what only a purge needs.
if TYPE_CHECKING:
    from annclust.purge.applying import ApplyReport
    from annclust.purge.plan import Plan
    from annclust.purge.trash_bin import Agree, EmptyReport, Purge
    from annclust.purge.undoing import UndoReport

_END_OF_TIME = 1 << 63


class PurgingCollection(GroupedCollection):
    """A collection of which photos can be purged; the parameters are those of `Collection`."""

    def plan_purge(
        self, level: ShownLevel = "shots", *, reference: PathLike | Iterable[PathLike] = ()
    ) -> Plan:
        """Plan which photos of each group would go to the trash; nothing is touched.

        One photo of each group stays, and so do parts of a whole: exposure brackets, panoramas.
        Groups that are out of date are made anew first, with the choices that they were made with.

        Parameters
        ----------
        level : {"copies", "shots", "scenes", "themes", "density"}
            Whose groups.
        reference : path-like or iterable of path-like
            Folders of which nothing is ever moved.

        Returns
        -------
        Plan
            For `apply_purge`; `annclust.purge.plan_file` writes it to a file.
        """
        from annclust.purge.looking import Looking
        from annclust.purge.planning import PlanWishes, plan_purge

        refuse_unknown("level", level, get_args(ShownLevel))
        if level != "copies":
            self._bring_up_to_date(level)
        groups = [[photo.id for photo in found.members] for found in self.clusters(level)]
        wishes = PlanWishes(level, tuple(paths_of(reference)))
        look = Looking(self._store, self.settings.decode, self._writer, self.progress)
        return plan_purge(self._store, groups, wishes, look, self.progress)

    def apply_purge(
        self, plan: Plan, *, trash: PathLike | None = None, across_devices: bool = False
    ) -> ApplyReport:
        """Move the files of a plan to the trash; an interrupted run goes on where it stopped.

        Parameters
        ----------
        plan : Plan
        trash : path-like or None
            One folder for all; ``.annclust-trash`` in each folder of photos if None.
        across_devices : bool
            Whether photos may be copied to a trash on another device.

        Raises
        ------
        PlanFileError
            If the plan would do what no plan may, as leaving nothing of a group.
        PlanOutOfDateError
            If a file is not what it was; nothing was moved.
        TrashError
            If the trash is a place of photos.
        TrashAwayError
            If an interrupted run is to go on, and the disk with its trash is not plugged in.
        FolderBusyError
            If another purge moves photos of the same folders.
        CollectionLockedError
            If another process writes to the collection.
        StorageError
            If the disk is full or failing.
        """
        from annclust.purge.applying import apply_plan

        elsewhere = None if trash is None else path_of(trash).absolute()
        if isinstance(elsewhere, UrlPath):
            raise TrashError(elsewhere, reason="it is not on this machine's disks")
        with self._writer() as store:
            return apply_plan(
                store,
                plan,
                trash=elsewhere,
                across_devices=across_devices,
                progress=self.progress,
            )

    def undo_purge(self, plan: Plan | None = None) -> UndoReport:
        """Put back what a purge moved to the trash.

        Parameters
        ----------
        plan : Plan or None
            That it followed; the last purge if None.

        Raises
        ------
        UnknownPurgeError
            If there was none.
        """
        from annclust.purge.undoing import purge_to_undo, undo_purge

        with self._writer() as store:
            purge = purge_to_undo(store, None if plan is None else plan.id)
            return undo_purge(store, purge, self.progress)

    def purges(self) -> list[Purge]:
        """Every purge, the last one first, and what is in its trash."""
        from annclust.purge.trash_bin import purges

        return purges(self._store)

    def empty_trash(
        self, older_than: timedelta = timedelta(), *, agree: Agree | None = None
    ) -> EmptyReport:
        """Delete what is in the trash for good.

        Parameters
        ----------
        older_than : timedelta
            Only of purges that began so long ago.
        agree : callable or None
            Told how many files, and bytes, are to be deleted, before the first one is; whatever it
            raises leaves them where they are.
        """
        from annclust.purge.trash_bin import empty_trash

        with self._writer() as store:
            return empty_trash(
                store, before_ns=_ago(older_than), agree=agree, progress=self.progress
            )

    def _bring_up_to_date(self, level: ShownLevel) -> None:
        """Group the photos if they were not, or something changed since; as they were before."""
        from annclust.pipeline.grouping import cluster_photos
        from annclust.pipeline.level_groups import last_choices

        assert level != "copies"
        try:
            if self.changed_since_clustering(level) is None:
                return
        except NothingClusteredError:
            pass
        choices = last_choices(self._store, level)
        if choices is None:
            self.cluster(level)
            return
        with self._writer() as store:
            cluster_photos(store, level, choices, self.settings.search, self.progress)


def _ago(age: timedelta) -> int:
    """When that was, in nanoseconds since 1970; of no age at all, whatever the clock said."""
    if not age:
        return _END_OF_TIME
    return time.time_ns() - age // timedelta(microseconds=1) * 1000

"""Applying: the files of a plan go to the trash, each one journaled, compared and synced.

For each photo with all that belongs to it: read the one that is kept and the ones that go, and
compare them with the plan; note the intent; move; make the folders durable; note that it is done,
together with the next intent. Whatever interrupts that, :mod:`settling` finds out where the files
are, and the same plan goes on.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annclust.arrays import ImageId
from annclust.errors import PlanFileError, StorageError, TrashAwayError, TrashError
from annclust.images.content import describe_os_error
from annclust.images.discovery import TRASH
from annclust.progress import SILENT, Progress, Stage
from annclust.purge.file_moves import (
    PRIVATE,
    Seen,
    look_at,
    make_folders,
    move,
    remove_empty_folders,
)
from annclust.purge.folder_locks import purging_alone
from annclust.purge.plan import Plan, PlannedFile, fault_of
from annclust.purge.plan_check import Asset, assets_of, check_places
from annclust.purge.reach import Reach
from annclust.purge.settling import (
    ON_DISK,
    is_there,
    note,
    refusals_of,
    set_state,
    settle,
    state_of_restored,
    take_back,
)
from annclust.purge.trash import Trash, new_folder_name
from annclust.storage.records import PurgedFile, PurgeRecord
from annclust.storage.store_writer import StoreWriter

_HOPELESS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What every other file would meet, too."""


@dataclass(frozen=True, slots=True)
class NotMoved:
    """A photo that stayed where it was, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of a plan.

    Parameters
    ----------
    purge : int or None
        Its number, by which it is undone; None if there was nothing to move.
    photos, files, bytes : int
        What was moved now.
    before : int
        Photos that were in the trash already, as an earlier run was interrupted.
    trash : tuple of Path
        Folders in which the files are.
    not_moved : tuple of NotMoved
    """

    purge: int | None
    photos: int
    files: int
    bytes: int
    before: int
    trash: tuple[Path, ...]
    not_moved: tuple[NotMoved, ...]


def apply_plan(
    store: StoreWriter,
    plan: Plan,
    *,
    trash: Path | None = None,
    across_devices: bool = False,
    progress: Progress = SILENT,
) -> ApplyReport:
    """Move the files of a plan to the trash.

    Parameters
    ----------
    store : StoreWriter
    plan : Plan
    trash : Path or None
        One trash for all, absolute; that of each root if None.
    across_devices : bool
        Whether files may be copied to a trash on another device.
    progress : Progress

    Raises
    ------
    PlanFileError
        If the plan would do what no plan may, as leaving nothing of a group.
    PlanOutOfDateError
        If files are not as they were; nothing was moved then.
    TrashError
        If the trash and the photos are one place, or lie on two devices and may not.
    FolderBusyError
        If another purge moves photos of the same folders.
    TrashAwayError
        If an interrupted run is to go on, and what it moved cannot be seen.
    StorageError
        If the disk is full or failing; what was moved is in the journal.
    """
    fault = fault_of(plan)
    if fault is not None:
        raise PlanFileError(Path(plan.id), reason=fault)
    with purging_alone(store.catalog.roots()):
        return _applied(store, plan, trash, across_devices, progress)


def _applied(
    store: StoreWriter, plan: Plan, trash: Path | None, across_devices: bool, progress: Progress
) -> ApplyReport:
    purge = begun_purge(store, plan.id)
    with refusals_of(store.path):
        done = set() if purge is None else _done(store, purge)
        where = Trash(new_folder_name(), trash) if purge is None else _the_same(purge, trash)
        assets = assets_of(store, plan, done)
        check_places(store, where, assets, across_devices=across_devices)
    if purge is None:
        if not assets:
            return ApplyReport(None, 0, 0, 0, 0, (), ())
        purge = _begin(store, plan, where)
    elif assets:
        with store.catalog.transaction():
            store.catalog.renew_purge(purge.id, time.time_ns())
    mover = _Mover(store, purge, where, token=where.token if across_devices else None)
    with progress.stage("Moving photos to the trash", len(assets), unit="photos") as stage:
        mover.run(assets, stage)
    return mover.report(before=len(done))


def begun_purge(store: StoreWriter, plan: str) -> PurgeRecord | None:
    """The last purge by a plan that has something in the trash, or on its way."""
    for purge in reversed(store.catalog.purges()):
        if purge.plan == plan:
            files = store.catalog.purged_files(purge.id)
            if any(file.state in ON_DISK for file in files):
                return purge
    return None


def _done(store: StoreWriter, purge: PurgeRecord) -> set[ImageId]:
    """Photos that an earlier run moved, and that are in the trash still.

    What somebody put back by hand, or threw away, is noted as such.
    """
    away = [(each.file, each.why) for each in settle(store, purge)]
    trash = Trash.of(purge)
    reach = Reach(trash)
    files = [f for f in store.catalog.purged_files(purge.id) if f.state == "in trash"]
    away += [(file, why) for file in files if (why := reach.away(file)) is not None]
    if away:
        file, why = away[0]
        raise TrashAwayError(trash.folder_of(file.root), reason=why)
    for file in files:
        if not is_there(trash.place_of(file)):
            note(store, [file], state_of_restored(trash, file))
    found = store.catalog.purged_files(purge.id)
    return {file.image for file in found if file.is_photo and file.state == "in trash"}


def _the_same(purge: PurgeRecord, trash: Path | None) -> Trash:
    """The trash of a purge that began; nobody may ask for another one."""
    begun = Trash.of(purge)
    if trash is not None and trash != begun.elsewhere:
        where = begun.elsewhere or f"the {TRASH} of each folder"
        raise TrashError(trash, reason=f"what this plan moved before is in {where}")
    return begun


def _begin(store: StoreWriter, plan: Plan, trash: Trash) -> PurgeRecord:
    elsewhere = None if trash.elsewhere is None else os.fsencode(trash.elsewhere)
    with store.catalog.transaction():
        return store.catalog.begin_purge(
            plan.id, level=plan.level, folder=trash.folder, trash=elsewhere, began_ns=time.time_ns()
        )


class _Mover:
    """Moves assets one by one, and counts.

    That an asset is in the trash is noted together with the intent to move the next one: one commit
    each, instead of two. Until then the disk tells.
    """

    def __init__(
        self, store: StoreWriter, purge: PurgeRecord, trash: Trash, *, token: str | None
    ) -> None:
        self._store, self._purge, self._trash, self._token = store, purge, trash, token
        self._unnoted: list[PurgedFile] = []
        self._moved: list[PurgedFile] = []
        self._not_moved: list[NotMoved] = []

    def run(self, assets: Sequence[Asset], stage: Stage) -> None:
        """Move assets; whoever watches may stop that between two of them.

        Raises
        ------
        StorageError
            If the disk refuses what it would refuse each of the others, too.
        """
        try:
            for asset in assets:
                try:
                    self._move(asset)
                except OSError as error:
                    self._refused(asset, error)
                stage.advance()
        finally:
            if self._unnoted:
                note(self._store, self._unnoted, "in trash")
            for root in {asset.root.id: asset.root for asset in assets}.values():
                folder = self._trash.folder_of(root)
                remove_empty_folders(folder, up_to=self._trash.home_of(root))

    def report(self, *, before: int) -> ApplyReport:
        """What was moved."""
        roots = {file.root.id: file.root for file in self._moved}.values()
        return ApplyReport(
            purge=self._purge.id,
            photos=sum(file.is_photo for file in self._moved),
            files=len(self._moved),
            bytes=sum(file.size for file in self._moved),
            before=before,
            trash=tuple(sorted({self._trash.folder_of(root) for root in roots})),
            not_moved=tuple(self._not_moved),
        )

    def _refused(self, asset: Asset, error: OSError, stay: Sequence[PurgedFile] = ()) -> None:
        """Tell why an asset was not moved, and what of it could not be taken back either."""
        path, reason = asset.photo.file.path, describe_os_error(error)
        if error.filename is not None and Path(error.filename) != path:
            reason = f"{error.filename}: {reason}"
        for file in stay:
            reason += f"; {self._trash.place_of(file)} could not be put back"
        self._not_moved.append(NotMoved(path, reason))
        if error.errno in _HOPELESS:
            raise StorageError(path, reason=reason) from error

    def _move(self, asset: Asset) -> None:
        # Where no trash can be made, no photo need be read.
        make_folders(self._trash.folder_of(asset.root), mode=PRIVATE)
        meant = self._readable(asset)
        if isinstance(meant, NotMoved):
            self._not_moved.append(meant)
            return
        files = self._note_intent([file for file, _ in meant])
        try:
            for file, (_, seen) in zip(files, meant, strict=True):
                target = self._trash.place_of(file)
                make_folders(target.parent, mode=PRIVATE)
                move(file.full_path, target, token=self._token, seen=seen)
        except OSError as error:
            stay = take_back(self._store, self._trash, files)  # an asset moves as one
            for file in files:
                place = self._trash.place_of(file)
                remove_empty_folders(place.parent, up_to=self._trash.home_of(file.root))
            self._refused(asset, error, stay)
            return
        self._moved += files
        self._unnoted = files

    def _note_intent(self, files: Sequence[PurgedFile]) -> list[PurgedFile]:
        """The same files, numbered, once the journal has them."""
        with self._store.catalog.transaction():
            set_state(self._store, self._unnoted, "in trash")
            numbers = self._store.catalog.add_purged_files(files)
        self._unnoted = []
        return [replace(file, id=number) for file, number in zip(files, numbers, strict=True)]

    def _readable(self, asset: Asset) -> list[tuple[PurgedFile, Seen]] | NotMoved:
        """As `_meant`; a file that a disk cannot read any more says nothing of the others."""
        try:
            return self._meant(asset)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            where = asset.photo.file.path if error.filename is None else error.filename
            return NotMoved(asset.photo.file.path, f"{where}: {describe_os_error(error)}")

    def _meant(self, asset: Asset) -> list[tuple[PurgedFile, Seen]] | NotMoved:
        """The files of an asset as they are now, or why it is not to be moved after all."""
        keeper, photo = look_at(asset.keeper.file.path), look_at(asset.photo.file.path)
        why = None
        if keeper.digest != asset.keeper.file.digest:
            why = f"{asset.keeper.file.path}, which was to stay instead, was changed"
        elif photo.digest != asset.photo.file.digest:
            why = "it was changed"
        elif photo.is_one_with(keeper):
            why = f"it is one file with {asset.keeper.file.path}, which stays"
        if why is not None:
            return NotMoved(asset.photo.file.path, why)
        return [
            self._file(asset, asset.photo.file, photo),
            *(self._file(asset, file, _companion(file)) for file in asset.photo.companions),
        ]

    def _file(self, asset: Asset, file: PlannedFile, seen: Seen) -> tuple[PurgedFile, Seen]:
        meant = PurgedFile(
            id=0,
            purge=self._purge.id,
            image=asset.photo.image,
            is_photo=file is asset.photo.file,
            keeper=asset.keeper.image,
            root=asset.root,
            path=asset.below_root(file),
            size=seen.size,
            modified_ns=seen.modified_ns,
            digest=seen.digest,
            state="moving",
        )
        return meant, seen


def _companion(file: PlannedFile) -> Seen:
    seen = look_at(file.path)
    touched = seen.modified_ns != file.modified_ns and seen.digest != file.digest
    if seen.size != file.size or touched:
        raise OSError(errno.EBUSY, "it was changed", str(file.path))
    return seen

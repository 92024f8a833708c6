"""Undoing: the files of a purge go back to where they were, with their names, bytes and times.

Journaled as applying is, and in the reverse order. A file whose place was taken meanwhile stays in
the trash, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annclust.errors import UnknownPurgeError
from annclust.images.content import describe_os_error
from annclust.progress import SILENT, Progress, Stage
from annclust.purge.file_moves import (
    Seen,
    look_at,
    make_folders,
    move,
    remove_empty_folders,
    set_time,
)
from annclust.purge.reach import Reach
from annclust.purge.settling import (
    ON_DISK,
    is_there,
    note,
    refusals_of,
    set_state,
    settle,
    state_of_restored,
)
from annclust.purge.trash import Trash
from annclust.storage.records import PurgedFile, PurgeRecord
from annclust.storage.store_writer import StoreWriter


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A file that stayed in the trash, and why; or one that came back other than it went."""

    path: Path
    in_trash: Path
    reason: str


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What was put back.

    Parameters
    ----------
    purge : int
    photos, files, bytes : int
    unknown : int
        Photos that the collection does not know there any more; the next `annclust index` finds
        them.
    gone : int
        Files that were deleted for good, or vanished from the trash.
    not_restored : tuple of NotRestored
    """

    purge: int
    photos: int
    files: int
    bytes: int
    unknown: int
    gone: int
    not_restored: tuple[NotRestored, ...]


def undo_purge(store: StoreWriter, purge: PurgeRecord, progress: Progress = SILENT) -> UndoReport:
    """Put back what is in the trash of a purge.

    Raises
    ------
    StorageError
        If the catalog cannot be written; the journal tells where each file is.
    """
    unsettled = settle(store, purge)
    files = [file for file in store.catalog.purged_files(purge.id) if file.state == "in trash"]
    restorer = _Restorer(store, Trash.of(purge))
    for each in unsettled:
        restorer.stays(each.file, each.why)
    with (
        refusals_of(store.path),
        progress.stage("Putting photos back", len(files), unit="files") as stage,
    ):
        restorer.run(files[::-1], stage)
    return restorer.report(purge.id)


def purge_to_undo(store: StoreWriter, plan: str | None) -> PurgeRecord:
    """The last purge by a plan, or by any if that is None, that has something in the trash.

    Else the last one, of which there is nothing (any more) to be put back.

    Parameters
    ----------
    store : StoreWriter
    plan : str or None
        Its id.

    Raises
    ------
    UnknownPurgeError
        If there was none.
    """
    asked = [each for each in store.catalog.purges() if plan in (None, each.plan)]
    if not asked:
        raise UnknownPurgeError(plan)
    for purge in reversed(asked):
        files = store.catalog.purged_files(purge.id)
        if any(file.state in ON_DISK for file in files):
            return purge
    return asked[-1]


class _Restorer:
    """Puts files back one by one; as in applying, what is done is noted with the next intent."""

    def __init__(self, store: StoreWriter, trash: Trash) -> None:
        self._store, self._trash, self._reach = store, trash, Reach(trash)
        self._unnoted: list[PurgedFile] = []
        self._restored: list[PurgedFile] = []
        self._not_restored: list[NotRestored] = []

    def run(self, files: Sequence[PurgedFile], stage: Stage) -> None:
        """Put files back; whoever watches may stop that between two of them."""
        try:
            for file in files:
                self._restore(file)
                stage.advance()
        finally:
            if self._unnoted:
                note(self._store, self._unnoted, "restored")
        for file in files:
            remove_empty_folders(
                self._trash.place_of(file).parent, up_to=self._trash.home_of(file.root)
            )

    def report(self, purge: int) -> UndoReport:
        """What was put back."""
        photos = [file for file in self._restored if file.is_photo]
        has_image = self._store.catalog.has_image
        return UndoReport(
            purge=purge,
            photos=len(photos),
            files=len(self._restored),
            bytes=sum(file.size for file in self._restored),
            unknown=sum(not has_image(photo.root.id, photo.path) for photo in photos),
            gone=sum(file.state == "gone" for file in self._store.catalog.purged_files(purge)),
            not_restored=tuple(self._not_restored),
        )

    def stays(self, file: PurgedFile, why: str) -> None:
        """Note that a file was not put back, or not as it was."""
        self._not_restored.append(NotRestored(file.full_path, self._trash.place_of(file), why))

    def _restore(self, file: PurgedFile) -> None:
        away = self._reach.away(file)
        if away is not None:
            self.stays(file, away)
        elif not is_there(self._trash.place_of(file)):
            self._missing(file)
        else:
            self._put_back(file)

    def _missing(self, file: PurgedFile) -> None:
        """Note that somebody took a file out of the trash, and maybe put it back."""
        state = state_of_restored(self._trash, file)
        note(self._store, [file], state)
        there = "; a file is in its place already" if state == "restored" else ""
        self.stays(file, f"it is not in the trash any more{there}")

    def _put_back(self, file: PurgedFile) -> None:
        with self._store.catalog.transaction():
            set_state(self._store, self._unnoted, "restored")
            set_state(self._store, [file], "restoring")
        self._unnoted = []
        try:
            seen = self._moved_back(file)
        except OSError as error:
            self._refused(file, error)
            return
        if seen.digest != file.digest:
            self.stays(file, "it was changed in the trash; it is back as it is now")
        self._restored.append(file)
        self._unnoted = [file]

    def _moved_back(self, file: PurgedFile) -> Seen:
        """Move a file back; gives what it looked like in the trash."""
        place, target = self._trash.place_of(file), file.full_path
        seen = look_at(place)
        make_folders(target.parent)
        move(place, target, token=self._trash.token, seen=seen)
        if seen.digest == file.digest:
            set_time(target, file.modified_ns)
        return seen

    def _refused(self, file: PurgedFile, error: OSError) -> None:
        state = state_of_restored(self._trash, file)  # the error may have come after the move
        note(self._store, [file], state)
        reason = describe_os_error(error)
        if state == "restored":
            self._restored.append(file)
            reason = f"it is back, but the system says: {reason}"
        self.stays(file, reason)

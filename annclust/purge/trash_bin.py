"""Trash bin: what lies in the trash, and throwing it away for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from annclust.images.content import describe_os_error
from annclust.progress import SILENT, Progress, Stage
from annclust.purge.file_moves import look_at, remove_empty_folders
from annclust.purge.reach import Reach
from annclust.purge.settling import ON_THE_WAY, gone, note, refusals_of, settle
from annclust.purge.trash import Trash
from annclust.storage.durable import sync_directory
from annclust.storage.records import PurgedFile, PurgeRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter

_AT_ONCE: Final = 256
"""Files whose deletion is noted, and made durable, together."""


PurgeEnd: TypeAlias = Literal["restored", "empty", "not moved"]


@dataclass(frozen=True, slots=True)
class Purge:
    """A purge, and what became of its files.

    Parameters
    ----------
    id : int
    plan : str
        Id of the plan.
    began_ns : int
        Nanoseconds since 1970.
    photos, files, bytes : int
        What is in its trash.
    restored, gone : int
        Files that were put back, and that were thrown away or vanished.
    state : {"in trash", "restored", "empty", "not moved", "interrupted"}
        Where its files are: "empty" if some were thrown away or vanished, and the others came back.
    trash, missing : tuple of Path
        Folders in which its files are, and those of them that are not there: their disk is not
        plugged in, or somebody removed them.
    """

    id: int
    plan: str
    began_ns: int
    photos: int
    files: int
    bytes: int
    restored: int
    gone: int
    state: PurgeEnd | Literal["in trash", "interrupted"]
    trash: tuple[Path, ...]
    missing: tuple[Path, ...]


def purges(store: Store) -> list[Purge]:
    """Every purge of a collection, the last one first."""
    with store.catalog.snapshot():
        known = store.catalog.purges()
        return [purge_of(each, store.catalog.purged_files(each.id)) for each in reversed(known)]


def purge_of(record: PurgeRecord, files: Sequence[PurgedFile]) -> Purge:
    """A purge, by what the journal says of it and of its files."""
    trash = Trash.of(record)
    there = [file for file in files if file.state == "in trash"]
    restored, gone = (sum(f.state == state for f in files) for state in ("restored", "gone"))
    under_way = any(file.state in ON_THE_WAY for file in files)
    folders = sorted({trash.folder_of(file.root) for file in there})
    ended: PurgeEnd = "empty" if gone else "restored" if restored else "not moved"
    return Purge(
        id=record.id,
        plan=record.plan,
        began_ns=record.began_ns,
        photos=sum(file.is_photo for file in there),
        files=len(there),
        bytes=sum(file.size for file in there),
        restored=restored,
        gone=gone,
        state="interrupted" if under_way else "in trash" if there else ended,
        trash=tuple(folders),
        missing=tuple(folder for folder in folders if not folder.is_dir()),
    )


@dataclass(frozen=True, slots=True)
class EmptyReport:
    """What was thrown away.

    Parameters
    ----------
    purges, files, bytes : int
    kept : tuple of (Path, str)
        Files that were left in the trash, and why.
    """

    purges: int
    files: int
    bytes: int
    kept: tuple[tuple[Path, str], ...]


Agree: TypeAlias = Callable[[int, int], None]
"""Told of the files, and bytes, that are to be deleted; raises if they are not to be."""


def empty_trash(
    store: StoreWriter,
    *,
    before_ns: int,
    agree: Agree | None = None,
    progress: Progress = SILENT,
) -> EmptyReport:
    """Delete what purges that began before a time moved to the trash; this cannot be undone.

    Only files that the journal names are deleted, as they were when they were moved: what somebody
    else put there, or changed there, stays. Nothing else is deleted than what `agree` is told of:
    nobody else can purge meanwhile.

    Raises StorageError.
    """
    emptier = _Emptier(store)
    with refusals_of(store.path):
        old = [purge for purge in store.catalog.purges() if purge.began_ns < before_ns]
        files = [(Trash.of(purge), emptier.settled(purge)) for purge in old]
        total = sum(len(those) for _, those in files)
        if total and agree is not None:
            agree(total, sum(file.size for _, those in files for file in those))
        with progress.stage("Emptying the trash", total, unit="files") as stage:
            for trash, those in files:
                emptier.empty(trash, those, stage)
    return emptier.report()


class _Emptier:
    """Deletes files, and counts; so many at once are meant to be deleted, and then are."""

    def __init__(self, store: StoreWriter) -> None:
        self._store = store
        self._deleted: list[PurgedFile] = []
        self._kept: list[tuple[Path, str]] = []

    def report(self) -> EmptyReport:
        """What was deleted."""
        purges = {file.purge for file in self._deleted}
        size = sum(file.size for file in self._deleted)
        return EmptyReport(len(purges), len(self._deleted), size, tuple(self._kept))

    def settled(self, purge: PurgeRecord) -> list[PurgedFile]:
        """The files in the trash of a purge, as far as that can be looked into."""
        trash = Trash.of(purge)
        reach = Reach(trash)
        self._kept += [(trash.place_of(u.file), u.why) for u in settle(self._store, purge)]
        files = [f for f in self._store.catalog.purged_files(purge.id) if f.state == "in trash"]
        away = {file.id: reach.away(file) for file in files}
        self._kept += [(trash.place_of(f), why) for f in files if (why := away[f.id]) is not None]
        return [file for file in files if away[file.id] is None]

    def empty(self, trash: Trash, files: Sequence[PurgedFile], stage: Stage) -> None:
        """Delete files; whoever watches may stop that between two batches."""
        for start in range(0, len(files), _AT_ONCE):
            batch = files[start : start + _AT_ONCE]
            whole = [file for file in batch if self._is_as_it_was(trash, file)]
            note(self._store, whole, "emptying")
            refused = [file for file in whole if not self._delete(trash, file)]
            note(self._store, refused, "in trash")
            gone = [file for file in whole if file not in refused]
            for folder in {trash.place_of(file).parent for file in gone}:
                sync_directory(folder)
            note(self._store, gone, "gone")
            for file in gone:
                remove_empty_folders(trash.place_of(file).parent, up_to=trash.home_of(file.root))
            self._deleted += gone
            stage.advance(len(batch))

    def _is_as_it_was(self, trash: Trash, file: PurgedFile) -> bool:
        """Whether a file is what was moved there; else it stays, or is gone already."""
        place = trash.place_of(file)
        try:
            found = place.lstat()
            same = (found.st_size, found.st_mtime_ns) == (file.size, file.modified_ns)
            if same or look_at(place).digest == file.digest:
                return True
            why = "it was changed in the trash"
        except FileNotFoundError:
            note(self._store, [file], gone(trash, file))
            return False
        except OSError as error:
            why = describe_os_error(error)
        self._kept.append((place, why))
        return False

    def _delete(self, trash: Trash, file: PurgedFile) -> bool:
        place = trash.place_of(file)
        try:
            place.unlink()
        except OSError as error:
            self._kept.append((place, describe_os_error(error)))
            return False
        return True

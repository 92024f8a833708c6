"""Trash bin: what lies in the trash, and throwing it away for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annclust.images.content import describe_os_error
from annclust.progress import SILENT, Progress
from annclust.purge.file_moves import remove_empty_folders
from annclust.purge.settling import note, settle
from annclust.purge.trash import Trash
from annclust.storage.durable import sync_directory
from annclust.storage.records import PurgedFile, PurgeRecord
from annclust.storage.store import Store
from annclust.storage.store_writer import StoreWriter


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
    state : {"in trash", "restored", "empty", "interrupted"}
    trash : tuple of Path
        Folders in which its files are.
    """

    id: int
    plan: str
    began_ns: int
    photos: int
    files: int
    bytes: int
    restored: int
    gone: int
    state: Literal["in trash", "restored", "empty", "interrupted"]
    trash: tuple[Path, ...]


def purges(store: Store) -> list[Purge]:
    """Every purge of a collection, the last one first."""
    with store.catalog.snapshot():
        known = store.catalog.purges()
        return [_purge(each, store.catalog.purged_files(each.id)) for each in reversed(known)]


def _purge(record: PurgeRecord, files: Sequence[PurgedFile]) -> Purge:
    trash = Trash.of(record)
    there = [file for file in files if file.state == "in trash"]
    restored, gone = (sum(f.state == state for f in files) for state in ("restored", "gone"))
    under_way = any(file.state in ("moving", "restoring", "emptying") for file in files)
    folders = {trash.top_of(file.root) / trash.folder for file in there}
    ended: Literal["restored", "empty"] = "restored" if restored >= gone else "empty"
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
        trash=tuple(sorted(folders)),
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


def empty_trash(store: StoreWriter, *, before_ns: int, progress: Progress = SILENT) -> EmptyReport:
    """Delete what purges that began before a time moved to the trash; this cannot be undone.

    Only files that the journal names are deleted, as they were when they were moved: what somebody
    else put there, or changed there, stays.

    Raises StorageError.
    """
    old = [purge for purge in store.catalog.purges() if purge.began_ns < before_ns]
    for purge in old:
        settle(store, purge)
    files = [
        (Trash.of(purge), file)
        for purge in old
        for file in store.catalog.purged_files(purge.id)
        if file.state == "in trash"
    ]
    kept: list[tuple[Path, str]] = []
    deleted: list[PurgedFile] = []
    with progress.stage("Emptying the trash", len(files), unit="files") as stage:
        for trash, file in files:
            why = _delete(store, trash, file)
            if why is None:
                deleted.append(file)
            else:
                kept.append((trash.place_of(file), why))
            stage.advance()
    emptied = len({file.purge for file in deleted})
    return EmptyReport(emptied, len(deleted), sum(file.size for file in deleted), tuple(kept))


def _delete(store: StoreWriter, trash: Trash, file: PurgedFile) -> str | None:
    """Delete a file; or say why not."""
    place = trash.place_of(file)
    try:
        found = place.lstat()
    except FileNotFoundError:
        note(store, [file], "gone")
        return None
    except OSError as error:
        return describe_os_error(error)
    if (found.st_size, found.st_mtime_ns) != (file.size, file.modified_ns):
        return "it was changed in the trash"
    note(store, [file], "emptying")
    try:
        place.unlink()
        sync_directory(place.parent)
    except OSError as error:
        note(store, [file], "in trash")
        return describe_os_error(error)
    note(store, [file], "gone")
    remove_empty_folders(place.parent, up_to=trash.above(file))
    return None

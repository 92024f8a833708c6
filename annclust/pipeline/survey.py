"""Survey: what lies under the roots now, beside what the catalog knows of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from annclust.arrays import ImageId
from annclust.errors import InputError
from annclust.images.assets import Companion, Shots, bond
from annclust.images.discovery import (
    Finding,
    FoundFile,
    SkippedFile,
    UnlistedFolder,
    is_excluded,
    walk,
)
from annclust.images.formats import is_for_want_of_rawpy
from annclust.images.scan_plan import (
    FileState,
    KnownFailure,
    KnownPhoto,
    ScanPlan,
    plan_scan,
)
from annclust.pipeline.roots import (
    RootCheck,
    check_root,
    covering,
    inside,
    nested,
    resolve_folder,
)
from annclust.progress import Progress
from annclust.settings import ScanSettings
from annclust.storage.catalog import Catalog
from annclust.storage.records import ImageRecord, Root, UnreadableRecord
from annclust.storage.store_writer import StoreWriter
from annclust.url_path import is_url


@dataclass(frozen=True, slots=True)
class Survey:
    """What a scan starts from.

    Parameters
    ----------
    checks : tuple of RootCheck
        The roots that are scanned, those that turned out lost among them.
    found : dict of int to int
        Candidate files found under each root, without those that belong to others.
    known : dict of int to int
        Photos known under each root.
    plan : ScanPlan
    unlisted : tuple of UnreadableRecord
        Folders that could not be listed; the photos below them are kept as they are.
    shots : Shots
        Files under the roots that may belong to photos, beside those photos.
    unreadable : frozenset of FileState
        Files that are known to be no photos.
    companions : tuple of Companion
        Files that belong to photos, and are none of their own.
    others : int
        Files that are not images by their name, and may belong to photos.
    excluded : frozenset of ImageId
        Known photos that the scan was told to leave out, or that belong to others now.
    """

    checks: tuple[RootCheck, ...]
    found: dict[int, int]
    known: dict[int, int]
    plan: ScanPlan
    unlisted: tuple[UnreadableRecord, ...]
    shots: Shots
    unreadable: frozenset[FileState]
    companions: tuple[Companion, ...]
    others: int
    excluded: frozenset[ImageId]

    def companions_without(self, lost: Set[FileState]) -> tuple[Companion, ...]:
        """What belongs to photos, if some of them turned out to be none."""
        return self.shots.companions(self.unreadable | lost) if lost else self.companions


def choose_roots(store: StoreWriter, folders: Sequence[Path]) -> list[Root]:
    """The roots to scan for `folders`; all known ones if none are given. New ones are noted.

    A folder inside a known root stands for that root. A folder around known roots becomes a root
    beside them, and all are scanned; each file belongs to the innermost root.

    Raises
    ------
    PhotosNotFoundError
        If a folder is missing or not a folder.
    InputError
        If there is nothing to scan.
    """
    known = store.catalog.roots()
    if not folders and not known:
        raise InputError("this collection has no photos yet. Give a folder: annclust index PHOTOS")
    chosen = {} if folders else {root.id: root for root in known}
    # Outer folders first: those inside them stand for them.
    for path in sorted(map(resolve_folder, folders), key=len):
        root = covering(path, known) or _new_root(store, path)
        known = store.catalog.roots()
        inner = nested(root, known)
        chosen.update({r.id: r for r in known if r.id == root.id or r.id in inner})
    return list(chosen.values())


def _new_root(store: StoreWriter, path: bytes) -> Root:
    with store.catalog.transaction():
        device = None if is_url(path) else Path(os.fsdecode(path)).stat().st_dev
        return store.catalog.add_root(path, device)


def survey(
    store: StoreWriter, roots: Sequence[Root], settings: ScanSettings, progress: Progress
) -> Survey:
    """Walk the roots that are there and plan the scan."""
    everyone = store.catalog.roots()
    walked, before = _Walked(), [check_root(root) for root in roots]
    with progress.stage("Looking for photos", unit="files") as stage:
        for root in (check.root for check in before if not check.lost):
            for entry in _walk(root, settings, skip=_inner_folders(root, everyone)):
                walked.add(root, entry)
                stage.advance()
    # Looked at once more: a folder may have gone while it was walked. One that came was not walked.
    checks = tuple(check if check.lost else check_root(check.root) for check in before)
    there = _count(file.root for file in walked.files)
    photos = [
        photo
        for check in _with_lost(checks, everyone)
        for photo in _known_photos(store.catalog, check, lost=_is_lost(check, checks, there))
        if not is_hidden(photo.file.place, walked.unlisted)
    ]
    failures = _known_failures(store.catalog)
    unreadable = _unreadable(failures, photos)
    shots = walked.shots(store.catalog)
    companions = shots.companions(unreadable)
    belonging = {each.file.place for each in companions}
    files = [file for file in walked.files if file.place not in belonging]
    excluded = frozenset(
        p.id for p in photos if p.file.place in belonging or is_excluded(p.file.path, settings)
    )
    return Survey(
        checks=checks,
        found=_count(file.root for file in files),
        known=_count(photo.file.root for photo in photos if photo.id not in excluded),
        plan=plan_scan(photos, failures, files),
        unlisted=tuple(walked.unlisted),
        shots=shots,
        unreadable=unreadable,
        companions=companions,
        others=walked.skipped + len(walked.videos),
        excluded=excluded,
    )


def _walk(root: Root, settings: ScanSettings, *, skip: Sequence[bytes]) -> Iterator[Finding]:
    if not root.is_remote:
        return walk(root.path, settings, skip=skip)
    from annclust.images.remote_discovery import walk_url

    return walk_url(root.path, settings, skip=skip)


def _unreadable(
    failures: Iterable[KnownFailure], photos: Iterable[KnownPhoto]
) -> frozenset[FileState]:
    """Files that are no photos, and will not be any at the next try."""
    final = {failure.file.place: failure.file for failure in failures if not failure.retry}
    for photo in photos if final else ():
        final.pop(photo.file.place, None)  # an embedder refused it
    return frozenset(final.values())


def _inner_folders(root: Root, everyone: Sequence[Root]) -> list[bytes]:
    base = root.path.rstrip(b"/") + b"/"
    return [base + path for path in nested(root, everyone).values()]


def _is_lost(check: RootCheck, checks: Sequence[RootCheck], found: Mapping[int, int]) -> bool:
    """Whether a root's photos may come back: its folder is not there, or is empty.

    A folder inside another root is like any folder: what was in it may have moved.
    """
    there = (other.root for other in checks if not other.lost)
    if any(nested(other, [check.root]) for other in there):
        return False
    return check.lost or not found.get(check.root.id)


class _Walked:
    """What walking the roots came upon."""

    def __init__(self) -> None:
        self.files: list[FileState] = []
        self.videos: list[FileState] = []
        self.unlisted: list[UnreadableRecord] = []
        self.skipped = 0

    def add(self, root: Root, entry: FoundFile | SkippedFile | UnlistedFolder) -> None:
        """Sort one entry in."""
        match entry:
            case FoundFile():
                state = FileState(root.id, entry.path, entry.size, entry.modified_ns)
                (self.videos if entry.is_video else self.files).append(state)
            case SkippedFile():
                self.skipped += 1
            case UnlistedFolder():
                failure = UnreadableRecord(root.id, entry.path, 0, 0, entry.reason, retry=True)
                self.unlisted.append(failure)

    def shots(self, catalog: Catalog) -> Shots:
        """What may be of one shot, and what is known to be."""
        return Shots(self.files, self.videos, {bond(*each) for each in catalog.bonds()})


def is_hidden(place: tuple[int, bytes], unlisted: Iterable[UnreadableRecord]) -> bool:
    """Whether a file lies below a folder that could not be listed."""
    root, path = place
    return any(folder.root == root and inside(path, folder.path) for folder in unlisted)


def _count(roots: Iterable[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for root in roots:
        counts[root] = counts.get(root, 0) + 1
    return counts


def _with_lost(checks: Sequence[RootCheck], everyone: Sequence[Root]) -> list[RootCheck]:
    """The scanned roots and every other one that is lost: its photos may have moved here.

    Servers are asked only about roots that are scanned.
    """
    scanned = {check.root.id for check in checks}
    local = (root for root in everyone if root.id not in scanned and not root.is_remote)
    others = [check_root(root) for root in local]
    return [*checks, *(check for check in others if check.lost)]


def _known_photos(catalog: Catalog, check: RootCheck, *, lost: bool) -> list[KnownPhoto]:
    def known(record: ImageRecord) -> KnownPhoto:
        state = FileState(record.root.id, record.path, record.size, record.modified_ns)
        return KnownPhoto(
            record.id, state, record.digest, lost_root=lost, without_vector=record.row < 0
        )

    return [known(record) for record in catalog.images_under(check.root.id)]


def _known_failures(catalog: Catalog) -> list[KnownFailure]:
    known = [record for _, record in catalog.unreadable()]
    waiting = {record.reason for record in known if is_for_want_of_rawpy(record.reason)}
    by_now = waiting if waiting and _is_rawpy_there() else ()
    return [
        KnownFailure(
            FileState(r.root, r.path, r.size, r.modified_ns), r.retry or r.reason in by_now
        )
        for r in known
    ]


def _is_rawpy_there() -> bool:
    from annclust.images.raw_photo import is_rawpy_there  # with Pillow

    return is_rawpy_there()

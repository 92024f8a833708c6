"""Indexing: from folders to a collection that is up to date.

survey (what is there, what is known) → plan → read, embed, commit → settle (who is who) → refresh
the index and the graph → look how photos of old were taken. Interrupted anywhere, the next run goes
on from the last commit.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annclust.embedding.embedder import EmbedderLoader
from annclust.errors import AnnclustError
from annclust.images.recognition import Resolution, resolve
from annclust.images.scan_plan import KnownPhoto, Sighting
from annclust.pipeline.captures import learn_captures
from annclust.pipeline.companions import Standing, note_companions
from annclust.pipeline.derived import refresh
from annclust.pipeline.intake import take_in
from annclust.pipeline.loose_photos import LoosePhotos
from annclust.pipeline.reports import IndexReport, Unreadable
from annclust.pipeline.roots import RootCheck, disbelief
from annclust.pipeline.survey import Survey, choose_roots, survey
from annclust.progress import SILENT, Progress
from annclust.settings import IndexingSettings, ScanSettings
from annclust.storage.records import UnreadableRecord, joined
from annclust.storage.store_writer import StoreWriter


def index_photos(
    store: StoreWriter,
    folders: Sequence[Path],
    embedder: Callable[[], EmbedderLoader],
    settings: IndexingSettings,
    progress: Progress = SILENT,
) -> IndexReport:
    """Bring the collection up to date with `folders`, or with all its roots if none are given.

    Parameters
    ----------
    store : StoreWriter
    folders : sequence of Path
    embedder : callable
        Finds the embedder; called only if there is something to embed.
    settings : IndexingSettings
    progress : Progress

    Raises
    ------
    InputError
        If there is nothing to scan, or a folder is not there.
    StorageError
        If the system refuses to write; what was committed stays.
    AnnclustError
        If there is no memory left; what was committed stays.
    """
    try:
        return _index_photos(store, folders, embedder, settings, progress)
    except MemoryError as error:
        raise AnnclustError(
            "the machine has too little memory left. What was stored before is safe; the same"
            " command goes on from there, and needs less with fewer threads."
        ) from error


def _index_photos(
    store: StoreWriter,
    folders: Sequence[Path],
    embedder: Callable[[], EmbedderLoader],
    settings: IndexingSettings,
    progress: Progress,
) -> IndexReport:
    started = time.monotonic()
    scan = _remembered(store, settings.scan)
    settings = replace(settings, scan=scan)
    dropped = _decide_on_places(store, settings.places)
    surveyed = survey(store, choose_roots(store, folders), scan, progress)
    standing = Standing(surveyed)
    intake = _read(store, surveyed, standing, embedder, settings, progress)
    outcome = settle(store, surveyed, standing, intake, forget_missing=settings.forget_missing)
    live = refresh(store, settings.search, progress)
    reread = learn_captures(store, outcome.believed, settings, progress)
    counts = store.catalog.counts()
    images = counts["images"]
    return IndexReport(
        images=images,
        companions=counts["companions"],
        added=outcome.added,
        changed=outcome.changed,
        moved=outcome.moved,
        removed=outcome.removed,
        unreadable=_unreadable(store, surveyed),
        embedded=intake.embedded,
        waiting=images - len(live.photos),
        duplicates=outcome.duplicates,
        skipped=outcome.skipped,
        offline=outcome.offline,
        seconds=time.monotonic() - started,
        places_dropped=dropped,
        reread=reread,
    )


_SCAN = "scan"  # in the catalog's settings


def _remembered(store: StoreWriter, asked: ScanSettings) -> ScanSettings:
    """Fill in what was not said from the last scan, and remember all of it."""
    before = json.loads(store.catalog.setting(_SCAN, "{}"))
    exclude = before.get("exclude", []) if asked.exclude is None else asked.exclude
    follow = asked.follow_symlinks
    if follow is None:
        follow = bool(before.get("follow_symlinks"))
    scan = ScanSettings(tuple(pattern for pattern in exclude if pattern), follow)
    now = {"exclude": list(exclude), "follow_symlinks": follow}
    if now != before:
        with store.catalog.transaction():
            store.catalog.set_setting(_SCAN, json.dumps(now))
    return scan


def _decide_on_places(store: StoreWriter, asked: bool | None) -> int:
    """Remember whether it is kept where photos were taken, if that was said.

    Gives how many places were dropped.
    """
    if asked is None or asked is store.catalog.keeps_places():
        return 0
    with store.catalog.transaction():
        return store.catalog.keep_places(keep=asked)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading found, as far as it is not settled yet."""

    undecided: Sequence[Sighting] = ()
    failures: Sequence[UnreadableRecord] = ()
    added: int = 0
    embedded: int = 0
    copies: frozenset[tuple[int, bytes]] = frozenset()
    elsewhere: Sequence[KnownPhoto] = ()


def _read(
    store: StoreWriter,
    surveyed: Survey,
    standing: Standing,
    embedder: Callable[[], EmbedderLoader],
    settings: IndexingSettings,
    progress: Progress,
) -> _Reading:
    """Read the files of the plan, if there are any."""
    files = surveyed.plan.to_read
    if not files:
        return _Reading()
    folders = {check.root.id: check.root.path for check in surveyed.checks}
    loose = LoosePhotos(store.catalog, surveyed)
    found = embedder()
    try:
        intake = take_in(
            store,
            files,
            folders,
            found,
            settings,
            loose.may_be,
            progress,
            standing.instead_of,
        )
    finally:
        found.close()
    return _Reading(
        intake.undecided,
        intake.failures,
        intake.added,
        intake.embedded,
        frozenset(intake.copies),
        tuple(loose.elsewhere.values()),
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a scan changed, and the roots (by id) whose folders are there and believed."""

    added: int
    changed: int
    moved: int
    removed: int
    duplicates: int
    skipped: int
    offline: tuple[Unreadable, ...]
    believed: frozenset[int]


def settle(
    store: StoreWriter,
    surveyed: Survey,
    standing: Standing,
    reading: _Reading,
    *,
    forget_missing: bool,
) -> _Outcome:
    """Decide who is who after reading, and commit it in one transaction."""
    resolution = resolve(_loose(surveyed, standing, reading), reading.undecided)
    resolution = _without_strangers(surveyed, resolution, forget_missing=forget_missing)
    doubts = _doubts(surveyed, resolution, forget_missing=forget_missing)
    believed = {check.root.id for check in surveyed.checks} - doubts.keys()
    missing = [
        photo
        for photo in resolution.left
        if photo.id in surveyed.excluded or photo.file.root in believed
    ]
    gone = [*resolution.replaced, *missing]
    with store.catalog.transaction():
        store.catalog.remove_images(photo.id for photo in gone)
        _place_photos(store, resolution)
        _move_decisions(store, resolution.changed)
        _forget_notes(store, resolution.changed)
        for check in surveyed.checks:
            _note_root(store, surveyed, reading, check, doubts.get(check.root.id))
        companions = standing.companions(reading.failures)
        note_companions(store, surveyed, companions, doubts)
    new_copies = sum(sighting.file.place in reading.copies for sighting in resolution.added)
    settled_copies = sum(sighting.file.place in reading.copies for sighting in reading.undecided)
    return _Outcome(
        added=reading.added + len(resolution.added),
        changed=len(resolution.changed),
        moved=len(resolution.moved),
        removed=len(gone),
        duplicates=len(reading.copies) - settled_copies + new_copies,
        skipped=surveyed.others - sum(not each.is_raw for each in companions),
        offline=tuple(
            Unreadable(check.root.folder, doubts[check.root.id])
            for check in surveyed.checks
            if check.root.id in doubts
        ),
        believed=frozenset(believed & {c.root.id for c in surveyed.checks if not c.lost}),
    )


def _loose(surveyed: Survey, standing: Standing, reading: _Reading) -> list[KnownPhoto]:
    """Photos whose fate is open, without those whose files are there and told nothing."""
    staying = {failure.place for failure in reading.failures if standing.stays(failure)}
    photos = (*surveyed.plan.loose, *reading.elsewhere)
    return [photo for photo in photos if photo.file.place not in staying]


def _without_strangers(
    surveyed: Survey, resolution: Resolution, *, forget_missing: bool
) -> Resolution:
    """Leave out what lies on another card under the names of known photos.

    Cameras give the same names again and again. Where not one photo is as it was, and another disk
    may be mounted, these are not the photos, changed.
    """
    if forget_missing:
        return resolution
    other = Counter(photo.file.root for photo, _ in resolution.changed)
    other.update(photo.file.root for photo in resolution.left if photo.id not in surveyed.excluded)
    strange = {
        check.root.id
        for check in surveyed.checks
        if check.may_be_another_disk
        and other[check.root.id] >= surveyed.known.get(check.root.id, 0)
    }
    strangers = [photo for photo, _ in resolution.changed if photo.file.root in strange]
    changed = [pair for pair in resolution.changed if pair[0].file.root not in strange]
    return replace(resolution, changed=tuple(changed), left=(*resolution.left, *strangers))


def _doubts(surveyed: Survey, resolution: Resolution, *, forget_missing: bool) -> dict[int, str]:
    """Roots whose losses are not believed, and why."""
    doubts = {}
    for check in surveyed.checks:
        root = check.root.id
        vanished = sum(
            photo.file.root == root and photo.id not in surveyed.excluded
            for photo in resolution.left
        )
        if not vanished or (forget_missing and (check.gone or not check.lost)):
            continue
        known, found = surveyed.known.get(root, 0), surveyed.found.get(root, 0)
        reason = check.problem or disbelief(check, known=known, found=found, vanished=vanished)
        if reason:
            doubts[root] = reason
    return doubts


def _place_photos(store: StoreWriter, resolution: Resolution) -> None:
    pairs = (*resolution.touched, *resolution.moved, *resolution.changed)
    # Places are unique among present photos: free all of them before two photos swap names.
    store.catalog.remove_images(photo.id for photo, _ in pairs)
    for photo, sighting in pairs:
        file = sighting.file
        store.catalog.place_image(
            photo.id, file.root, file.path, file.size, file.modified_ns, sighting.digest
        )
    for sighting in resolution.added:
        file = sighting.file
        store.catalog.add_image(file.root, file.path, file.size, file.modified_ns, sighting.digest)


def _move_decisions(store: StoreWriter, changed: Iterable[tuple[KnownPhoto, Sighting]]) -> None:
    """Let what was said of a photo be said of it as it is now, if its vector is still the same."""
    said = {digest for *pair, _ in store.catalog.decisions() for digest in pair}
    for old, new in [(photo.digest, sighting.digest) for photo, sighting in changed]:
        rows = store.catalog.rows_of((old, new)) if old in said else {}
        if rows.get(old) == rows.get(new, -1) and not store.catalog.images_of_digest(old):
            store.catalog.move_decisions(old, new)


def _forget_notes(store: StoreWriter, changed: Iterable[tuple[KnownPhoto, Sighting]]) -> None:
    """Marks and states were said of what a photo showed: of another picture, nothing was said."""
    pairs = [(photo.id, photo.digest, sighting.digest) for photo, sighting in changed]
    rows = store.catalog.rows_of({digest for _, *both in pairs for digest in both})
    other = [image for image, old, new in pairs if rows.get(old) != rows.get(new, -1)]
    store.catalog.mark(other, keep=None)
    store.catalog.review(other, None)


def _note_root(
    store: StoreWriter,
    surveyed: Survey,
    reading: _Reading,
    check: RootCheck,
    doubt: str | None,
) -> None:
    root = check.root.id
    device = check.root.device if doubt else check.device
    store.catalog.set_root_state(root, device=device, offline=doubt)
    if check.lost and (doubt or not check.gone):
        return
    still = {file.place for file in surveyed.plan.failing}
    known = [record for _, record in store.catalog.unreadable()]
    records = [
        *(r for r in known if r.place in still and r.root == root),
        *(r for r in (*surveyed.unlisted, *reading.failures) if r.root == root),
    ]
    store.catalog.replace_unreadable(root, records)


def _unreadable(store: StoreWriter, surveyed: Survey) -> tuple[Unreadable, ...]:
    """Everything under the scanned roots that cannot be read, by path."""
    scanned = {check.root.id for check in surveyed.checks}
    return tuple(
        Unreadable(joined(root.path, record.path), record.reason)
        for root, record in store.catalog.unreadable()
        if root.id in scanned
    )

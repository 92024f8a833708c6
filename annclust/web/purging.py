"""Purging: plans that the page made, what became of purges, and how both are shown."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final, Literal

from blake3 import blake3

from annclust.arrays import ImageId
from annclust.errors import UnknownPurgeError
from annclust.pipeline.photo_groups import level_at
from annclust.progress import Progress
from annclust.purge.applying import apply_plan
from annclust.purge.candidate import Candidate
from annclust.purge.candidates import looked
from annclust.purge.plan import Plan
from annclust.purge.plan_file import plan_bytes
from annclust.purge.planning import PlanWishes, plan_purge
from annclust.purge.settling import ON_DISK
from annclust.purge.trash_bin import purge_of
from annclust.purge.undoing import undo_purge
from annclust.storage.records import ImageRecord, PurgedFile, PurgeRecord
from annclust.storage.store import Store
from annclust.web.examiner import Examiner
from annclust.web.judging import MOST_COMPARED
from annclust.web.notes import STATES
from annclust.web.session import Session, UnknownIdError, View
from annclust.web.shown import shown_text
from annclust.web.work_documents import PurgeDocument, Stayed

_KEPT: Final = 8
"""Plans."""

_STAYED_SHOWN: Final = 50

Only = Literal["resolved", "all"]
"""Which groups a plan is about; skipped ones are never."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan, and the digest of all that it says."""

    plan: Plan
    digest: str


class Plans:
    """The last few plans."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, KeptPlan] = OrderedDict()
        self._lock = Lock()

    def keep(self, plan: Plan) -> KeptPlan:
        """Remember a plan."""
        kept = KeptPlan(plan, blake3(plan_bytes(plan)).hexdigest())
        with self._lock:
            self._plans[plan.id] = kept
            while len(self._plans) > _KEPT:
                self._plans.popitem(last=False)
        return kept

    def find(self, number: str) -> KeptPlan:
        """A plan by its id.

        Raises
        ------
        UnknownIdError
        """
        with self._lock:
            kept = self._plans.get(number)
        if kept is None:
            raise UnknownIdError("plan")
        return kept


def plan_groups(
    session: Session, examiner: Examiner, granularity: float, only: Only, progress: Progress
) -> Plan:
    """Plan which photos of the groups at a granularity go to the trash."""
    groups = _groups(session.view, granularity, only)
    with session.readers.store() as store:
        photos = store.catalog.images_by_id(each for group in groups for each in group)
        examiner.examine(photos, progress)
        groups = _groups(session.view, granularity, only)  # looking takes a while: as they are now

        def look(photos: Sequence[ImageRecord]) -> dict[ImageId, Candidate | str]:
            return looked(store, photos, examiner.known(store, photos))

        return plan_purge(store, groups, PlanWishes(level_at(granularity)), look, progress)


def _groups(view: View, granularity: float, only: Only) -> list[list[ImageId]]:
    cut = view.album.cut(granularity)
    states = view.notes.states(cut)
    wanted = {"resolved": ("resolved",), "all": ("resolved", "open")}[only]
    return [
        view.album.photos.ids[cut.members_of(group)].tolist()
        for group in range(cut.count)
        if STATES[states[group]] in wanted and cut.size[group] <= MOST_COMPARED
    ]


def apply_kept(session: Session, kept: KeptPlan, progress: Progress) -> dict[str, object]:
    """Move what a plan says to the trash."""
    with session.working() as store:
        report = apply_plan(store, kept.plan, progress=progress)
        stayed = _stayed(store, [(each.path, each.reason) for each in report.not_moved])
    return {
        "purge": report.purge,
        "photos": report.photos,
        "files": report.files,
        "bytes": report.bytes,
        "not_moved": stayed,
        "not_moved_count": len(report.not_moved),
    }


def undo(session: Session, number: int, progress: Progress) -> dict[str, object]:
    """Put back what a purge moved.

    Raises
    ------
    UnknownPurgeError
    """
    with session.working() as store:
        found = [each for each in store.catalog.purges() if each.id == number]
        if not found:
            raise UnknownPurgeError
        report = undo_purge(store, found[0], progress)
        stayed = _stayed(store, [(each.path, each.reason) for each in report.not_restored])
    return {
        "purge": report.purge,
        "photos": report.photos,
        "files": report.files,
        "bytes": report.bytes,
        "not_restored": stayed,
        "not_restored_count": len(report.not_restored),
    }


def _stayed(store: Store, files: Sequence[tuple[Path, str]]) -> list[Stayed]:
    """The first few files that are not where they were to go: no page shows where a folder lies."""
    above = [f"{os.fsdecode(root.path)}/" for root in store.catalog.roots()]

    def shown(text: str) -> str:
        for folder in sorted(above, key=len, reverse=True):
            text = text.replace(folder, "")
        return shown_text(text)

    return [Stayed(name=shown(str(p)), reason=shown(why)) for p, why in files[:_STAYED_SHOWN]]


def purge_documents(store: Store) -> list[PurgeDocument]:
    """What became of every purge, the last one first."""
    with store.catalog.snapshot():
        known = store.catalog.purges()
        return [_document(each, store.catalog.purged_files(each.id)) for each in reversed(known)]


def _document(record: PurgeRecord, files: Sequence[PurgedFile]) -> PurgeDocument:
    purge = purge_of(record, files)
    moved = [file for file in files if file.state != "not moved"]
    partly = purge.state == "in trash" and purge.files < len(moved)
    began = datetime.fromtimestamp(purge.began_ns / 1e9, UTC)
    return PurgeDocument(
        id=purge.id,
        plan=purge.plan,
        began=began.isoformat(timespec="seconds"),
        photos=sum(file.is_photo for file in moved),
        files=len(moved),
        bytes=sum(file.size for file in moved),
        in_trash=purge.files,
        state="partly" if partly else purge.state,
        can_undo=any(file.state in ON_DISK for file in moved),
    )

"""Planning: groups of a collection become a plan of what a purge would move. Touches nothing.

For each group: leave out what cannot be compared (:mod:`standing`), choose among the rest
(:mod:`choosing`), and find what moves along: companions that the collection knows, and sidecars.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias, get_args

from blake3 import blake3

from annclust.arrays import ImageId
from annclust.progress import SILENT, Progress
from annclust.purge.belongings import companions_first, files_at, no_file_among, sidecars_of
from annclust.purge.candidate import Candidate
from annclust.purge.choosing import Said, Verdict, choose
from annclust.purge.plan import Plan, PlannedFile, PlannedGroup, PlannedPhoto
from annclust.purge.plan_file import plan_document
from annclust.purge.protected import Protected
from annclust.purge.standing import Standing
from annclust.settings import ShownLevel
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store

Looked: TypeAlias = Mapping[ImageId, Candidate | str]
"""What is known of each of some photos; or why nothing is."""

Look: TypeAlias = Callable[[Sequence[ImageRecord]], Looked]
"""Looks at the pixels of photos, or what was found in them before."""

_AT_ONCE: Final = 2048
"""Photos, at least, that are looked at in one go: some minutes' work for the workers, and what is
known of them, some MB."""

_ID_BYTES: Final = 16
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class PlanWishes:
    """What a person wants of a plan.

    Parameters
    ----------
    level : str
        What the groups are of.
    reference : tuple of Path
        Folders of which nothing is ever moved.
    """

    level: str
    reference: tuple[Path, ...] = ()


def plan_purge(
    store: Store,
    groups: Iterable[Sequence[ImageId]],
    wishes: PlanWishes,
    look: Look,
    progress: Progress = SILENT,
) -> Plan:
    """Plan which photos of each group go to the trash.

    Parameters
    ----------
    store : Store
    groups : iterable of sequence of ImageId
        Photos that are alike; no photo is in two of them.
    wishes : PlanWishes
    look : callable
        Called with the photos of some groups, each once.
    progress : Progress
        Told of each group that was chosen in; of large ones, that takes a while.

    Raises
    ------
    PhotosNotFoundError
        If a folder of which nothing is to be moved is not there.
    """
    planner = _Planner(store, wishes, look, progress)
    several = [list(group) for group in groups if len(group) >= _FEWEST]
    found = [each for batch in _batches(several) for each in planner.planned(batch)]
    telling = [group for group in found if group.moved or group.left]
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    plan = Plan("", wishes.level, made, tuple(with_sidecars(telling)))
    content = json.dumps(plan_document(plan)).encode()
    return replace(plan, id=blake3(content).hexdigest(_ID_BYTES))


def _batches(groups: Iterable[list[ImageId]]) -> Iterable[list[list[ImageId]]]:
    batch: list[list[ImageId]] = []
    for group in groups:
        batch.append(group)
        if sum(map(len, batch)) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _no_finer(level: str) -> Sequence[str]:
    """A level and those beyond it: who purges shots once more is not to thin out what stayed.

    Who purges scenes after shots is.
    """
    levels = get_args(ShownLevel)
    return levels[levels.index(level) :] if level in levels else levels


class _Planner:
    def __init__(self, store: Store, wishes: PlanWishes, look: Look, progress: Progress) -> None:
        self._store, self._look, self._progress = store, look, progress
        self._standing = Standing()
        self._marks = store.catalog.marks()
        self._companions = store.catalog.companions()
        self._protected = Protected(wishes.reference)
        self._keepers = store.catalog.keepers(_no_finer(wishes.level))

    def planned(self, groups: Sequence[Sequence[ImageId]]) -> list[PlannedGroup]:
        """What becomes of some groups."""
        wanted = sorted({image for group in groups for image in group})
        known = {photo.id: photo for photo in self._store.catalog.images_by_id(wanted)}
        present = [[known[image] for image in group if image in known] for group in groups]
        alone = [self._left_alone(group) for group in present]
        compared = [
            [photo for photo in group if photo.id not in why]
            for group, why in zip(present, alone, strict=True)
        ]
        looked = self._look([photo for group in compared if len(group) > 1 for photo in group])
        planned = []
        with self._progress.stage("Choosing", len(groups), unit="groups") as stage:
            for group, photos, why in zip(present, compared, alone, strict=True):
                others = [photo for photo in group if photo.id in why]
                planned.append(self._group(photos, others, why, looked))
                stage.advance()
        return planned

    def _left_alone(self, group: Sequence[ImageRecord]) -> dict[ImageId, str]:
        """Photos that cannot be compared, or could not be moved as a whole, and why."""
        alone = self._standing.left_alone(group)
        for photo in group:
            odd = no_file_among(self._companions.get(photo.id, ()))
            if odd is not None:
                alone.setdefault(photo.id, f"{odd}, which belongs to it, is no ordinary file")
        return alone

    def _group(
        self,
        photos: Sequence[ImageRecord],
        others: Sequence[ImageRecord],
        why: Mapping[ImageId, str],
        looked: Looked,
    ) -> PlannedGroup:
        """Choose among photos; the others are left alone, and so is what nobody could look at."""
        seen = {photo.id: looked.get(photo.id, "nobody looked at it") for photo in photos}
        unseen = [photo for photo in photos if not isinstance(seen[photo.id], Candidate)]
        left = [_left(photo, why[photo.id]) for photo in others]
        if len(photos) < _FEWEST:
            return PlannedGroup((), (), tuple(left))
        left += [_left(photo, str(seen[photo.id])) for photo in unseen]
        pairs = [
            (photo, candidate)
            for photo in companions_first(photos, self._companions)
            if isinstance(candidate := seen[photo.id], Candidate)
        ]
        if len(pairs) < _FEWEST:
            return PlannedGroup((), (), tuple(left))
        return self._chosen(pairs, left)

    def _chosen(
        self, pairs: Sequence[tuple[ImageRecord, Candidate]], left: Sequence[PlannedPhoto]
    ) -> PlannedGroup:
        choice = choose([candidate for _, candidate in pairs], [self._said(p) for p, _ in pairs])
        bare = {
            photo.digest
            for each in choice.of("keep")
            if not self._files(photo := pairs[each.place][0])
        }
        found: dict[Verdict, list[PlannedPhoto]] = {"keep": [], "reject": [], "leave": []}
        for each in choice.photos:
            photo, verdict, reasons = pairs[each.place][0], each.verdict, each.reasons
            files = self._files(photo) if verdict == "reject" else ()
            if files and photo.digest in bare and self._marks.get(photo.id) is None:
                verdict, reasons = "leave", (f"{files[0].path.name} belongs to this copy alone",)
                files = ()
            found[verdict].append(_planned(photo, reasons, files))
        return PlannedGroup(tuple(found["keep"]), tuple(found["reject"]), (*found["leave"], *left))

    def _said(self, photo: ImageRecord) -> Said | None:
        if photo.full_path in self._protected:
            return "protected"
        mark = self._marks.get(photo.id)
        if mark is not None:
            return "keep" if mark else "reject"
        return "stands" if photo.id in self._keepers else None

    def _files(self, photo: ImageRecord) -> tuple[PlannedFile, ...]:
        """The companions of a photo that are there."""
        return files_at(self._companions.get(photo.id, ()))


def _left(photo: ImageRecord, why: str) -> PlannedPhoto:
    return _planned(photo, (why,), ())


def _planned(
    photo: ImageRecord, reasons: tuple[str, ...], companions: tuple[PlannedFile, ...]
) -> PlannedPhoto:
    file = PlannedFile(photo.full_path, photo.size, photo.modified_ns, photo.digest)
    return PlannedPhoto(photo.id, file, companions, reasons)


def with_sidecars(groups: Sequence[PlannedGroup]) -> list[PlannedGroup]:
    """The same groups, each photo that moves with the sidecars that belong to nothing else."""
    found = sidecars_of(photo for group in groups for photo in group.moved)
    return [
        replace(group, moved=tuple(_with(photo, found) for photo in group.moved))
        for group in groups
    ]


def _with(photo: PlannedPhoto, found: Mapping[Path, Sequence[PlannedFile]]) -> PlannedPhoto:
    more = [file for own in photo.files for file in found.get(own.path, ())]
    return replace(photo, companions=(*photo.companions, *more))

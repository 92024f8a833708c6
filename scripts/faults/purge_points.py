"""Purge points: breaks purges at every call that touches the disk, and looks for every photo.

    python scripts/faults/purge_points.py [--action kill ENOSPC EIO EXDEV EINVAL SIGINT] [--every 1]

Photos are moved to the trash, within a device and across two, and put back. After each break every
photo is in its place or in the trash, whole, and what was to stay is where it was; then the same
command is given again and reaches its end; then all is undone, and names, bytes and times are
what they were before. EXDEV and EINVAL are answers of renameat2 alone: another device, and a file
system that cannot rename without replacing, for which there are other ways.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from operations import COLLECTION, PHOTOS, SETTINGS, Operation, clustered
from scratch import scratch
from system_calls import ACTIONS, Workplace, broken_promises, report
from tracing import Outcome, Point, broken, points
from zygote import Zygote

from annclust.collection import Collection
from annclust.errors import AnnclustError
from annclust.purge.plan import Plan, PlannedFile, PlannedGroup, PlannedPhoto
from annclust.purge.plan_file import plan_bytes, read_plan
from annclust.storage.records import ImageRecord
from annclust.storage.store import Store

PLAN, TRASH = "plan.json", "trash"
PURGE_ACTIONS = ACTIONS | {"EXDEV": "error=EXDEV", "EINVAL": "error=EINVAL"}

Tree = dict[str, tuple[bytes, int, int]]
"""Bytes, time and mode of every file, by its path below a folder."""


def tree(folder: Path) -> Tree:
    """Everything below a folder."""
    found: Tree = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            state = path.lstat()
            key = str(path.relative_to(folder))
            found[key] = path.read_bytes(), state.st_mtime_ns, state.st_mode
    return found


def _planned(photo: ImageRecord, *, moves: bool) -> PlannedPhoto:
    file = PlannedFile(photo.full_path, photo.size, photo.modified_ns, photo.digest)
    sidecar = photo.full_path.with_suffix(".xmp")
    if not (moves and sidecar.exists()):
        return PlannedPhoto(photo.id, file, (), ())
    state = sidecar.lstat()
    along = PlannedFile(sidecar, state.st_size, state.st_mtime_ns)
    return PlannedPhoto(photo.id, file, (along,), ())


def planned(folder: Path) -> None:
    """Six photos in groups, and a plan that keeps one of each; a sidecar moves along."""
    clustered(folder)
    (folder / TRASH).mkdir()
    (folder / PHOTOS / "1" / "1.xmp").write_text("rating: 5")
    with Store(folder / COLLECTION) as store:
        photos = store.catalog.images_by_id(range(100))
    groups = [
        PlannedGroup(
            (_planned(kept, moves=False),), tuple(_planned(photo, moves=True) for photo in moved)
        )
        for kept, *moved in (photos[:3], photos[3:])
    ]
    plan = Plan("a plan", "shots", "2026-01-01T00:00:00+00:00", tuple(groups))
    (folder / PLAN).write_bytes(plan_bytes(plan))


def purged(folder: Path) -> None:
    """The same, in the trash."""
    planned(folder)
    with Collection(folder / COLLECTION, settings=SETTINGS) as made:
        made.apply_purge(read_plan(folder / PLAN))


APPLY, UNDO = ("purge", "apply", PLAN, "--yes"), ("purge", "undo", PLAN)
ELSEWHERE = (*APPLY, "--trash", TRASH, "--across-devices")

OPERATIONS = (
    Operation("purge", APPLY, planned),
    Operation("purge across devices", ELSEWHERE, planned),
    Operation("undo", UNDO, purged),
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What was there before anything was purged."""

    photos: Tree
    kept: frozenset[str]
    ids: tuple[int, ...]


def expected_of(folder: Path) -> Expected:
    """Of a prepared folder, what undoing must bring back."""
    plan = read_plan(folder / PLAN)
    kept = {str(p.file.path.relative_to(folder / PHOTOS)) for g in plan.groups for p in g.kept}
    with Collection(folder / COLLECTION, create=False, settings=SETTINGS) as found:
        found.undo_purge() if found.purges() else None
        return Expected(tree(folder / PHOTOS), frozenset(kept), tuple(found.photo_ids()))


def lost(folder: Path, expected: Expected) -> Iterator[str]:
    """Photos that are not there any more, in whatever place."""
    now = tree(folder / PHOTOS)
    held = [content for content, *_ in (*now.values(), *tree(folder / TRASH).values())]
    for name, (content, *_) in expected.photos.items():
        if content not in held:
            yield f"{name} is lost"
    for name in expected.kept:
        if now.get(name) != expected.photos[name]:
            yield f"{name}, which was to stay, did not"


def restored(folder: Path, expected: Expected) -> Iterator[str]:
    """How all that was undone differs from what was before."""
    if tree(folder / PHOTOS) != expected.photos:
        yield "undone, photos are not what they were"
    if tree(folder / TRASH):
        yield "undone, something is in the trash"
    with Collection(folder / COLLECTION, create=False, settings=SETTINGS) as found:
        if tuple(found.photo_ids()) != expected.ids:
            yield "undone, other photos are present"
        again = found.index()
    if again.added or again.changed or again.removed or again.moved:
        yield f"undone, a scan finds changes: {again}"


def _telling(outcome: Outcome, action: str, *, may_fail: bool) -> Iterator[str]:
    allowed = {"kill": {-9, 137}, "SIGINT": {0, 130}}.get(action, {0, 1, 3})
    if outcome.code not in allowed or "Traceback" in outcome.errors:
        yield f"exit code {outcome.code}: {outcome.errors.strip()[-300:]}"
    refused = action in ("ENOSPC", "EIO") and not may_fail
    if refused and outcome.code == 0 and not outcome.errors.startswith("annclust: "):
        yield "nobody is told"


def violations(place: Workplace, expected: Expected, undo: bool) -> Iterator[str]:
    """Everything that is not as promised after a break, and in what comes then."""
    folder = place.folder
    yield from lost(folder, expected)
    yield from (f"{p.invariant}: {p.message}" for p in broken_promises(folder) if not p.derived)
    if not undo:
        again = place.run()
        if again.code:
            yield f"the next run fails with {again.code}: {again.errors.strip()[-200:]}"
        yield from lost(folder, expected)
    with Collection(folder / COLLECTION, create=False, settings=SETTINGS) as found:
        if found.purges():
            told = found.undo_purge()
            yield from (f"not restored: {each}" for each in told.not_restored)
    yield from restored(folder, expected)


def break_at(
    place: Workplace, expected: Expected, point: Point, action: str, *, undo: bool
) -> tuple[int, list[str]]:
    """Break an operation at one point, then go on or undo at once."""
    place.restore()
    outcome = broken(place.run, point, PURGE_ACTIONS[action])
    found = list(_telling(outcome, action, may_fail=point.may_fail))
    try:
        return outcome.code, [*found, *violations(place, expected, undo)]
    except AnnclustError as error:
        return outcome.code, [*found, f"{type(error).__name__}: {error}"]


def _concerns(action: str, point: Point) -> bool:
    return action not in ("EXDEV", "EINVAL") or point.call == "renameat2"


def attack(operation: Operation, actions: list[str], every: int, zygote: Zygote) -> tuple[int, int]:
    """Break an operation at every `every`-th point; gives how many points and violations."""
    with scratch() as folder:
        place = Workplace(Path(folder), 0, operation, zygote)
        expected = expected_of(place.folder)
        place.restore()
        found = points(place.run, place.folder, COLLECTION)
        tasks = [(a, p) for a in actions for p in found[::every] if _concerns(a, p)]
        ends = [
            break_at(place, expected, point, action, undo=bool(number % 2))
            for number, (action, point) in enumerate(tasks)
        ]
    return len(tasks), report(operation, tasks, ends)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--action", nargs="+", choices=PURGE_ACTIONS, default=list(PURGE_ACTIONS))
    parser.add_argument("--operation", help="only those whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    options = parser.parse_args()
    chosen = [o for o in OPERATIONS if (options.operation or "") in o.name]
    with ExitStack() as stack, ThreadPoolExecutor(len(chosen)) as pool:
        zygotes = [stack.enter_context(Zygote()) for _ in chosen]
        run = partial(attack, actions=options.action, every=options.every)
        tasks = zip(chosen, zygotes, strict=True)
        results = list(pool.map(lambda task: run(task[0], zygote=task[1]), tasks))
    total, bad = (sum(column) for column in zip(*results, strict=True))
    print(f"{total} points, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

"""System calls: breaks every operation at every call that touches the disk, and looks what is left.

    python scripts/faults/system_calls.py [--action kill ENOSPC EIO SIGINT] [--every 1] [--jobs 2]

After each break the collection must open, keep every promise that cannot be mended, hold all that
it held before, and reach the very state that an unbroken run reaches when the same command is given
again. Errors must be told in a line or two and end with code 1, Ctrl-C with 130.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from operations import COLLECTION, OPERATIONS, SETTINGS, Operation
from tracing import Outcome, Point, Run, broken, points
from zygote import Zygote

from annclust.collection import Collection
from annclust.errors import AnnclustError
from annclust.storage.layout import KINDS
from annclust.storage.store import Store
from annclust.storage.verify import DAMAGED_VECTORS, Problem

ACTIONS = {
    "kill": "signal=KILL",
    "ENOSPC": "error=ENOSPC",
    "EIO": "error=EIO",
    "SIGINT": "signal=INT",
}

State = dict[tuple[int, str], tuple[bytes, int | None]]
"""Digest and cluster of every photo, by the embedder (0 is that in use) and its path."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What an operation starts from and leads to."""

    before: dict[str, int]
    after: State
    vectors: int
    damage: frozenset[str]
    """Invariants that are broken from the start, and for the operation to mend."""


def ids(folder: Path) -> dict[str, int]:
    """Lowest id of the photos of every digest; none if there is no collection yet."""
    if not Store.exists(folder / COLLECTION):
        return {}
    with Collection(folder / COLLECTION, create=False, settings=SETTINGS) as found:
        records = list(found.photo_table().records)
    # Copies of a photo come after it.
    return {str(r["digest"]): int(str(r["id"])) for r in reversed(records)}


def state(folder: Path) -> State:
    """What the collection says of every photo."""
    with Store(folder / COLLECTION) as store:
        seen = {0: store, **{each.catalog.set_number: each for each in store.of_each_set()}}
        return {
            (number, row.path.name): (row.digest, row.cluster)
            for number, each in seen.items()
            for row in each.catalog.export("shots")
        }


def broken_promises(folder: Path) -> list[Problem]:
    """What `annclust check` finds; nothing if there is no collection yet."""
    if not Store.exists(folder / COLLECTION):
        return []
    with Collection(folder / COLLECTION, create=False, settings=SETTINGS) as found:
        return list(found.check().problems)


def vectors(folder: Path) -> int:
    """Committed rows, of all embedders."""
    with Store(folder / COLLECTION) as store:
        return sum(found.rows for found in store.catalog.vector_sets())


class Workplace:
    """A folder in which an operation is prepared, broken, and prepared anew.

    A collection knows its photos by their absolute paths, so each job has a place of its own.
    """

    def __init__(self, scratch: Path, number: int, operation: Operation, zygote: Zygote) -> None:
        self.run: Run = partial(
            zygote.run,
            operation.command,
            scratch / f"place {number}",
            few_are_many=operation.few_are_many,
        )
        self.folder, self._kept = scratch / f"place {number}", scratch / f"kept {number}"
        self.folder.mkdir()
        operation.prepare(self.folder)
        shutil.copytree(self.folder, self._kept)

    def restore(self) -> None:
        """Bring back the prepared state."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._kept, self.folder)


def reference(operation: Operation, place: Workplace) -> tuple[Reference, list[Point]]:
    """Run an operation without breaking it."""
    before, damage = ids(place.folder), broken_promises(place.folder)
    found = points(place.run, place.folder, COLLECTION)
    invariants = frozenset(problem.invariant for problem in damage)
    if invariants & DAMAGED_VECTORS:  # a file that is cut is made whole first, its vectors then
        invariants |= DAMAGED_VECTORS
    return Reference(before, state(place.folder), vectors(place.folder), invariants), found


def violations(
    operation: Operation,
    place: Workplace,
    expected: Reference,
    outcome: Outcome,
    action: str,
    may_fail: bool,
) -> Iterator[str]:
    """Everything that is not as promised after a break."""
    yield from _telling(outcome, action, may_fail=may_fail)
    path = place.folder / COLLECTION
    if Store.exists(path):
        rows = vectors(place.folder)
        yield from (
            f"{problem.invariant}: {problem.message}"
            for problem in broken_promises(place.folder)
            if not (problem.derived or problem.invariant in expected.damage)
        )
        kept = ids(place.folder)
        lost = {d for d in expected.before if d not in kept} - _may_go(expected)
        if lost:
            yield f"{len(lost)} photos were lost"
        if any(kept.get(d, number) != number for d, number in expected.before.items()):
            yield "a photo has another id"
        if operation.name.startswith("index") and rows > expected.vectors:
            yield "something was embedded twice"
    if outcome.code == 0:
        yield from (
            f"at its end, {difference}" for difference in differences(place.folder, expected)
        )
    yield from _recovery(place, expected)


def _may_go(expected: Reference) -> set[str]:
    """Contents that the operation itself drops."""
    return set(expected.before) - {digest for digest, _ in expected.after.values()}


def _telling(outcome: Outcome, action: str, *, may_fail: bool) -> Iterator[str]:
    if "Traceback" in outcome.errors:
        yield f"a traceback: {outcome.errors.splitlines()[-1]}"
    allowed = {"kill": {-9, 137}, "SIGINT": {0, 130}}.get(action, {0, 1})
    if outcome.code not in allowed:
        yield f"exit code {outcome.code}: {outcome.errors.strip()[-200:]}"
    refused = action in ("ENOSPC", "EIO") and not may_fail
    if outcome.code == 0 and refused and not outcome.errors.startswith("annclust: "):
        yield "nobody is told"
    if outcome.code == 1 and len(outcome.errors.strip().splitlines()) not in (1, 2):
        yield f"the error is not told in a line or two: {outcome.errors!r}"


def _recovery(place: Workplace, expected: Reference) -> Iterator[str]:
    again = place.run()
    if again.code:
        yield f"the next run fails with {again.code}: {again.errors.strip()[-200:]}"
        return
    yield from (
        f"after the next run, {difference}" for difference in differences(place.folder, expected)
    )


def differences(folder: Path, expected: Reference) -> Iterator[str]:
    """Everything by which a collection differs from what the operation leads to."""
    if state(folder) != expected.after:
        yield "another state"
    if vectors(folder) != expected.vectors:
        yield f"{vectors(folder)} vectors instead of {expected.vectors}"
    yield from (f"{p.invariant}: {p.message}" for p in broken_promises(folder))
    yield from _broken_arrays(folder / COLLECTION)


def _broken_arrays(collection: Path) -> Iterator[str]:
    """Arrays in use that were written as damaged as they are: their digests agree."""
    with Store(collection) as store:
        current = [store.catalog.generation(kind) for kind in KINDS]
    for file in (file for generation in current if generation for file in generation.files):
        if file.name.endswith(".npy"):
            try:
                np.load(collection / file.name, mmap_mode="r")
            except ValueError as error:
                yield f"{file.name}: {error}"


def break_at(
    operation: Operation, place: Workplace, point: Point, action: str, expected: Reference
) -> tuple[int, list[str]]:
    """Break an operation at one point; gives its exit code and all violations."""
    place.restore()
    outcome = broken(place.run, point, ACTIONS[action])
    try:
        return outcome.code, list(
            violations(operation, place, expected, outcome, action, point.may_fail)
        )
    except AnnclustError as error:
        return outcome.code, [f"{type(error).__name__}: {error}"]


def attack(
    operation: Operation, actions: list[str], every: int, zygotes: list[Zygote]
) -> tuple[int, int]:
    """Break an operation at every `every`-th point; gives how many points and violations."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(len(zygotes)) as pool:
        places: SimpleQueue[Workplace] = SimpleQueue()
        for number, zygote in enumerate(zygotes):
            places.put(Workplace(Path(scratch), number, operation, zygote))
        place = places.get()
        expected, found = reference(operation, place)
        places.put(place)

        def run(task: tuple[str, Point]) -> tuple[int, list[str]]:
            place = places.get()
            try:
                return break_at(operation, place, task[1], task[0], expected)
            finally:
                places.put(place)

        tasks = [(action, point) for action in actions for point in found[::every]]
        ends = list(pool.map(run, tasks))
    return len(tasks), report(operation, tasks, ends)


def report(
    operation: Operation, tasks: list[tuple[str, Point]], ends: list[tuple[int, list[str]]]
) -> int:
    """Print what came of an operation; gives the number of points with a violation."""
    for (action, point), (_, problems) in zip(tasks, ends, strict=True):
        for problem in problems:
            print(f"VIOLATION {operation.name}, {action} at {point.call} {point.number}: {problem}")
    codes = dict(Counter(code for code, _ in ends))
    bad = sum(bool(problems) for _, problems in ends)
    print(
        f"{operation.name}: {len(tasks)} points, exit codes {codes}, {bad} violations", flush=True
    )
    return bad


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--action", nargs="+", choices=ACTIONS, default=list(ACTIONS))
    parser.add_argument("--operation", help="only those whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [o for o in OPERATIONS if (options.operation or "") in o.name]
    with ExitStack() as stack:
        zygotes = [stack.enter_context(Zygote()) for _ in range(options.jobs)]
        results = [attack(o, options.action, options.every, zygotes) for o in chosen]
    total, bad = (sum(column) for column in zip(*results, strict=True))
    print(f"{total} points, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

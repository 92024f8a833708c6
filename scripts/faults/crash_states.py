"""Crash states: what the power going at any moment may leave on a disk, and whether that will do.

    python scripts/faults/crash_states.py [--lives 6] [--rounds 2] [--every 1] [--jobs 2]
    python scripts/faults/crash_states.py --lives 0 --operation compact

The system calls of some lives (:mod:`workload`) and of every operation are recorded. At each call
the disk is thought to lose power: what was not synced by then is lost, reordered, torn or zeros, as
chance will have it. Each state that comes of it is written to a folder and checked: a life must be
at the step that was acknowledged, or the one being taken, and go on; an operation must have lost
nothing, and lead to its end when it is given again.

A state is counted once for each step that was acknowledged when it came about: the same files may
do for one and not for the other.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from disks.crash_moments import Choices, Moment, moments
from disks.disk_changes import fingerprint, restore
from living.bugs import plant
from operations import COLLECTION, OPERATIONS
from scratch import scratch
from workload import command
from zygote import Zygote

Check = Callable[[int], list[str]]
"""Violations of what was restored, given the last step that was acknowledged."""


@dataclass(slots=True)
class Outcome:
    """What came of a task."""

    name: str
    points: int = 0
    states: set[bytes] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)


def examine(
    outcome: Outcome, found: Iterator[Moment], folder: Path, check: Check, *, first: bool
) -> None:
    """Write each state that is new to a folder, and check it."""
    last = 0
    for moment in found:
        outcome.points += moment.point != last
        last = moment.point
        key = fingerprint(moment.tree) + moment.acknowledged.to_bytes(4)
        if key in outcome.states:
            continue
        outcome.states.add(key)
        shutil.rmtree(folder / COLLECTION, ignore_errors=True)
        restore(moment.tree, folder)
        outcome.violations += [
            f"{outcome.name}, after call {moment.point} ({moment.call}): {violation}"
            for violation in check(moment.acknowledged)
        ]
        if first and outcome.violations:
            return


def live(seed: int, choices: Choices) -> Outcome:
    """Crash a life."""
    from living.inspection import inspect

    outcome = Outcome(f"life {seed}")
    with scratch() as place:
        folder = Path(place)
        life = command(folder, seed, choices.rounds, bug=choices.bug)

        def check(acknowledged: int) -> list[str]:
            return inspect(folder, seed, acknowledged).violations

        examine(outcome, moments(life, folder, choices), folder, check, first=choices.first)
    return outcome


def operate(name: str, choices: Choices) -> Outcome:
    """Crash an operation."""
    from operation_end import Ending
    from system_calls import Workplace, reference

    operation = next(o for o in OPERATIONS if o.name == name)
    outcome = Outcome(name)
    with scratch() as place_name, Zygote() as zygote:
        place = Workplace(Path(place_name), 0, operation, zygote)
        expected, _ = reference(operation, place)
        place.restore()
        ending = Ending(operation, place.folder, expected)
        given = [sys.executable, "-m", "annclust", *operation.command]
        found = moments(given, place.folder, choices)
        examine(outcome, found, place.folder, ending.violations, first=choices.first)
    return outcome


def prepare(bug: str | None) -> None:
    """Plant the bug in a process that checks."""
    plant(bug)


def report(outcome: Outcome) -> None:
    for violation in outcome.violations:
        print(f"VIOLATION {violation}")
    print(
        f"{outcome.name}: {outcome.points} points, {len(outcome.states)} states,"
        f" {len(outcome.violations)} violations",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lives", type=int, default=6, help="how many lives")
    parser.add_argument("--seed", type=int, default=1, help="of the first life")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each life")
    parser.add_argument("--operation", default="", help="only those whose name contains this")
    parser.add_argument("--no-operations", action="store_true", help="only lives")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    parser.add_argument("--states", type=int, default=14, help="most states for a point")
    parser.add_argument("--only-grown", action="store_true", help="zeros only at ends of files")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--bug", help="a bug to plant (planted_bugs.py lists them)")
    given = parser.parse_args()
    choices = Choices(
        given.states, given.every, given.rounds, given.only_grown, given.first, given.bug
    )
    names = [o.name for o in OPERATIONS if given.operation in o.name and not given.no_operations]
    started = time.monotonic()
    spawn = get_context("spawn")  # FAISS does not survive a fork
    with ProcessPoolExecutor(given.jobs, spawn, prepare, (given.bug,)) as pool:
        seeds = range(given.seed, given.seed + given.lives)
        tasks = [pool.submit(live, seed, choices) for seed in seeds]
        tasks += [pool.submit(operate, name, choices) for name in names]
        outcomes = []
        for task in tasks:
            outcomes.append(task.result())
            report(outcomes[-1])
            if given.first and outcomes[-1].violations:
                pool.shutdown(cancel_futures=True)
                break
    states = len({(o.name, state) for o in outcomes for state in o.states})
    bad = sum(len(o.violations) for o in outcomes)
    print(f"{time.monotonic() - started:.0f} seconds")
    print(f"{states} states, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

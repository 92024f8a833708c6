"""Crash moments: at each call of a program, what the power going there may leave of a folder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from call_log import Call, recorded
from disk_changes import Pending, Tree
from operations import COLLECTION
from simulated_disk import SimulatedDisk

_STDOUT = 1


@dataclass(frozen=True, slots=True)
class Choices:
    """How thorough a run is.

    Parameters
    ----------
    states : int
        Most states tried for each point.
    every : int
        Only every n-th point.
    rounds : int
        Of each life.
    only_grown : bool
        Whether zeros are left only where a file has grown, never in the place of what was there.
    first : bool
        Whether the first violation is enough.
    bug : str or None
        Planted both in what is recorded and in what checks.
    """

    states: int
    every: int
    rounds: int
    only_grown: bool
    first: bool
    bug: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """A state that a crash may leave, at which call, and what was acknowledged by then."""

    point: int
    call: str
    acknowledged: int
    tree: Tree


def moments(command: Sequence[str], folder: Path, choices: Choices) -> Iterator[Moment]:
    """Run a command in a folder, and give every state to be looked at, in the order of its calls.

    Raises
    ------
    RuntimeError
        If the calls that were recorded do not make what it left on the disk.
    """
    disk, rehearsal = (SimulatedDisk(folder, COLLECTION) for _ in range(2))
    calls = recorded(command, folder)
    for call in calls:
        rehearsal.follow(call)
    if rehearsal.left(rehearsal.pending) != SimulatedDisk(folder, COLLECTION).left([]):
        raise RuntimeError("the simulated disk does not hold what the real one holds")
    point = done = 0
    for call in calls:
        before, done = done, _acknowledged(call) or done
        if disk.follow(call) or done != before:
            point += 1
            if point % choices.every == 0:
                yield from _moments(point, call.name, done, disk, choices)
    yield from _moments(point + 1, "exit", done or 1, disk, choices)


def _moments(
    point: int, call: str, acknowledged: int, disk: SimulatedDisk, choices: Choices
) -> Iterator[Moment]:
    for survivors in fates(disk.pending, random.Random(point), choices):
        yield Moment(point, call, acknowledged, disk.left(survivors))


def _acknowledged(call: Call) -> int | None:
    """The step that a call acknowledges; operations acknowledge nothing before their end."""
    if call.name != "write" or call.arguments[0] != _STDOUT:
        return None
    lines = call.content(1).split()
    return int(lines[-1]) if lines and lines[-1].isdigit() else None


def fates(
    pending: Sequence[Pending], rng: random.Random, choices: Choices
) -> Iterator[list[Pending]]:
    """What may have become of the changes that are not sure to stay, in some ways."""
    zeroed = partial(Pending.zeroed, only_grown=choices.only_grown)
    yield []
    yield list(pending)
    if not pending:
        return
    yield [change for change in pending if change.names]
    yield [change for change in pending if not change.names]
    yield [zeroed(change) for change in pending]
    yield [*pending[:-1], *pending[-1].torn(rng)]
    for number in range(choices.states - 6):
        chosen = rng.randrange(len(pending))
        match number % 4:
            case 0:  # one is lost
                yield [change for each, change in enumerate(pending) if each != chosen]
            case 1:  # one came first
                yield [pending[chosen]]
            case 2:  # in order, up to a torn one
                yield [*pending[:chosen], *pending[chosen].torn(rng)]
            case _:
                yield [part for change in pending for part in _fate(change, zeroed, rng)]


def _fate(
    change: Pending, zeroed: Callable[[Pending], Pending], rng: random.Random
) -> list[Pending]:
    match rng.randrange(6):
        case 0 | 1:
            return []
        case 2:
            return change.torn(rng)
        case 3:
            return [zeroed(change)]
        case _:
            return [change]

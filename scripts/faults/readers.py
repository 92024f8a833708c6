"""Readers: many look at a collection while one writer after another is killed.

    python scripts/faults/readers.py [--seconds 60] [--readers 8] [--seed 0]

Writers index, remove, bring back, cluster and compact, and are killed at any moment. Half of the
readers keep the collection open, the others open it again and again; all of them must see whole
states only, and never an older one than before. No reader may fail.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from corrupting.questions import ONE_THREAD
from reading.rounds import Album, prepare, write
from reading.witness import Witness
from watched import PROCESSES, beside

from annclust.collection import Collection

_STEPS = 4
"""Steps that a writer begins at most, before it is killed in the last one."""
_LAST_STEP = 0.7
"""Seconds of the last step at most; a step takes 0.1 to 0.7."""
_LOOKS = 12
"""Looks at a collection before it is opened again."""
_PAUSE = 0.02
"""Most seconds between two looks: a writer would never end a step among so many readers else."""
_MOST = 20
"""Violations that one reader reports."""
_PATIENCE = 30.0
"""Seconds by which a reader may be late."""


@dataclass(slots=True)
class Account:
    """What a reader did."""

    looks: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def read(folder: Path, seed: int, until: float, stays: bool, pipe: Connection) -> None:
    """Look at the collection until a moment of the system's clock."""
    witness, account, rng = Witness(folder), Account(), np.random.default_rng(seed)
    shares, looks = zip(*witness.looks, strict=True)
    names = [look.__name__.strip("_") for look in looks]
    while time.monotonic() < until:
        try:
            with Collection(witness.path, create=False, settings=ONE_THREAD) as collection:
                for _ in count() if stays else range(_LOOKS):
                    if time.monotonic() >= until:
                        break
                    chosen = int(rng.choice(len(looks), p=shares))
                    account.violations += looks[chosen](collection)
                    account.looks[names[chosen]] += 1
                    time.sleep(rng.uniform(0, _PAUSE))
        except Exception as error:
            account.violations.append(f"a reader fails: {type(error).__name__}: {error}")
    account.violations = account.violations[:_MOST]
    pipe.send(account)


@dataclass(slots=True)
class Writing:
    """What the writers did: steps that ended, steps in which they were killed, and failures."""

    ended: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def writers_killed(folder: Path, seed: int, until: float) -> Writing:
    """Let one writer after another run, and kill each in one of its steps."""
    rng, writing = np.random.default_rng(seed), Writing()
    for number in count():
        if time.monotonic() >= until:
            break
        told, theirs = PROCESSES.Pipe(duplex=False)
        writer = PROCESSES.Process(target=write, args=(folder, seed + number, theirs), daemon=True)
        writer.start()
        theirs.close()
        begun = list(_begun(told, int(rng.integers(1, _STEPS + 1)), until))
        writer.join(rng.uniform(0, _LAST_STEP))
        if writer.exitcode is not None:
            writing.failures.append(f"a writer ended by itself with {writer.exitcode}")
        writer.kill()
        writer.join()
        writing.ended.update(begun[:-1])
        writing.killed.update(begun[-1:] or ["opening"])
    return writing


def _begun(told: Connection, steps: int, until: float) -> Iterator[str]:
    """The steps that a writer begins, as long as there is time."""
    with suppress(EOFError):
        for _ in range(steps):
            if not told.poll(max(until - time.monotonic(), 0)):
                return
            yield told.recv()


def collected(pipes: list[Connection]) -> Iterator[Account]:
    """What all readers did."""
    for pipe in pipes:
        try:
            yield pipe.recv() if pipe.poll(_PATIENCE) else Account(Counter(), ["a reader hangs"])
        except EOFError:
            yield Account(Counter(), ["a reader crashed"])


def at_last(folder: Path) -> list[str]:
    """What is wrong when everything has come to rest."""
    witness = Witness(folder)
    try:
        with Collection(witness.path, create=False, settings=ONE_THREAD) as collection:
            collection.index(forget_missing=True)
            collection.cluster()
            found = [violation for _, look in witness.looks for violation in look(collection)]
    except Exception as error:
        found = [f"{type(error).__name__}: {error}"]
    return [f"at last, {violation}" for violation in found]


def soak(folder: Path, seconds: float, readers: int, seed: int) -> tuple[Account, Writing]:
    """Read and write; gives what all readers did together, and what the writers did."""
    beside(prepare, folder)  # what all of them load is loaded then, before time starts to count
    until = time.monotonic() + seconds
    pipes, processes = [], []
    for number in range(readers):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        arguments = (folder, seed + number, until, number % 2 == 0, theirs)
        processes.append(PROCESSES.Process(target=read, args=arguments, daemon=True))
        processes[-1].start()
        theirs.close()
        pipes.append(ours)
    writing = writers_killed(folder, seed, until)
    total = Account()
    for account in collected(pipes):
        total.looks += account.looks
        total.violations += account.violations
    for process in processes:
        process.kill()
        process.join()
    total.violations += [*writing.failures, *beside(at_last, folder)]
    return total, writing


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        total, writing = soak(folder, options.seconds, options.readers, options.seed)
        rounds = Album(folder).newest() + 1
    for violation in total.violations:
        print(f"VIOLATION {violation}")
    _show("steps ended", writing.ended)
    _show("killed in", writing.killed)
    _show("reads", total.looks)
    print(f"{writing.killed.total()} writers killed, {rounds} rounds")
    print(f"{total.looks.total()} reads, {len(total.violations)} violations")
    sys.exit(bool(total.violations))


def _show(what: str, counts: Counter[str]) -> None:
    print(f"{what}: {', '.join(f'{name} {number}' for name, number in counts.most_common())}")


if __name__ == "__main__":
    main()

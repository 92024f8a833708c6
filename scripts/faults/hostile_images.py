"""Hostile images: broken files in bulk, through the processes that decode for `annclust index`.

    python scripts/faults/hostile_images.py [--mutants 50000] [--seed 1] [--samples FOLDER ...]
    python scripts/faults/hostile_images.py --only 4711 [--keep FOLDER]    # one of them again

Small valid files of every format, and those of the folders given, are broken at random. Each must
come back as what was wished (pixels, a thumbnail, a picture of full size or an examination, in
turn) or with a reason in words, within 10 s of processor time; all processes together must do with
1.5 GB of memory, and nothing may die for good or hang. Seed, number and sources of a mutant bring
it back.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from hostile.mutations import Mutant, mutant
from hostile.small_images import small_images
from hostile.usage import MemoryWatch, processor_seconds
from hostile.verdicts import (
    GEOMETRY,
    HEADING,
    LIMITS,
    Most,
    Outcome,
    Tally,
    violations,
    wish_of,
)

from annclust.images.decode_workers import DecodeWorkers, ReadJob, memory_for_large_pictures

_AT_A_TIME = 500  # mutants on disk, for each worker
_LARGEST_SAMPLE = 1 << 20
_HANGING = 300.0
"""Seconds without any result; a file costs 90 at most, or twice that if it kills its worker."""


class Lane:
    """One worker with a thread of its own, so that it is known what each file takes."""

    def __init__(self, workers: DecodeWorkers) -> None:
        self._workers = workers
        self.current: Mutant | None = None

    @property
    def pid(self) -> int:
        """The worker's process id; 0 while there is none."""
        return next(iter(self._workers.pids), 0)

    def decode(self, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
        """Have mutants decoded; gives what comes back for each, in their order."""
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            jobs = [_saved(mutant, Path(folder)) for mutant in mutants]
            # A lone worker answers in the order of the questions.
            coming = iter(mutants)
            self.current = next(coming)
            began, pid, used = time.monotonic(), self.pid, processor_seconds(self.pid)
            for result in self._workers.run(jobs):
                clock, processor = time.monotonic() - began, processor_seconds(self.pid) - used
                same = self.pid == pid
                yield Outcome(result, clock, processor if same else clock, not same and pid > 0)
                self.current = next(coming, None)
                began, pid, used = time.monotonic(), self.pid, processor_seconds(self.pid)


def _saved(mutant: Mutant, folder: Path) -> ReadJob:
    path = folder / str(mutant.number)
    path.write_bytes(mutant.data)
    return ReadJob(mutant.number, os.fsencode(path), wish=wish_of(mutant))


@dataclass(slots=True, eq=False)
class Findings:
    """What all lanes found.

    Parameters
    ----------
    most_memory : float
        Bytes that all processes may have together.
    keep : Path or None
        Where mutants that break a rule are saved.
    """

    most_memory: float
    keep: Path | None
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    memory: Most = field(default_factory=Most)
    violations: int = 0
    last_result: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, mutant: Mutant, outcome: Outcome) -> None:
        """Take note of what became of a mutant."""
        with self.lock:
            self.last_result = time.monotonic()
            self.tallies[mutant.format].take(mutant.number, outcome)
            for problem in violations(mutant, outcome):
                self.blame(problem, mutant)

    def blame(self, problem: str, *mutants: Mutant) -> None:
        """Say that a rule was broken, and save the mutants that did it."""
        self.violations += 1
        for each in mutants:
            what = f"{each.source}: {', '.join(each.recipe)}; now {each.format}"
            print(f"VIOLATION mutant {each.number} ({what}): {problem}", flush=True)
            if self.keep is not None:
                self.keep.mkdir(parents=True, exist_ok=True)
                _saved(each, self.keep)

    def look(self, lanes: Sequence[Lane], each: Sequence[int], total: int) -> None:
        """Take note of the memory in use, of each worker and of all processes together."""
        current = [lane.current for lane in lanes]
        busy = [mutant for mutant in current if mutant is not None]
        with self.lock:
            for mutant, own in zip(current, each, strict=True):
                if mutant is not None:
                    self.tallies[mutant.format].memory.take(own, mutant.number)
            if self.memory.amount <= self.most_memory < total:
                self.blame(f"all processes together have {total / 1e6:.0f} MB", *busy)
            self.memory.take(total, *(mutant.number for mutant in busy))
            if time.monotonic() - self.last_result > _HANGING:
                self.blame("nothing comes back any more", *busy)
                os._exit(1)  # closing the workers might hang as well

    def report(self) -> None:
        """Print what became of all."""
        everything = Tally()
        print(HEADING)
        for name, tally in sorted(self.tallies.items()):
            print(tally.line(name))
            everything.add(tally)
        print(everything.line("all"))
        numbers = " and ".join(map(str, self.memory.mutants))
        print(f"all processes together: at most {self.memory.amount / 1e6:.0f} MB, at {numbers}")


def attack(lane: Lane, mutants: Sequence[Mutant], findings: Findings) -> None:
    """Have mutants decoded, and look at what comes back; there must be one outcome of each."""
    outcomes = 0
    for outcome in lane.decode(mutants):
        if outcomes < len(mutants):
            findings.take(mutants[outcomes], outcome)
        outcomes += 1
    if outcomes != len(mutants):
        findings.blame(f"{outcomes} results for {len(mutants)} mutants from it on", mutants[0])


def sources(folders: Iterable[Path]) -> list[tuple[str, bytes]]:
    """What mutants are made from: the small images, then all files of some folders."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    small = [path for path in files if path.stat().st_size <= _LARGEST_SAMPLE]
    return [*small_images().items(), *((path.name, path.read_bytes()) for path in small)]


def run(chunks: Iterator[list[Mutant]], jobs: int, findings: Findings) -> None:
    """Have chunks of mutants decoded by some workers at a time."""
    taking = threading.Lock()

    def work(lane: Lane) -> None:
        while True:
            with taking:  # and making: a generator serves one thread at a time
                chunk = next(chunks, [])
            if not chunk:
                return
            attack(lane, chunk, findings)

    with ExitStack() as stack:
        memory = memory_for_large_pictures(
            replace(LIMITS, workers=jobs)
        )  # as if all were workers of one run
        everyone = [DecodeWorkers(GEOMETRY, LIMITS, memory=memory) for _ in range(jobs)]
        lanes = [Lane(stack.enter_context(workers)) for workers in everyone]
        stack.enter_context(
            MemoryWatch(
                lambda: [lane.pid for lane in lanes],
                lambda each, total: findings.look(lanes, each, total),
            )
        )
        list(stack.enter_context(ThreadPoolExecutor(jobs)).map(work, lanes))


def chunked(
    numbers: Sequence[int], seed: int, files: Sequence[tuple[str, bytes]]
) -> Iterator[list[Mutant]]:
    """Mutants of some numbers, not too many at a time."""
    for start in range(0, len(numbers), _AT_A_TIME):
        yield [mutant(number, seed, files) for number in numbers[start : start + _AT_A_TIME]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--samples", type=Path, nargs="+", default=[], help="folders of more files")
    parser.add_argument("--memory", type=float, default=1500, help="megabytes for all processes")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="make only this mutant")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="save those that break a rule")
    options = parser.parse_args()
    started, findings = time.monotonic(), Findings(1e6 * options.memory, options.keep)
    files = sources(options.samples)
    numbers: Sequence[int] = range(-len(small_images()), options.mutants)
    if options.only is not None:
        numbers = [options.only]
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            _saved(mutant(options.only, options.seed, files), options.keep)
    run(chunked(numbers, options.seed, files), max(1, options.jobs), findings)
    findings.report()
    seconds = time.monotonic() - started
    print(f"{len(numbers)} files in {seconds:.0f} s, {findings.violations} violations")
    sys.exit(bool(findings.violations))


if __name__ == "__main__":
    main()

"""Kill points: kills a life at every system call that touches the disk, and looks what is left.

    python scripts/faults/kill_points.py [--rounds 1] [--every 1] [--jobs 2]

What :mod:`system_calls` does with operations this does with a life (:mod:`workload`), of which is
known what it acknowledged. Nothing that was written is lost: that is left to :mod:`crash_states`.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock

from living.bugs import plant
from living.inspection import inspect
from operations import COLLECTION
from scratch import scratch
from tracing import Point, Run, broken, points, run
from workload import acknowledged, command

KILLED = (-9, 137)


class Killer:
    """Kills a life wherever it is told to, each time in a folder of its own.

    Parameters
    ----------
    seed, rounds : int
        Of the life.
    bug : str or None
    """

    def __init__(self, seed: int, rounds: int, bug: str | None) -> None:
        self._seed, self._rounds, self._bug = seed, rounds, bug
        self._one_at_a_time = Lock()

    def _run(self, folder: str) -> Run:
        life = command(Path(folder), self._seed, self._rounds, bug=self._bug)
        return partial(run, life, Path(folder))

    def points(self) -> list[Point]:
        """Where the life can be killed."""
        with scratch() as folder:
            return points(self._run(folder), Path(folder), COLLECTION)

    def kill(self, point: Point) -> list[str]:
        """Kill it there; gives the violations."""
        with scratch() as folder:
            outcome = broken(self._run(folder), point, "signal=KILL")
            if outcome.code not in KILLED:
                return [f"it ended with {outcome.code}: {outcome.errors.strip()[-200:]}"]
            # What looks may have a bug planted, too, which must not meet itself.
            with self._one_at_a_time:
                return inspect(Path(folder), self._seed, acknowledged(outcome.output)).violations


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--bug", help="a bug to plant (planted_bugs.py lists them)")
    options = parser.parse_args()
    plant(options.bug)
    killer = Killer(options.seed, options.rounds, options.bug)
    chosen = killer.points()[:: options.every]
    killed = bad = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(killer.kill, point) for point in chosen]
        for point, task in zip(chosen, tasks, strict=True):
            violations = task.result()
            killed, bad = killed + 1, bad + bool(violations)
            for violation in violations:
                print(f"VIOLATION killed at {point.call} {point.number}: {violation}", flush=True)
            if violations and options.first:
                pool.shutdown(wait=True, cancel_futures=True)
                break
    print(f"{killed} points, {bad} violations")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

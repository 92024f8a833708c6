"""Histories: folders of photos go through anything, and a perfect model says what must come of it.

    python scripts/faults/histories.py [--examples 1000] [--steps 50] [--jobs 2] [--seed 1]
    TMPDIR=/dev/shm python scripts/faults/histories.py    # a little faster

Runs the state machine of tests/pipeline/test_any_history.py much longer than the test does. Each
process takes a share of the histories under a seed of its own, which brings them back.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from hypothesis import Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Share:
    """The histories of one process.

    Parameters
    ----------
    examples, steps : int
        How many histories, and how long each one is at most.
    seed : int
        The same seed gives the same histories, as long as hypothesis and the machine stay the same.
    shrink : bool
        Whether to look for a shorter history that fails as well, which takes minutes.
    """

    examples: int
    steps: int
    seed: int
    shrink: bool


def run(share: Share) -> tuple[str, Counter[str]]:
    """Go through the histories of a share; gives what failed, if anything, and what happened."""
    sys.path.insert(0, str(REPOSITORY))
    from tests.pipeline.test_any_history import AnyHistory

    choices = settings(
        max_examples=share.examples,
        stateful_step_count=share.steps,
        phases=[Phase.generate, *([Phase.shrink] if share.shrink else [])],
        database=None,
        deadline=None,
        suppress_health_check=[],
        verbosity=Verbosity.normal,
    )
    try:
        run_state_machine_as_test(seed(share.seed)(AnyHistory), settings=choices)
    except Exception:
        return traceback.format_exc(), AnyHistory.events
    return "", AnyHistory.events


def shares(examples: int, steps: int, first_seed: int, jobs: int, *, shrink: bool) -> list[Share]:
    """Split the histories among processes, as evenly as it goes."""
    counts = [examples // jobs + (number < examples % jobs) for number in range(jobs)]
    return [
        Share(count, steps, first_seed + number, shrink)
        for number, count in enumerate(counts)
        if count
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of the first process")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shrink", action="store_true", help="look for shorter failures")
    options = parser.parse_args()
    started = time.monotonic()
    parts = shares(
        options.examples, options.steps, options.seed, max(1, options.jobs), shrink=options.shrink
    )
    events: Counter[str] = Counter()
    failures = 0
    with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as pool:
        for share, (failure, happened) in zip(parts, pool.map(run, parts), strict=True):
            events += happened
            if failure:
                failures += 1
                print(f"VIOLATION with seed {share.seed} of {share.examples} histories:\n{failure}")
    print(", ".join(f"{count:,} {name}" for name, count in sorted(events.items())))
    seconds = time.monotonic() - started
    print(f"{options.examples} histories of {options.steps} steps in {seconds:.0f} s,", end=" ")
    print(f"{failures} violations")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()

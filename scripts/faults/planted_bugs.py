"""Planted bugs: which harness finds which of the mistakes that a writer could make?

    sudo python scripts/faults/planted_bugs.py [--bug NAME ...] [--harness NAME ...] [--jobs 2]

Every harness runs once with each bug, until it finds something, and once with none. All is well if
each bug is found by one of them at least, and nothing where there is none. Prints a table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from disks.lossy_disk import unavailable
from living.bugs import BUGS, Bug

_PATIENCE = 1_800
"""Seconds; a bug may make a harness hang, which is a way of finding it."""

POWER_LOSS = "power loss"


@dataclass(frozen=True, slots=True)
class Harness:
    """A script that breaks things, and how thoroughly it does here."""

    name: str
    script: str
    options: tuple[str, ...]

    def command(self, bug: Bug | None) -> list[str]:
        """Its command line."""
        script = Path(__file__).with_name(self.script)
        planted = ["--bug", bug.name] if bug else []
        return [sys.executable, str(script), *self.options, "--first", *planted]


LIFE = ("--seed", "7", "--rounds", "1")
"""In its first round, files of every kind are made, made again, and compacted away."""

HARNESSES = (
    Harness("kill", "kill_points.py", (*LIFE, "--every", "5", "--jobs", "1")),
    Harness(
        "crash states",
        "crash_states.py",
        (*LIFE, "--lives", "1", "--no-operations", "--only-grown", "--jobs", "1"),
    ),
    Harness(POWER_LOSS, "power_loss.py", ("--crashes", "20", "--acknowledged", "50")),
    Harness("flipped bits", "flipped_bits.py", ("--mutants", "100")),
)
"""None of them runs for long: bugs are not shy."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a harness said.

    Parameters
    ----------
    found : bool
        Whether it found anything; breaking down counts.
    example : str
        The first violation.
    """

    found: bool
    example: str


def judge(harness: Harness, bug: Bug | None) -> Verdict:
    """Run a harness, with a bug or with none."""
    try:
        done = subprocess.run(
            harness.command(bug), capture_output=True, text=True, errors="replace",
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Verdict(found=True, example="it hangs")
    lines = [line for line in done.stdout.splitlines() if line.startswith("VIOLATION")]
    lines += [f"it ends with {done.returncode}", *done.stderr.strip().splitlines()[-1:]]
    return Verdict(bool(done.returncode), lines[0] if done.returncode else "")


def row(cells: Sequence[str]) -> str:
    """One row of the table."""
    return f"| {' | '.join(cells)} |"


def test(bug: Bug | None, harnesses: Sequence[Harness]) -> list[Verdict]:
    """Run every harness."""
    return [judge(harness, bug) for harness in harnesses]


def show(bug: Bug | None, verdicts: Sequence[Verdict]) -> bool:
    """Print a row; gives whether all is well."""
    found = [verdict.found for verdict in verdicts]
    name, mistake = (bug.name, bug.mistake) if bug else ("none", "")
    print(row([name, mistake, *("found" if each else "" for each in found)]), flush=True)
    for verdict in verdicts:
        if verdict.found and bug is None:
            print(verdict.example, file=sys.stderr)
    return any(found) == bool(bug)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bug", nargs="+", choices=BUGS, default=list(BUGS))
    names = [harness.name for harness in HARNESSES]
    parser.add_argument("--harness", nargs="+", choices=names, default=names)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    reason = unavailable() if POWER_LOSS in options.harness else None
    if reason:
        print(f"Without {POWER_LOSS}: {reason}.", file=sys.stderr)
    skipped = {POWER_LOSS} if reason else set()
    chosen = [h for h in HARNESSES if h.name in options.harness and h.name not in skipped]
    bugs = [None, *(BUGS[name] for name in options.bug)]
    print(row(["bug", "mistake", *(harness.name for harness in chosen)]))
    print(row(["---"] * (2 + len(chosen))), flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = pool.map(lambda bug: test(bug, chosen), bugs)
        well = [show(*each) for each in zip(bugs, verdicts, strict=True)]
    print(f"{len(bugs) - 1} bugs, {well[1:].count(False)} not found")
    sys.exit(not all(well))


if __name__ == "__main__":
    main()

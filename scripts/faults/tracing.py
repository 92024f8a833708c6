"""Tracing: runs a command under strace, which lists its system calls or breaks one of them.

Only the first thread is traced: all that changes a collection happens there, and strace counts
calls for each thread by itself.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("openat", "write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync", "rename"),
    *("renameat", "renameat2", "unlink", "unlinkat", "mkdir", "rmdir", "flock"),
)
"""System calls that may change what is on disk, or who may."""


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call of a kind, counted from 1.

    `may_fail` says that nobody needs to be told if it does.
    """

    call: str
    number: int
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    output: str
    errors: str


def tracer(log: Path | None) -> list[str]:
    """The start of a strace command."""
    return ["strace", "-qq", "-o", str(log or "/dev/null"), "-e", f"trace={','.join(CALLS)}"]


def run(command: Sequence[str], folder: Path, *options: str, log: Path | None = None) -> Outcome:
    """Run a command under strace with more options of it."""
    done = subprocess.run(
        [*tracer(log), *options, "--", *command],
        cwd=folder, capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


Run = Callable[..., Outcome]
"""Runs a command, given options of strace and, by keyword, a `log` for its system calls."""


def _may_fail(line: str) -> bool:
    return any(re.search(pattern, line) for pattern in _MAY_FAIL)


def points(run: Run, folder: Path, collection: str) -> list[Point]:
    """Every call from the first that names the collection on, in order.

    Calls before it load the program. Those that only open something for reading are left out.
    """
    log = folder / "trace"
    outcome = run("-y", log=log)
    if outcome.code:
        raise RuntimeError(f"the command failed unbroken: {outcome.errors}")
    seen: Counter[str] = Counter()
    found: list[Point] = []
    reached = False
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(\w+)\(", line)
        if match is None:
            continue
        seen[match[1]] += 1
        reached = reached or collection in line
        reads_only = match[1] == "openat" and not re.search(r"O_(WRONLY|RDWR|CREAT)", line)
        if reached and not reads_only:
            found.append(Point(match[1], seen[match[1]], _may_fail(line)))
    return found


_MAY_FAIL = (
    r'EEXIST|, "", 0\)',  # asks for what is there, or for nothing
    r"O_TMPFILE|\(deleted\)",  # whether the disk has locks; the lock itself will tell
    r"^fdatasync\(\d+<[^>]*\.annclust>",  # SQLite syncs a folder where the system can do that
    r"\.sqlite-shm",  # what readers know of the log; they can do without
    r'^openat.*\.sqlite(-wal)?"',  # SQLite opens for reading then; writing will tell
    r"^unlink.*\.sqlite-wal",  # which is empty
    r"^rmdir",  # an empty folder is left
    r"^flock\(\d+<[^>]*(?<!writer\.lock)>",  # folders of photos, where the disk has locks
    r"\bwork-\w+-",  # parts of unfinished work: without them it only takes longer
)
"""Calls, as strace writes them, of which nobody needs to be told if they fail."""


def broken(run: Run, point: Point, action: str) -> Outcome:
    """Run a command and break it at a point: ``signal=KILL``, ``error=ENOSPC``, …"""
    return run("-e", f"inject={point.call}:{action}:when={point.number}")

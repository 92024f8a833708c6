"""Reporting: what every benchmark prints beside its figures."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version

from annclust.settings import usable_cores


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def versions(*packages: str) -> str:
    """One line: machine, Python and the packages that matter for a figure."""
    found = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{usable_cores()} cores ({platform.machine()}), Python {platform.python_version()},"
        f" {found}"
    )


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def command_seconds(*arguments: object) -> float:
    """Wall-clock seconds of one `annclust` command in a process of its own."""
    command = [sys.executable, "-m", "annclust", *map(str, arguments)]

    def run() -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")

    return seconds(run)

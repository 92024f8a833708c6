"""How tests run the scripts of scripts/faults."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts" / "faults"

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
"""Without measuring coverage, which writes files, too: those are not what is to be broken."""


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script."""
    return subprocess.run(
        [sys.executable, SCRIPTS / script, *options],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=500, check=False,
    )  # fmt: skip


def figures(script: str, *options: str) -> tuple[int, int]:
    """Run a script; gives how much it tried and how many violations it found.

    Its exit code must agree with what it says.
    """
    done = run(script, *options)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    tried, violations = (int(word) for word in done.stdout.split("\n")[-2].split()[::2])
    assert done.returncode == bool(violations), done.stdout + done.stderr
    return tried, violations

"""A short slice of scripts/faults/readers.py; docs/reliability.md has the full run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "scripts" / "faults" / "readers.py"

pytestmark = pytest.mark.skipif(
    not HARNESS.exists(), reason="an installed annclust has no scripts beside its tests"
)


def test_readers_see_whole_states_only_while_writers_are_killed() -> None:
    # Measuring coverage in processes that are killed leaves data files that are not whole.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = subprocess.run(
        [sys.executable, HARNESS, "--seconds", "8", "--readers", "3"],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    reads, killed, _, violations = map(int, re.findall(r"\d+", done.stdout.split("\n")[-2]))
    assert reads >= 200
    assert killed >= 2
    assert violations == 0

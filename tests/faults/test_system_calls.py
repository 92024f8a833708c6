"""A short slice of scripts/faults/system_calls.py; docs/reliability.md has the full run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "scripts" / "faults" / "system_calls.py"

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.skipif(
        not HARNESS.exists(), reason="an installed annclust has no scripts beside its tests"
    ),
]


@pytest.mark.parametrize(
    ("operation", "action", "every"),
    [("first index", "kill", 30), ("every change", "EIO", 30), ("compact", "kill", 40)],
)
def test_nothing_is_lost_wherever_an_operation_breaks_off(
    operation: str, action: str, every: int
) -> None:
    # Measuring coverage writes files, too, which is not what is to be broken.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = subprocess.run(
        [sys.executable, HARNESS, "--operation", operation, "--action", action,
         "--every", str(every), "--jobs", "1"],
        capture_output=True, text=True, env=environment, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    points, violations = (int(word) for word in done.stdout.split("\n")[-2].split()[::2])
    assert points >= 3
    assert violations == 0

"""A short slice of scripts/faults/corruption.py; docs/reliability.md has the full run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "scripts" / "faults" / "corruption.py"

pytestmark = pytest.mark.skipif(
    not HARNESS.exists(), reason="an installed annclust has no scripts beside its tests"
)


def test_damage_is_told_or_without_effect_and_never_answered_wrongly() -> None:
    # Measuring coverage in processes that are killed leaves data files that are not whole.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = subprocess.run(
        [sys.executable, HARNESS, "--mutants", "66", "--seed", "20", "--jobs", "1",
         "--repair-every", "3"],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    mutants, violations = (int(word) for word in done.stdout.split("\n")[-2].split()[::2])
    assert (mutants, violations) == (66, 0)

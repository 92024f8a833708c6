"""A short slice of scripts/faults/power_loss.py; docs/reliability.md has the full run."""

from __future__ import annotations

import pytest

from tests.faults.harness import SCRIPTS, figures, run

UNAVAILABLE = 2

pytestmark = pytest.mark.skipif(
    not SCRIPTS.exists(), reason="an installed annclust has no scripts beside its tests"
)


def test_what_was_acknowledged_outlasts_the_loss_of_power() -> None:
    tried = run("power_loss.py", "--crashes", "0")
    if tried.returncode == UNAVAILABLE:
        pytest.skip(tried.stderr.strip())
    crashes, violations = figures("power_loss.py", "--crashes", "5", "--acknowledged", "40")
    assert crashes == 5
    assert violations == 0

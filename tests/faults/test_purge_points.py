"""A short slice of scripts/faults/purge_points.py; docs/reliability.md has the full run."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.harness import SCRIPTS, figures

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.skipif(
        not SCRIPTS.exists(), reason="an installed annclust has no scripts beside its tests"
    ),
]


@pytest.mark.parametrize("action", ["kill", "EIO", "EXDEV", "EINVAL"])
def test_no_photo_is_lost_wherever_a_purge_or_its_undoing_breaks_off(action: str) -> None:
    points, violations = figures(
        "purge_points.py",
        "--action",
        action,
        "--every",
        "4" if action in ("EXDEV", "EINVAL") else "17",
    )
    assert points >= 3
    assert violations == 0

"""A short slice of scripts/faults/planted_bugs.py; docs/reliability.md has the full table."""

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


@pytest.mark.parametrize(
    ("bug", "harness", "options"),
    [
        ("vectors-not-synced", "crash_states.py", ["--lives", "1", "--rounds", "1",
         "--every", "2", "--no-operations", "--jobs", "1"]),
        ("tail-kept", "kill_points.py", ["--seed", "7", "--every", "10", "--jobs", "1"]),
        ("digest-not-checked", "flipped_bits.py", ["--mutants", "20"]),
    ],
)  # fmt: skip
def test_a_planted_bug_is_found(bug: str, harness: str, options: list[str]) -> None:
    _, violations = figures(harness, "--bug", bug, "--first", *options)
    assert violations


def test_damaged_derived_files_are_believed_by_nobody() -> None:
    mutants, violations = figures("flipped_bits.py", "--mutants", "40")
    assert mutants == 40
    assert violations == 0


def test_a_killed_life_goes_on_from_what_it_acknowledged() -> None:
    points, violations = figures("kill_points.py", "--every", "60", "--jobs", "1")
    assert points >= 5
    assert violations == 0

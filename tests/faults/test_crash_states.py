"""A short slice of scripts/faults/crash_states.py; docs/reliability.md has the full run."""

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
    ("what", "fewest"),
    [
        (["--lives", "1", "--rounds", "1", "--every", "25", "--no-operations"], 50),
        (["--lives", "0", "--operation", "compact", "--every", "53"], 5),
        (["--lives", "0", "--operation", "embedder", "--every", "53"], 5),
    ],
)
def test_whatever_a_crash_leaves_is_what_was_acknowledged(what: list[str], fewest: int) -> None:
    states, violations = figures("crash_states.py", *what, "--jobs", "1")
    assert states >= fewest
    assert violations == 0

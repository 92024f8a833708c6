"""A short slice of scripts/faults/system_calls.py; docs/reliability.md has the full run."""

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
    ("operation", "action", "every"),
    [("first index", "kill", 30), ("every change", "EIO", 30), ("compact", "kill", 40),
     ("add an embedder", "kill", 40), ("use another", "EIO", 10),
     ("cluster again", "ENOSPC", 10), ("heal", "SIGINT", 20), ("migrate", "kill", 10),
     ("first index of many", "ENOSPC", 40), ("many again", "kill", 30), ("extend many", "EIO", 40)],
)  # fmt: skip
def test_nothing_is_lost_wherever_an_operation_breaks_off(
    operation: str, action: str, every: int
) -> None:
    points, violations = figures(
        "system_calls.py", "--operation", operation, "--action", action,
        "--every", str(every), "--jobs", "1",
    )  # fmt: skip
    assert points >= 3
    assert violations == 0

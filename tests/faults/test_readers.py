"""A short slice of scripts/faults/readers.py; docs/reliability.md has the full run."""

from __future__ import annotations

import pytest

from tests.faults.harness import SCRIPTS, figures

pytestmark = pytest.mark.skipif(
    not SCRIPTS.exists(), reason="an installed annclust has no scripts beside its tests"
)


def test_readers_see_whole_states_only_while_writers_are_killed() -> None:
    reads, violations = figures("readers.py", "--seconds", "8", "--readers", "3")
    assert reads >= 200
    assert violations == 0

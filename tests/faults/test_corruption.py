"""A short slice of scripts/faults/corruption.py; docs/reliability.md has the full run."""

from __future__ import annotations

import pytest

from tests.faults.harness import SCRIPTS, figures

pytestmark = pytest.mark.skipif(
    not SCRIPTS.exists(), reason="an installed annclust has no scripts beside its tests"
)


def test_damage_is_told_or_without_effect_and_never_answered_wrongly() -> None:
    mutants, violations = figures(
        "corruption.py", "--mutants", "66", "--seed", "20", "--jobs", "1", "--repair-every", "3"
    )
    assert (mutants, violations) == (66, 0)

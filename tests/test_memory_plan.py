"""One budget for all processes of a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.errors import InputError
from annclust.memory_plan import MEBIBYTE, parse_size, plan_memory
from annclust.settings import IndexingSettings


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2G", 2 << 30),
        ("1.5G", 3 << 29),
        ("800M", 800 << 20),
        ("800 MiB", 800 << 20),
        ("4gb", 4 << 30),
        (" 64k ", 64 << 10),
        ("1T", 1 << 40),
        ("123", 123),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "two", "1,5G", "1.G", "5 bananas", "1e9"])
def test_what_is_no_size_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InputError, match="is no size"):
        parse_size(text)


@given(budget=st.integers(640 * MEBIBYTE, 1 << 40), workers=st.integers(1, 200))
def test_what_is_shared_out_is_within_the_budget(budget: int, workers: int) -> None:
    plan = plan_memory(budget, workers)
    assert 1 <= plan.workers <= workers
    assert plan.pictures >= 128 * MEBIBYTE
    assert plan.pictures + 64 * MEBIBYTE * plan.workers < budget


def test_too_little_is_an_error_that_says_how_much_it_takes() -> None:
    with pytest.raises(InputError, match="at least 640M, not 500M"):
        plan_memory(500 * MEBIBYTE, 2)


def test_settings_within_a_budget_hold_every_stage_to_it() -> None:
    settings = IndexingSettings.within(threads=8, memory=800 * MEBIBYTE)
    assert settings.decode.workers < 8
    assert settings.decode.pictures is not None
    assert settings.search.memory == 800 * MEBIBYTE
    assert IndexingSettings.within(threads=8).decode.pictures is None

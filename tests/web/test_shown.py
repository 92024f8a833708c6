"""Names, times and exposures as a person reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.errors import InputError
from annclust.images.capture import Capture
from annclust.web.shown import shown_error, shown_exposure, shown_text, shown_time


@given(st.binary() | st.text())
def test_any_name_can_be_sent_and_printed(name: bytes | str) -> None:
    shown = shown_text(name)
    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown
    assert shown.isprintable()


def test_a_name_that_can_be_read_stays_as_it_is() -> None:
    assert shown_text("Ærø 2024.jpg".encode()) == "Ærø 2024.jpg"
    assert shown_text(Path("a/b.jpg")) == "a/b.jpg"


def test_bytes_that_are_no_text_and_control_characters_are_marked() -> None:
    assert shown_text(b"a\xff\x00b\n") == "a\ufffd\ufffdb\ufffd"
    assert shown_text("a\udcffb\ud800") == "a\ufffdb\ufffd"


def test_an_error_is_one_line() -> None:
    assert shown_error(InputError("it is\n  so\udcff.")) == "it is so\ufffd."


@given(st.integers(-(1 << 63) + 1, (1 << 63) - 1))
def test_any_time_that_can_be_stored_is_shown(nanoseconds: int) -> None:
    shown = shown_time(nanoseconds)
    assert shown is not None
    back = datetime.fromisoformat(shown).replace(tzinfo=UTC)
    assert abs(back - datetime(1970, 1, 1, tzinfo=UTC)).days <= 106752


def test_no_time_is_no_time() -> None:
    assert shown_time(None) is None
    assert shown_time(1_700_000_000_500_000_000) == "2023-11-14T22:13:20.500000"


@pytest.mark.parametrize(
    ("capture", "shown"),
    [
        (Capture(), None),
        (Capture(exposure_seconds=0.004, f_number=2.8, iso=100), "1/250 s · f/2.8 · ISO 100"),
        (Capture(exposure_seconds=2.5, iso=3200), "2.5 s · ISO 3200"),
        (Capture(exposure_seconds=0.5), "0.5 s"),
        (Capture(f_number=11.0), "f/11"),
        (Capture(exposure_seconds=1e-9), "1/1000000000 s"),
    ],
)
def test_an_exposure_is_told_as_photographers_do(capture: Capture, shown: str | None) -> None:
    assert shown_exposure(capture) == shown

from __future__ import annotations

import json

import pytest
from hypothesis import given

from annclust.images.examination import Bars, Examination
from tests.images.scenery import examined, scenery
from tests.purge.candidates import candidates

SEEN = examined(scenery(600, 400))


def test_what_was_measured_outlives_json() -> None:
    told = json.loads(json.dumps(SEEN.measures))
    assert Examination.from_measures(told, SEEN.thumbnail) == SEEN


@given(candidate=candidates())
def test_whatever_was_measured(candidate) -> None:
    seen = candidate.examination
    assert Examination.from_measures(seen.measures, seen.thumbnail) == seen


@pytest.mark.parametrize("name", ["wedge", "jpeg_quality", "worn_quality"])
def test_some_of_it_may_be_unknown(name: str) -> None:
    told = SEEN.measures | {name: None}
    assert getattr(Examination.from_measures(told, SEEN.thumbnail), name) is None


@pytest.mark.parametrize("name", SEEN.measures.keys())
@pytest.mark.parametrize("wrong", ["1", True, float("nan"), float("inf"), -1, 1 << 40, []])
def test_what_cannot_have_been_measured_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Examination.from_measures({**SEEN.measures, name: wrong}, SEEN.thumbnail)


UNKNOWN = {"wedge", "jpeg_quality", "worn_quality"}


@pytest.mark.parametrize("name", sorted(SEEN.measures.keys() - UNKNOWN))
def test_nothing_else_may_be_missing(name: str) -> None:
    told = {other: value for other, value in SEEN.measures.items() if other != name}
    with pytest.raises(ValueError, match="cannot be None"):
        Examination.from_measures(told, SEEN.thumbnail)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 1.5},
        {"colors": 0},
        {"colors": 65_537},
        {"jpeg_quality": 0.5},
        {"color": 256},
        {"dark": 1.01},
        {"bar_left": 0.6, "bar_right": 0.6},
        {"bar_top": 0.6, "bar_bottom": 0.6},
    ],
)
def test_nor_what_is_just_beyond_its_bounds(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|more than there is"):
        Examination.from_measures(SEEN.measures | wrong, SEEN.thumbnail)


@pytest.mark.parametrize("length", [0, 1023, 1025, 1024 + 143, 1024 + 145])
def test_maps_have_their_size(length: int) -> None:
    with pytest.raises(ValueError, match="maps"):
        Examination.from_measures(SEEN.measures, bytes(length))


def test_bars_leave_something_between_them() -> None:
    bars = Bars(top=0.2, bottom=0.3, left=0.5)
    assert (bars.across, bars.down) == (0.5, 0.5)
    assert bars.share == 0.75

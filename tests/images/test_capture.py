from __future__ import annotations

import io
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from annclust.images.capture import Capture, capture_of

TAKEN, FRACTION, BIAS, SECONDS, F_NUMBER, ISO, ORIENTATION = (
    0x9003,
    0x9291,
    0x9204,
    0x829A,
    0x829D,
    0x8827,
    0x0112,
)


def test_what_a_camera_wrote_is_read() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            TAKEN: "1970:01:02 00:00:01",
            FRACTION: "25",
            BIAS: -2 / 3,
            SECONDS: 1 / 250,
            F_NUMBER: 2.8,
            ISO: 400,
        }
    )
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif)
    read = Image.open(file).getexif()
    found = capture_of({**read, **read.get_ifd(ExifTags.IFD.Exif)})
    assert found.taken_ns == 86_401_250_000_000
    assert found.exposure_bias == pytest.approx(-0.667, abs=1e-3)
    assert found.exposure_seconds == pytest.approx(0.004)
    assert (found.f_number, found.iso, found.orientation) == (pytest.approx(2.8), 400, 6)


def test_nothing_written_is_nothing_known() -> None:
    assert capture_of({}) == Capture()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (TAKEN, "0000:00:00 00:00:00"),
        (TAKEN, "2024:13:01 00:00:00"),
        (TAKEN, "yesterday"),
        (TAKEN, b"2024:01:01 00:00:00"),
        (BIAS, math.nan),
        (BIAS, "1"),
        (SECONDS, 0),
        (F_NUMBER, -1.0),
        (ISO, ()),
        (ISO, [100]),
        (ORIENTATION, 9),
        (ORIENTATION, 0.5),
    ],
)
def test_what_makes_no_sense_is_left_out(tag: int, value: object) -> None:
    assert capture_of({tag: value}) == Capture()


def test_a_number_that_is_a_division_by_zero_is_left_out() -> None:
    class Broken:
        def __float__(self) -> float:
            raise ZeroDivisionError

    assert capture_of({BIAS: Broken()}) == Capture()


def test_numbers_come_in_any_form() -> None:
    assert capture_of({ISO: (200, 0)}).iso == 200
    assert capture_of({SECONDS: Fraction(1, 8)}).exposure_seconds == 0.125


def test_a_fraction_that_is_none_leaves_whole_seconds() -> None:
    assert capture_of({TAKEN: "1970:01:01 00:00:02", FRACTION: "x"}).taken_ns == 2 * 10**9


def test_exposure_value_is_that_of_apex() -> None:
    sunny = Capture(exposure_seconds=1 / 128, f_number=16, iso=100)
    assert sunny.exposure_value == 15
    assert Capture(exposure_seconds=1 / 128, f_number=16).exposure_value is None


@given(
    st.dictionaries(
        st.sampled_from([TAKEN, FRACTION, BIAS, SECONDS, F_NUMBER, ISO, ORIENTATION]),
        st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.tuples(st.integers())),
    )
)
def test_whatever_is_written_it_is_read(tags: dict[int, object]) -> None:
    found = capture_of(tags)
    assert found.orientation is None or 1 <= found.orientation <= 8
    assert found.iso is None or found.iso > 0

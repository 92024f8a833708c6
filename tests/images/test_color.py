from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from annclust.images.color import flatten

RAMP = np.linspace(0, 1, 256).reshape(16, 16)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (np.uint16, 65535),
        (np.int32, 255),
        (np.int32, 65535),
        (np.float32, 1),
        (np.float32, 255),
        (np.float32, 65535),
    ],
)
def test_deep_gray_is_scaled_to_eight_bits(values: type, scale: int) -> None:
    flat = flatten(Image.fromarray((RAMP * scale).astype(values)))
    assert flat.mode == "L"
    np.testing.assert_allclose(np.asarray(flat), RAMP * 255, atol=1)


def test_dark_sixteen_bit_gray_stays_dark() -> None:
    dark = Image.fromarray((RAMP * 2000).astype(np.uint16))
    assert np.asarray(flatten(dark)).max() == 8  # of 255, as 2000 of 65535


def test_numbers_beyond_any_usual_range_are_scaled_by_what_there_is() -> None:
    flat = flatten(Image.fromarray((RAMP * 3e6 - 1e6).astype(np.int32)))
    np.testing.assert_allclose(np.asarray(flat), RAMP * 255, atol=1)


@pytest.mark.parametrize(
    ("white", "highest"), [(1, 1.01), (1, 4), (1, 16), (255, 300), (255, 4096)]
)
def test_what_is_brighter_than_white_is_white(white: float, highest: float) -> None:
    values = (RAMP * highest).astype(np.float32)
    expected = np.minimum(values / white, 1) * 255
    np.testing.assert_allclose(np.asarray(flatten(Image.fromarray(values))), expected, atol=1)


@pytest.mark.parametrize("not_finite", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 100, 255])
def test_one_value_that_is_not_finite_changes_no_other(not_finite: float, place: int) -> None:
    values = RAMP.astype(np.float32)
    values.flat[place] = not_finite
    flat = np.asarray(flatten(Image.fromarray(values)))
    expected = RAMP * 255
    expected.flat[place] = 255 if not_finite == np.inf else 0
    np.testing.assert_allclose(flat, expected, atol=1)


def test_without_any_number_all_is_black() -> None:
    assert not np.asarray(flatten(Image.fromarray(np.full((4, 4), np.nan, np.float32)))).any()


@pytest.mark.parametrize("overshoot", [-0.0001, -0.04])
def test_values_a_little_below_zero_are_black(overshoot: float) -> None:
    values = RAMP.astype(np.float32)
    values[0, 0] = overshoot
    np.testing.assert_allclose(np.asarray(flatten(Image.fromarray(values))), RAMP * 255, atol=1)


def test_values_clearly_below_zero_are_a_part_of_the_picture() -> None:
    flat = flatten(Image.fromarray((RAMP * 2 - 1).astype(np.float32)))
    np.testing.assert_allclose(np.asarray(flat), RAMP * 255, atol=1)


def test_big_endian_gray_is_scaled_too() -> None:
    flat = flatten(Image.fromarray((RAMP * 65535).astype(">u2")))
    np.testing.assert_allclose(np.asarray(flat), RAMP * 255, atol=1)


@pytest.mark.parametrize("values", [np.uint16, np.int32, np.float32])
def test_a_picture_of_several_strips_is_scaled_as_one(values: type) -> None:
    ramp = np.linspace(0, 1, 3000 * 1000).reshape(3000, 1000)
    flat = np.asarray(flatten(Image.fromarray((ramp * 65535).astype(values))))
    np.testing.assert_allclose(flat, ramp * 255, atol=1)


def test_a_plain_negative_field_is_black() -> None:
    assert not np.asarray(flatten(Image.fromarray(np.full((4, 4), -7, np.int32)))).any()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_shows_white(mode: str) -> None:
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0)).convert(mode)
    assert flatten(clear).getcolors() == [(16, (255, 255, 255))]


def test_half_transparent_black_over_white_is_gray() -> None:
    (_, color), *others = flatten(Image.new("RGBA", (4, 4), (0, 0, 0, 128))).getcolors() or []
    assert (color, others) == ((127, 127, 127), [])


def test_a_transparent_color_of_a_palette_shows_white() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([200, 0, 0, 0, 200, 0])
    picture.putpixel((1, 0), 1)
    picture.info["transparency"] = 0
    assert [flatten(picture).getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 200, 0)]


def test_ink_is_not_inverted() -> None:
    no_ink, all_ink = Image.new("CMYK", (1, 1), 0), Image.new("CMYK", (1, 1), (0, 0, 0, 255))
    assert flatten(no_ink).getpixel((0, 0)) == (255, 255, 255)
    assert flatten(all_ink).getpixel((0, 0)) == (0, 0, 0)


def test_the_lightness_of_lab_is_understood() -> None:
    white, black = (Image.new("LAB", (1, 1), (level, 128, 128)) for level in (255, 0))
    assert min(flatten(white).getpixel((0, 0))) >= 250  # type: ignore[arg-type]
    assert max(flatten(black).getpixel((0, 0))) <= 5  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "YCbCr", "HSV", "RGBX", "RGBa"])
def test_other_modes_become_eight_bit_gray_or_rgb(mode: str) -> None:
    assert flatten(Image.new(mode, (2, 2))).mode in ("L", "RGB")

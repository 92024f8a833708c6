from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from annclust.images.color import flatten
from annclust.images.late_pixels import Box
from annclust.images.scaling import cut_and_scale
from annclust.input_geometry import Size

MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "I", "F"]


def noise(mode: str, width: int, height: int) -> Image.Image:
    """A picture in which no two places look alike."""
    rng = np.random.default_rng(width * height)
    if mode in ("I;16", "I", "F"):
        types = {"I;16": np.uint16, "I": np.int32, "F": np.float32}
        return Image.fromarray(rng.integers(0, 65536, (height, width)).astype(types[mode]))
    bands = Image.fromarray(rng.integers(0, 256, (height, width, 4), dtype=np.uint8))
    if mode == "LAB":
        return Image.merge("LAB", bands.split()[:3])
    return (
        bands.convert("RGB").convert(mode)
        if mode in ("CMYK", "YCbCr", "HSV")
        else (bands.convert(mode))
    )


def plainly(picture: Image.Image, box: Box, size: Size) -> Image.Image:
    """The same with large copies."""
    return flatten(picture).resize(size, Image.Resampling.BICUBIC, box, reducing_gap=3.0)


@pytest.mark.parametrize("mode", MODES)
def test_strips_change_not_one_pixel(mode: str) -> None:
    picture, box = noise(mode, 1300, 1100), (100.25, 33.5, 1100.25, 1033.5)
    scaled, expected = cut_and_scale(picture, box, (20, 30)), plainly(picture, box, (20, 30))
    assert scaled.mode == expected.mode
    np.testing.assert_array_equal(np.asarray(scaled), np.asarray(expected))


@given(
    mode=st.sampled_from(["1", "P", "LA", "RGBA", "CMYK"]),
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    margins=st.tuples(*[st.floats(0, 0.49)] * 4),
)
def test_nor_does_any_size_or_window(
    mode: str, width: int, height: int, size: Size, margins: tuple[float, float, float, float]
) -> None:
    picture = noise(mode, width, height)
    left, top, right, bottom = margins
    box = left * width, top * height, (1 - right) * width, (1 - bottom) * height
    scaled, expected = cut_and_scale(picture, box, size), plainly(picture, box, size)
    np.testing.assert_array_equal(np.asarray(scaled), np.asarray(expected))


def test_a_picture_of_many_strips_is_put_together_from_all_of_them() -> None:
    picture = noise("RGBA", 3000, 2500)
    box = (200.5, 0.0, 2700.5, 2500.0)
    scaled, expected = cut_and_scale(picture, box, (64, 64)), plainly(picture, box, (64, 64))
    np.testing.assert_array_equal(np.asarray(scaled), np.asarray(expected))


def test_a_color_that_stands_for_transparent_shows_white_in_every_strip() -> None:
    picture = Image.new("RGB", (2000, 2000), (1, 2, 3))
    picture.info["transparency"] = (1, 2, 3)
    assert cut_and_scale(picture, (0, 0, 2000, 2000), (16, 16)).getcolors() == [
        (256, (255, 255, 255))
    ]

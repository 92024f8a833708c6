from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from annclust.images.orientation import UPRIGHT, central_window, orientation_of
from annclust.input_geometry import InputGeometry
from tests.images.samples import STORED_BY, as_stored, difference, encode, landscape, seen


def stored(picture: Image.Image, orientation: int, extension: str = "png") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return encode(as_stored(picture, orientation), extension, exif=exif.tobytes())


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("orientation", STORED_BY)
def test_every_orientation_comes_out_upright(orientation: int, extension: str) -> None:
    upright = seen(encode(landscape(97, 64), extension))
    turned = seen(stored(landscape(97, 64), orientation, extension))
    assert (turned.width, turned.height) == (97, 64)
    assert difference(turned.pixels, upright.pixels) < 4


@pytest.mark.parametrize("orientation", STORED_BY)
@pytest.mark.parametrize("size", [(97, 64), (98, 64), (64, 97), (61, 61)])
def test_an_odd_margin_goes_to_the_same_side_however_it_is_stored(
    size: tuple[int, int], orientation: int
) -> None:
    # Without scaling, every pixel must come from exactly the right place.
    geometry = InputGeometry(short_side=min(size), crop=32)
    noise = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    expected = seen(encode(picture, "png"), geometry).pixels
    np.testing.assert_array_equal(seen(stored(picture, orientation), geometry).pixels, expected)


def test_a_heic_photo_is_not_turned_twice() -> None:
    # Its decoder turns it already.
    file = io.BytesIO(stored(landscape(), 6, "heic"))
    decoded = seen(file.getvalue())
    assert (decoded.width, decoded.height) == (96, 64)
    assert difference(decoded.pixels, seen(encode(landscape(), "heic")).pixels) < 2


@pytest.mark.parametrize("extension", ["jpg", "png", "webp"])
@pytest.mark.parametrize("exif", [b"II*\0\xff\xff\xff\xff broken", b"no TIFF at all", b"MM"])
def test_damaged_exif_is_ignored(exif: bytes, extension: str) -> None:
    whole = encode(landscape(), extension, exif=b"Exif\0\0" + exif)
    without = encode(landscape(), extension)
    np.testing.assert_array_equal(seen(whole).pixels, seen(without).pixels)


@pytest.mark.parametrize("value", [0, 9, "6"])
def test_an_orientation_that_does_not_exist_is_ignored(value: object) -> None:
    picture = landscape()
    picture.getexif()[ExifTags.Base.Orientation] = value
    assert orientation_of(picture) is UPRIGHT


@given(
    width=st.integers(1, 5000),
    height=st.integers(1, 5000),
    short_side=st.integers(1, 600),
    cut=st.integers(0, 599),
)
def test_the_window_rounds_as_torchvision_does(
    width: int, height: int, short_side: int, cut: int
) -> None:
    crop = max(1, short_side - cut)
    left, top, right, bottom = central_window((width, height), InputGeometry(short_side, crop))
    # torchvision.transforms.functional.resize and center_crop, line by line
    short, long = sorted((width, height))
    scaled_long = int(short_side * long / short)
    scaled = (short_side, scaled_long) if width <= height else (scaled_long, short_side)
    expected_left = round((scaled[0] - crop) / 2.0)
    expected_top = round((scaled[1] - crop) / 2.0)
    assert (left * scaled[0], top * scaled[1]) == pytest.approx((expected_left, expected_top))
    assert (right - left) * scaled[0] == pytest.approx(crop)
    assert (bottom - top) * scaled[1] == pytest.approx(crop)
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1

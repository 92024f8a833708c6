from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from annclust.arrays import Pixels
from annclust.images.decoded_image import UndecodableError
from annclust.images.decoding import decode
from annclust.images.formats import RAW
from annclust.input_geometry import InputGeometry, Resample
from tests.images.samples import (
    ENCODINGS,
    ENOUGH_PIXELS,
    GEOMETRY,
    difference,
    empty_png,
    encode,
    landscape,
    reason_against,
    seen,
)


def slow_and_obvious(picture: Image.Image, geometry: InputGeometry) -> Pixels:
    """Scale all of it, then cut, as torchvision does."""
    short = min(picture.size)
    width, height = (geometry.short_side * side // short for side in picture.size)
    if geometry.fit == "squash":
        width = height = geometry.crop
    scaled = picture.resize((width, height), Image.Resampling[geometry.resample.upper()])
    left, top = round((width - geometry.crop) / 2), round((height - geometry.crop) / 2)
    return np.asarray(scaled.crop((left, top, left + geometry.crop, top + geometry.crop)))


def test_a_picture_becomes_a_square_and_tells_what_it_was() -> None:
    decoded = seen(encode(landscape(), "png"))
    assert decoded.pixels.shape == (28, 28, 3)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width, decoded.height, decoded.format) == (96, 64, "PNG")


@pytest.mark.parametrize("extension", ENCODINGS)
def test_every_format_shows_the_same_picture(extension: str) -> None:
    decoded = seen(encode(landscape(), extension))
    assert difference(decoded.pixels, slow_and_obvious(landscape(), GEOMETRY)) < 6


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    short_side=st.integers(8, 40),
    squashed=st.booleans(),
    resample=st.sampled_from(["bicubic", "bilinear", "lanczos"]),
)
@settings(max_examples=120, deadline=None)
def test_cutting_while_scaling_is_scaling_and_cutting(
    width: int, height: int, short_side: int, squashed: bool, resample: Resample
) -> None:
    # Far from black and white: what Pillow clips between its two passes depends on their order.
    noise = np.random.default_rng(width).integers(90, 166, (height, width, 3), dtype=np.uint8)
    geometry = InputGeometry(short_side, max(1, short_side - 5), resample=resample)
    if squashed:
        geometry = InputGeometry.squash(short_side, resample)
    pixels = seen(encode(Image.fromarray(noise), "bmp"), geometry).pixels
    expected = slow_and_obvious(Image.fromarray(noise), geometry)
    averaged_first = max(width, height) >= 6 * short_side
    tolerance = 12 if averaged_first else 2
    assert np.abs(pixels.astype(int) - expected.astype(int)).max() <= tolerance


def by_corners(picture: Image.Image, side: int) -> Pixels:
    """Nearest pixels, written down as Turi Create computes them."""
    x, y = (np.floor(np.arange(side) * (n - 1) / (side - 1) + 0.5) for n in picture.size)
    return np.asarray(picture)[y.astype(int)[:, np.newaxis], x.astype(int)]


@given(width=st.integers(1, 300), height=st.integers(1, 300), side=st.sampled_from([28, 224, 227]))
@settings(max_examples=60, deadline=None)
def test_the_nearest_pixels_are_those_of_turi_create(width: int, height: int, side: int) -> None:
    noise = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    pixels = seen(encode(picture, "png"), InputGeometry.squash(side, "nearest")).pixels
    assert np.array_equal(pixels, by_corners(picture, side))


@pytest.mark.parametrize("extension", ["jpg", "png", "heic", "avif", "gif"])
@pytest.mark.parametrize("turned", [False, True])
def test_nearest_pixels_are_taken_of_the_whole_upright_picture(
    extension: str, turned: bool
) -> None:
    picture = landscape(900, 640)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encode(picture, extension, **({"exif": exif} if turned and extension != "gif" else {}))
    with Image.open(io.BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened.convert("RGB"))
    geometry = InputGeometry.squash(56, "nearest")
    assert np.array_equal(seen(data, geometry).pixels, by_corners(upright, 56))


@pytest.mark.parametrize(
    "wrong",
    [
        (2, 3),
        (3, 2, "squash"),
        (3, 3, "pad"),
        (3, 3, "cover", "cubic"),
        (32, 30, "frame"),
        (48, 48, "frame"),
        (32, 32, "frame", "nearest"),
    ],
)
def test_a_geometry_makes_sense(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"not|no such|multiples"):
        InputGeometry(*wrong)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("extension", ["jpg", "png", "heic"])
def test_a_whole_frame_keeps_its_shape(extension: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encode(landscape(1200, 800), extension, exif=exif)
    with Image.open(io.BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened.convert("RGB"))
    pixels = seen(data, InputGeometry.frame(224)).pixels
    assert pixels.shape == ((192, 288, 3) if upright.width > upright.height else (288, 192, 3))
    expected = np.asarray(upright.resize(pixels.shape[1::-1], Image.Resampling.BICUBIC))
    assert difference(pixels, expected) < 2


@given(width=st.integers(1, 20_000), height=st.integers(1, 20_000))
@example(width=196, height=361)
def test_whole_frames_have_about_one_area(width: int, height: int) -> None:
    geometry = InputGeometry.frame(224)
    across, down = geometry.size_of((width, height))
    assert geometry.allows((across, down))
    assert geometry.size_of((height, width)) == (down, across)
    assert 0.85 < across * down / 224**2 < 1.15
    shape = min(max(width / height, 1 / 4), 4)
    assert 0.75 < across / down / shape < 1.3


def test_a_jpeg_decoded_small_looks_like_one_decoded_whole() -> None:
    whole = encode(landscape(1000, 700), "jpg")
    expected = slow_and_obvious(Image.open(io.BytesIO(whole)), GEOMETRY)
    decoded = seen(whole)
    assert (decoded.width, decoded.height) == (1000, 700)
    assert difference(decoded.pixels, expected) < 1


def test_a_tiny_picture_is_enlarged() -> None:
    assert seen(encode(Image.new("RGB", (2, 1), "red"), "png")).pixels[..., 0].min() == 255


def test_only_the_first_frame_of_an_animation_counts() -> None:
    red, blue = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    for extension in ("gif", "webp", "png", "tif", "avif"):
        data = encode(red, extension, save_all=True, append_images=[blue])
        assert seen(data).pixels[0, 0, 0] > 240


def test_a_colored_sixteen_bit_picture_keeps_its_levels() -> None:
    rows = struct.pack(">HHH", 0x8080, 0x4040, 0xC0C0) * 4
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, 16, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" + rows))
    pixels = seen(data + chunk(b"IEND", b"")).pixels
    assert pixels[0, 0].tolist() == [0x80, 0x40, 0xC0]


def test_sixteen_bit_gray_is_neither_all_white_nor_all_black() -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    for extension in ("png", "tif"):
        pixels = seen(encode(Image.fromarray(ramp), extension)).pixels
        assert 120 < pixels.mean() < 135
        assert np.ptp(pixels) > 180


def test_a_transparent_picture_is_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    for extension in ("png", "webp", "gif", "tif", "avif", "heic"):
        assert seen(encode(clear, extension)).pixels.min() >= 253


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"this is not an image", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported format (SVG)"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unsupported format (PostScript)"),
        (b"\xff\xd8\xff", "damaged JPEG, or of an unsupported kind"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    assert reason_against(data) == reason


def test_too_many_pixels_are_refused_by_the_header() -> None:
    data = empty_png(3000, 2000)[:60]  # there is hardly more than a header
    reason = reason_against(data, max_pixels=5_000_000)
    assert reason == "3000 × 2000 pixels are more than the limit of 5 million"  # noqa: RUF001


def test_a_picture_of_just_the_limit_is_decoded() -> None:
    data = empty_png(300, 200)
    assert decode(data, GEOMETRY, max_pixels=60_000).width == 300
    assert "limit of 59999" in reason_against(data, max_pixels=59_999)


def test_a_frame_that_claims_more_than_its_picture_is_refused() -> None:
    data = bytearray(encode(Image.new("L", (8, 8)), "gif"))
    frame = data.index(b"\x2c\0\0\0\0")
    data[frame + 5 : frame + 9] = struct.pack("<HH", 65535, 65535)
    assert reason_against(bytes(data)) == "it claims more pixels than the limit of 10 million"


@pytest.mark.parametrize("extension", ENCODINGS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_a_part_of_a_picture_is_never_shown(extension: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    whole = encode(Image.fromarray(noise), extension)
    reason = reason_against(whole[: int(len(whole) * share)])
    assert reason.startswith(("truncated ", "damaged "))


def test_what_follows_the_end_of_a_picture_does_no_harm() -> None:
    for extension in ENCODINGS:
        whole = encode(landscape(), extension)
        expected = seen(whole).pixels
        np.testing.assert_array_equal(seen(whole + bytes(500)).pixels, expected)


def test_the_preview_of_a_raw_photo_is_not_taken_for_the_photo() -> None:
    for tags in ({50706: (1, 4, 0, 0)}, {254: 1, 330: 8}, {262: 32803}):
        preview = encode(landscape(), "tif", tiffinfo=tags)
        assert reason_against(preview) == f"damaged {RAW}, or of an unsupported kind"


def test_pillow_is_left_as_it_was() -> None:
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    seen(encode(landscape(), "png"))
    reason_against(b"\xff\xd8\xff")
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == (limit, filters)


SMALL = {extension: encode(landscape(24, 16), extension) for extension in ENCODINGS}


@pytest.mark.parametrize("extension", ENCODINGS)
@given(mutation=st.data())
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_mutilated_file_gives_a_picture_or_a_reason(
    extension: str, mutation: st.DataObject
) -> None:
    data = bytearray(SMALL[extension])
    places = mutation.draw(st.lists(st.integers(0, len(data) - 1), max_size=8))
    for place in places:
        data[place] = mutation.draw(st.integers(0, 255))
    end = mutation.draw(st.integers(0, len(data)))
    try:
        decoded = decode(bytes(data[:end]), GEOMETRY, max_pixels=ENOUGH_PIXELS)
    except UndecodableError as error:
        outcome = error.reason
    else:
        outcome = f"decoded to {decoded.pixels.shape}"
    assert len(outcome.split()) >= 2
    assert not outcome.endswith(".")

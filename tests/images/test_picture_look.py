"""Pictures as a person is shown them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from annclust.images.decoded_image import UndecodableError
from annclust.images.decoding import decode_as
from annclust.images.formats import RAW
from annclust.images.picture import FULL, LARGE, THUMBNAIL, Picture, PictureWish
from annclust.images.picture_look import PictureLook
from scripts.faults.hostile.raw_photos import dng
from tests.images.samples import (
    ENCODINGS,
    ENOUGH_PIXELS,
    STORED_BY,
    as_stored,
    difference,
    encode,
    landscape,
)


def made(data: bytes, wish: PictureWish = THUMBNAIL) -> Picture:
    return decode_as(PictureLook(wish), data, max_pixels=ENOUGH_PIXELS)


def shown(data: bytes, wish: PictureWish = THUMBNAIL) -> Image.Image:
    """What a browser would show."""
    picture = made(data, wish)
    opened = Image.open(io.BytesIO(picture.encoded))
    opened.load()
    assert opened.format == wish.form.upper()
    assert opened.size == (picture.columns, picture.rows)
    assert opened.mode == "RGB"
    return opened


def distance(one: Image.Image, other: Image.Image) -> float:
    return difference(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("extension", sorted(ENCODINGS.keys() - {"ico", "gif"}))
@pytest.mark.parametrize("wish", [PictureWish(60), PictureWish(6000, "JPEG", 92)])
def test_a_photo_of_any_format_can_be_shown(extension: str, wish: PictureWish) -> None:
    seen = shown(encode(landscape(), extension), wish)
    assert distance(seen, landscape().resize(seen.size, Image.Resampling.BICUBIC)) < 6


def test_small_photos_are_not_enlarged() -> None:
    assert shown(encode(landscape(96, 64), "png")).size == (96, 64)
    assert shown(encode(landscape(960, 640), "png")).size == (320, 213)
    assert shown(encode(Image.new("L", (9000, 1)), "png")).size == (320, 1)


def test_the_size_of_the_original_comes_along() -> None:
    picture = made(encode(landscape(960, 640), "jpg"))
    assert (picture.width, picture.height, picture.format) == (960, 640, "JPEG")


@pytest.mark.parametrize("wish", [THUMBNAIL, LARGE, FULL])
@pytest.mark.parametrize("orientation", STORED_BY)
def test_pictures_are_upright(orientation: int, wish: PictureWish) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    upright = landscape(500, 400)
    data = encode(as_stored(upright, orientation), "jpg", quality=98, exif=exif)
    seen = shown(data, wish)
    assert distance(seen, upright.resize(seen.size, Image.Resampling.BICUBIC)) < 4
    picture = made(data, wish)
    assert (picture.width, picture.height) == upright.size


def test_a_giant_jpeg_is_decoded_no_larger_than_it_is_shown() -> None:
    claims: list[int] = []

    def claim(amount: int) -> bool:
        claims.append(amount)
        return True

    data = encode(landscape(2000, 1000), "jpg")
    for side in (2000, 1000, 250):
        wish = PictureWish(side)
        decode_as(PictureLook(wish), data, max_pixels=ENOUGH_PIXELS, claim=claim)
        seen = shown(data, wish)
        assert distance(seen, landscape(2000, 1000).resize(seen.size, Image.Resampling.BOX)) < 3
    assert claims[0] > 1.9 * claims[1] > 1.9 * claims[2]


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert np.asarray(shown(encode(clear, "png"))).min() > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_whatever_the_mode_pixels_are_rgb(mode: str) -> None:
    extension = "tif" if mode == "CMYK" else "png"
    seen = shown(encode(Image.new(mode, (50, 30)), extension))
    assert seen.size == (50, 30)


@pytest.mark.parametrize("wish", [THUMBNAIL, FULL])
def test_nothing_else_of_the_file_comes_along(wish: PictureWish) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SECRET"
    data = encode(
        landscape(), "jpg", exif=exif, comment=b"SECRET", icc_profile=profile("SECRET RGB")
    )
    assert data.count(b"SECRET") >= 2
    picture = made(data, wish)
    assert b"SECRET" not in picture.encoded
    opened = Image.open(io.BytesIO(picture.encoded))
    assert not opened.getexif()
    assert opened.info.keys().isdisjoint({"icc_profile", "comment", "exif", "xmp"})


def profile(name: str) -> bytes:
    """A profile like sRGB, but that red and green have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = srgb.replace(
        "sRGB built-in".encode("utf-16-be"), name[:13].ljust(13).encode("utf-16-be")
    )
    assert renamed != srgb
    return renamed.replace(b"rXYZ", b"    ").replace(b"gXYZ", b"rXYZ").replace(b"    ", b"gXYZ", 1)


RED = Image.new("RGB", (40, 30), (200, 40, 60))
GREEN = Image.new("RGB", (40, 30), (40, 200, 60))


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_colors_of_another_profile_become_those_of_srgb(extension: str) -> None:
    data = encode(RED, extension, icc_profile=profile("wide"))
    assert distance(shown(data), GREEN) < 5


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        profile("wide")[:100],
        b"no profile" + b"RGB " * 50,
        b"",
    ],
    ids=["sRGB", "cut off", "noise", "empty"],
)
def test_a_profile_of_no_use_changes_nothing(profile: bytes) -> None:
    assert distance(shown(encode(RED, "png", icc_profile=profile)), RED) < 5


def test_a_gray_photo_keeps_its_gray_whatever_its_profile() -> None:
    gray = Image.new("L", (40, 30), 90)
    assert (
        distance(shown(encode(gray, "png", icc_profile=profile("wide"))), gray.convert("RGB")) < 3
    )


PREVIEW = encode(landscape(320, 213), "jpg")
SENSOR = Image.new("RGB", (480, 320), "red")


def test_of_a_raw_photo_its_preview_is_shown_if_it_is_large_enough() -> None:
    picture = made(dng(SENSOR, preview=PREVIEW, preview_size=(320, 213)))
    assert (picture.columns, picture.rows) == (320, 213)
    assert (picture.width, picture.height, picture.format) == (480, 320, RAW)
    assert distance(Image.open(io.BytesIO(picture.encoded)), landscape(320, 213)) < 6


def test_and_else_what_its_sensor_saw() -> None:
    tiny = encode(landscape(96, 64), "jpg")
    data = dng(SENSOR, preview=tiny, preview_size=(96, 64))
    seen = shown(data)
    assert seen.size == (240, 160)  # two pixels as one
    assert np.asarray(seen)[80, 120].argmax() == 0
    assert shown(data, PictureWish(90)).size == (90, 60)
    assert np.asarray(shown(data, PictureWish(90)))[30, 85].tolist() != [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"text", "not an image"),
        (encode(landscape(), "jpg")[:500], "truncated JPEG"),
        (encode(landscape(5000, 2001), "png"), "more than the limit"),
    ],
)
def test_what_cannot_be_decoded_cannot_be_shown(data: bytes, reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        made(data)

"""Photos are measured as they are decoded."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import ExifTags, Image

from annclust.images.decoding import decode_as
from annclust.images.examination import Examination
from annclust.images.examination_look import ExaminationLook
from annclust.images.examining import examine
from scripts.faults.hostile.raw_photos import dng
from tests.images.samples import ENOUGH_PIXELS, STORED_BY, as_stored, encode
from tests.images.scenery import scenery

SCENE = scenery(600, 400)


def measured(data: bytes) -> Examination:
    return decode_as(ExaminationLook(), data, max_pixels=ENOUGH_PIXELS)


def expected(data: bytes) -> Examination:
    """Slow and obvious: what Pillow makes of it."""
    picture = Image.open(io.BytesIO(data))
    table = getattr(picture, "quantization", {}).get(0)
    return examine(np.asarray(picture.convert("RGB")), jpeg_table=table)


@pytest.mark.parametrize(
    "extension", ["jpg", "progressive.jpg", "png", "webp", "tif", "bmp", "gif"]
)
def test_all_pixels_of_a_file_are_measured(extension: str) -> None:
    data = encode(SCENE, extension)
    assert measured(data) == expected(data)


@pytest.mark.parametrize("extension", ["heic", "avif"])
def test_also_those_that_come_late(extension: str) -> None:
    seen = measured(encode(SCENE, extension))
    assert (seen.width, seen.height, seen.jpeg_quality) == (600, 400, None)
    assert seen.sharpness == pytest.approx(measured(encode(SCENE, "png")).sharpness, rel=0.3)


@pytest.mark.parametrize("orientation", STORED_BY)
def test_they_are_measured_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    upright = SCENE.copy()
    upright.paste((0, 0, 0), (0, 0, 600, 60))
    upright.paste((0, 0, 0), (0, 340, 600, 400))
    seen = measured(encode(as_stored(upright, orientation), "png", exif=exif))
    assert seen == examine(np.asarray(upright))
    assert (seen.bars.top, seen.bars.left) == (pytest.approx(0.15, abs=0.01), 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16", "CMYK"])
def test_pixels_of_any_mode_are_measured(mode: str) -> None:
    scene = (
        SCENE.convert("L").convert("I").convert("I;16") if mode == "I;16" else SCENE.convert(mode)
    )
    seen = measured(encode(scene, "tif"))
    assert (seen.width, seen.height) == (600, 400)


def test_a_picture_of_many_strips_is_put_together_in_order() -> None:
    tall = SCENE.resize((300, 8000))
    data = encode(tall, "png")
    assert measured(data) == expected(data)


SENSOR = scenery(480, 320)


def test_of_a_raw_photo_the_preview_is_measured_and_the_sensor_counted() -> None:
    preview = encode(scenery(300, 200, seed=1), "jpg", quality=60)
    seen = measured(dng(SENSOR, preview=preview, preview_size=(300, 200)))
    assert seen == replace(
        expected(preview), width=480, height=320, jpeg_quality=None, worn_quality=None
    )


def test_without_a_preview_of_half_its_size_it_is_developed() -> None:
    preview = encode(Image.new("RGB", (200, 134), "blue"), "jpg")
    seen = measured(dng(SENSOR, preview=preview, preview_size=(200, 134)))
    assert (seen.width, seen.height) == (480, 320)
    assert seen.colors > 1000  # not those of an even blue

"""Pictures that are decoded late give the very pixels that Pillow's own copy would give."""

from __future__ import annotations

import io

import numpy as np
import pillow_heif
import pytest
from PIL import AvifImagePlugin, Image, ImageFile

from annclust.images import avif, heif
from annclust.images.late_pixels import Box
from annclust.images.scaling import cut_and_scale
from annclust.input_geometry import Size
from tests.images.samples import encode
from tests.images.test_scaling import noise, plainly

CLASSES = {
    "avif": (avif.AvifImageFile, AvifImagePlugin.AvifImageFile),
    "heic": (heif.HeifImageFile, pillow_heif.HeifImageFile),
}


def both(extension: str, mode: str, size: tuple[int, int]) -> list[ImageFile.ImageFile]:
    """The same file, opened to be decoded late, and by Pillow."""
    data = encode(noise(mode, *size), extension)
    pictures = [kind(io.BytesIO(data)) for kind in CLASSES[extension]]
    for picture in pictures:
        picture.load()
    return pictures


@pytest.mark.parametrize("extension", CLASSES)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize(
    ("stored", "box", "size"),
    [
        ((501, 401), (90.25, 3.5, 484.25, 397.5), (20, 20)),  # shrunk a lot
        ((131, 90), (0, 0, 90, 90), (60, 40)),  # a little
        ((33, 21), (5.5, 2.25, 17.5, 14.25), (50, 50)),  # enlarged
        ((2001, 16), (900, 0, 916, 16), (24, 90)),  # of a long one
    ],
)
def test_parts_are_what_they_would_be_of_a_whole(
    extension: str, mode: str, stored: Size, box: Box, size: Size
) -> None:
    late, whole = both(extension, mode, stored)
    assert late.size == whole.size == stored
    scaled, expected = cut_and_scale(late, box, size), plainly(whole, box, size)
    assert scaled.mode == expected.mode
    np.testing.assert_array_equal(np.asarray(scaled), np.asarray(expected))


def test_deep_gray_is_a_picture_at_once() -> None:
    deep = noise("I;16", 60, 40)
    file = io.BytesIO()
    deep.save(file, "HEIF", quality=90)
    late, whole = (kind(file) for kind in CLASSES["heic"])
    for picture in (late, whole):
        picture.load()
    assert late.mode == whole.mode
    scaled = cut_and_scale(late, (0, 0, 40, 40), (10, 10))
    np.testing.assert_array_equal(
        np.asarray(scaled), np.asarray(plainly(whole, (0, 0, 40, 40), (10, 10)))
    )


def test_a_part_is_asked_for_by_a_box() -> None:
    late, whole = both("heic", "RGB", (40, 30))
    part = late.crop((3, 4, 20, 25))
    assert isinstance(part, Image.Image)
    np.testing.assert_array_equal(np.asarray(part), np.asarray(whole)[4:25, 3:20])

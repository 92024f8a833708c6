from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from annclust.images.picture import FULL, LARGE, THUMBNAIL, PictureForm, PictureWish, is_whole
from tests.images.samples import landscape

FORMS: tuple[PictureForm, ...] = ("WebP", "JPEG")


def file_of(form: PictureForm, size: tuple[int, int] = (96, 64)) -> bytes:
    """A small file of that form."""
    file = io.BytesIO()
    landscape(*size).save(file, form)
    return file.getvalue()


sides = st.integers(1, 100_000)


@given(width=sides, height=sides, side=st.integers(1, 6000))
def test_no_picture_is_longer_than_wished_or_than_the_photo(
    width: int, height: int, side: int
) -> None:
    size = PictureWish(side).size_of((width, height))
    assert max(size) == min(side, max(width, height))
    assert min(size) >= 1
    assert size[0] <= width
    assert size[1] <= height
    assert abs(size[0] / max(size) - width / max(width, height)) <= 0.5 / max(size) or 1 in size


@pytest.mark.parametrize(
    "wrong", [(0, "WebP", 80), (6001, "JPEG", 80), (9, "GIF", 80), (9, "JPEG", 0), (9, "JPEG", 101)]
)
def test_what_cannot_be_wished(wrong: tuple[int, PictureForm, int]) -> None:
    with pytest.raises(ValueError, match="no"):
        PictureWish(*wrong)


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_file_is_known_by_both_ends(form: PictureForm) -> None:
    whole = file_of(form)
    assert is_whole(whole, form)
    assert is_whole(bytearray(whole), form)
    for wrong in (
        whole[:-1],
        whole + b"\0",
        whole[:20],
        b"",
        b"x" + whole,
        whole[: len(whole) // 2],
    ):
        assert not is_whole(wrong, form)
    for other in FORMS:
        assert is_whole(whole, other) == (form == other)


def test_a_webp_of_another_kind_is_none_of_ours() -> None:
    file = io.BytesIO()
    landscape().save(file, "WEBP", lossless=True)
    assert not is_whole(file.getvalue(), "WebP")


def test_a_picture_fits_by_its_form_and_length() -> None:
    wish = PictureWish(100, "JPEG")
    encoded = file_of("JPEG")
    assert wish.fits(encoded, (96, 64))
    assert not wish.fits(encoded, (101, 64))
    assert not wish.fits(encoded, (96, 0))
    assert not wish.fits(file_of("WebP"), (96, 64))
    long = encoded[:-2] + bytes(96 * 64 * 3 + 5000) + encoded[-2:]
    assert is_whole(long, "JPEG")
    assert not wish.fits(long, (96, 64))


@pytest.mark.parametrize("wish", [THUMBNAIL, LARGE, FULL, PictureWish(700, "JPEG", 100)])
def test_even_noise_is_shorter_than_what_is_believed(wish: PictureWish) -> None:
    side = min(wish.side, 700)
    noise = Image.merge("RGB", [Image.effect_noise((side, side), 200) for _ in range(3)])
    file = io.BytesIO()
    noise.save(file, wish.form, quality=wish.quality)
    assert wish.fits(file.getvalue(), noise.size)

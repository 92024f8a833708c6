from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from annclust.arrays import Pixels
from annclust.images.examination import Bars
from annclust.images.examining import examine
from annclust.images.lines import some_lines
from annclust.purge.candidate import Candidate
from annclust.purge.measures import effective_pixels
from tests.images.scenery import examined, jpeg, scenery

SCENE = scenery()


def even(value: int, width: int = 200, height: int = 120) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def effective(picture: Image.Image) -> float:
    return effective_pixels(Candidate(examined(picture), 1, "PNG"))


# Wedges


@pytest.mark.parametrize("degrees", [3, 8, -8, 20, 40])
@pytest.mark.parametrize("size", [(480, 320), (320, 480), (300, 300)])
@pytest.mark.parametrize("fill", ["black", "white"])
def test_turning_by_a_few_degrees_leaves_wedges(
    degrees: int, size: tuple[int, int], fill: str
) -> None:
    turned = scenery(*size).rotate(degrees, expand=True, fillcolor=fill)
    expected = 1 - size[0] * size[1] / (turned.width * turned.height)
    assert examined(jpeg(turned, 85)).wedge == pytest.approx(expected, abs=0.02)


def test_wedges_are_seen_in_a_frame_that_did_not_grow() -> None:
    assert 0.05 < examined(SCENE.rotate(8)).wedge < 0.15


def test_wedges_are_seen_in_large_pictures() -> None:
    assert examined(scenery(1600, 1200).rotate(5, expand=True)).wedge > 0.1


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_quarter_turns_leave_no_wedge(degrees: int) -> None:
    assert examined(SCENE.rotate(degrees, expand=True)).wedge == 0


def night() -> Image.Image:
    """Lights before a sky that is as good as black, grain and all."""
    dark = np.random.default_rng(1).integers(0, 9, (320, 480, 3)).astype(np.uint8)
    picture = Image.fromarray(dark)
    ImageDraw.Draw(picture).ellipse((200, 140, 260, 200), "orange")
    return picture


def with_bars() -> Image.Image:
    picture = Image.new("RGB", (480, 400))
    picture.paste(SCENE, (0, 40))
    return picture


def with_frame() -> Image.Image:
    picture = Image.new("RGB", (500, 340))
    picture.paste(SCENE, (10, 10))
    return picture


def with_vignette() -> Image.Image:
    y, x = np.mgrid[-1:1:320j, -1:1:480j]
    shade = np.clip(2.2 - 1.6 * np.hypot(x, y), 0, 1)[..., np.newaxis]
    return Image.fromarray((np.asarray(SCENE) * shade).astype(np.uint8))


def on_black() -> Image.Image:
    picture = Image.new("RGB", (480, 320))
    ImageDraw.Draw(picture).polygon([(240, 20), (420, 200), (200, 290), (60, 150)], "white")
    return picture


def round_on_black() -> Image.Image:
    picture = Image.new("RGB", (480, 320))
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((0, 0, 479, 319), 255)
    picture.paste(SCENE, mask=mask)
    return picture


@pytest.mark.parametrize(
    "picture", [night, with_bars, with_frame, with_vignette, on_black, round_on_black]
)
def test_dark_corners_alone_are_no_wedges(picture: object) -> None:
    assert callable(picture)
    assert examined(picture()).wedge == 0
    assert examined(jpeg(picture(), 75)).wedge == 0


# Bars, colors, exposure


def test_bars_are_a_share_of_the_frame() -> None:
    assert examined(with_bars()).bars.share == pytest.approx(80 / 400, abs=0.01)
    assert examined(SCENE).bars == Bars()


def on_telephone(seed: int = 0) -> Image.Image:
    """A picture on a screen, with a clock and a battery above it."""
    screen = Image.new("RGB", (540, 1170))
    screen.paste(scenery(seed=seed).resize((540, 360), Image.Resampling.LANCZOS), (0, 405))
    draw = ImageDraw.Draw(screen)
    draw.text((20, 15), "12:45", fill="white", font_size=20)
    draw.text((420, 15), "LTE 87%", fill="white", font_size=20)
    return screen


@pytest.mark.parametrize("quality", [None, 75, 90])
def test_a_clock_hides_no_bar(quality: int | None) -> None:
    screen = jpeg(on_telephone(), quality) if quality else on_telephone()
    found = examined(screen).bars
    assert (found.top, found.bottom) == pytest.approx((405 / 1170, 405 / 1170), abs=3 / 512)


def test_edges_of_bars_are_no_detail() -> None:
    enlarged = SCENE.resize((960, 640), Image.Resampling.BICUBIC)
    barred = Image.new("RGB", (960, 1200))
    barred.paste(enlarged, (0, 280))
    assert examined(barred).detail == pytest.approx(examined(enlarged).detail, rel=0.1)


@pytest.mark.parametrize("width", [511, 513, 1000, 1025, 2047])
def test_wedges_and_bars_are_measured_as_well_in_pictures_of_any_size(width: int) -> None:
    scene = scenery(width, width * 2 // 3)
    turned = scene.rotate(5, expand=True)
    expected = 1 - scene.width * scene.height / (turned.width * turned.height)
    assert some_lines(np.asarray(scene)).shape[1] == min(width, 512)
    assert examined(turned).wedge == pytest.approx(expected, abs=0.01)
    barred = Image.new("RGB", (width, width))
    barred.paste(scene, (0, width // 6))
    assert examined(barred).bars.top == pytest.approx((width // 6) / width, abs=1.5 / 512)


def test_pixels_in_bars_are_not_effective() -> None:
    assert effective(with_bars()) == pytest.approx(480 * 320, rel=0.02)


def test_gray_pictures_have_no_color() -> None:
    assert examined(SCENE).color > 8
    assert examined(jpeg(SCENE.convert("L").convert("RGB"), 75)).color < 2


def test_colors_are_counted() -> None:
    assert examined(SCENE).colors > 10_000
    assert examined(SCENE.quantize(256)).colors <= 256


def test_what_is_cut_off_is_counted() -> None:
    half_black = np.concatenate([even(0), even(128)])
    assert examine(half_black).dark == pytest.approx(0.5, abs=0.1)
    brightened = examined(ImageEnhance.Brightness(SCENE).enhance(2))
    assert brightened.light > 0.2 > examined(SCENE).light
    assert brightened.middle > examined(SCENE).middle


# Detail


@pytest.mark.parametrize("resample", [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_enlarging_adds_no_effective_pixels(resample: Image.Resampling) -> None:
    enlarged = SCENE.resize((960, 640), resample)
    assert effective(enlarged) < 1.2 * SCENE.width * SCENE.height
    assert effective(jpeg(enlarged, 90)) < 1.2 * SCENE.width * SCENE.height


def test_pixels_of_a_sharp_picture_are_all_effective() -> None:
    assert effective(SCENE) == SCENE.width * SCENE.height
    assert effective(SCENE.reduce(2)) == SCENE.width * SCENE.height / 4


def test_enlarging_in_one_direction_is_seen() -> None:
    assert examined(SCENE.resize((960, 320), Image.Resampling.BICUBIC)).detail < 0.6


# Sharpness


def test_blurring_lowers_sharpness() -> None:
    blurred = [SCENE.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4)]
    found = [examined(picture).sharpness for picture in blurred]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.2 * found[1]


def test_contrast_and_brightness_change_sharpness_little() -> None:
    before = examined(SCENE).sharpness
    for enhance in (ImageEnhance.Contrast, ImageEnhance.Brightness):
        assert examined(enhance(SCENE).enhance(0.6)).sharpness == pytest.approx(before, rel=0.1)


def test_noise_does_not_pass_for_sharpness() -> None:
    noise = np.random.default_rng(2).normal(0, 8, (320, 480, 3))
    blurred = np.asarray(SCENE.filter(ImageFilter.GaussianBlur(2))).astype(float)
    blurred[:, :160] = 120  # a wall, at which noise is measured
    noisy = examine(np.clip(blurred + noise, 0, 255).astype(np.uint8))
    silent = examine(blurred.astype(np.uint8))
    assert noisy.sharpness == pytest.approx(silent.sharpness, rel=0.2)
    assert noisy.sharpness < 0.7 * examined(SCENE).sharpness


def test_a_noisy_blurred_frame_is_no_sharper_than_a_sharp_one() -> None:
    noise = np.random.default_rng(2).normal(0, 10, (320, 480, 3))
    for blur in (2, 4):
        blurred = np.asarray(SCENE.filter(ImageFilter.GaussianBlur(blur))).astype(float)
        blurred[:, :160] = 255  # a sky without noise, as it is cut off
        pixels = np.clip(blurred + noise, 0, 255).astype(np.uint8)
        noisy = examined(jpeg(Image.fromarray(pixels), 92))
        assert noisy.sharpness < 0.7 * examined(SCENE).sharpness


def test_what_is_in_focus_counts() -> None:
    portrait = SCENE.filter(ImageFilter.GaussianBlur(4))
    portrait.paste(SCENE.crop((160, 96, 320, 224)), (160, 96))
    assert examined(portrait).sharpness > 0.5 * examined(SCENE).sharpness


# JPEG


@pytest.mark.parametrize("quality", [30, 50, 75, 85])
def test_pixels_tell_the_quality_of_their_jpeg(quality: int) -> None:
    once = jpeg(SCENE, quality)
    assert examined(once).jpeg_quality == pytest.approx(quality, abs=3)
    assert examined(once).worn_quality == pytest.approx(quality, abs=3)


@pytest.mark.parametrize("quality", [30, 50, 75])
def test_pixels_tell_the_quality_of_an_earlier_jpeg(quality: int) -> None:
    once = jpeg(SCENE, quality).convert("RGB")
    assert examined(once).worn_quality == pytest.approx(quality, abs=3)
    again = examined(jpeg(once, 95))
    assert again.jpeg_quality == pytest.approx(95, abs=3)
    assert again.worn_quality == pytest.approx(quality, abs=3)


def test_turned_pixels_still_tell() -> None:
    turned = jpeg(scenery(477, 323), 50).transpose(Image.Transpose.ROTATE_180)
    assert examined(turned).worn_quality == pytest.approx(50, abs=3)


def test_pictures_that_were_no_jpeg_tell_of_none() -> None:
    assert examined(SCENE).worn_quality is None
    assert examined(SCENE).jpeg_quality is None
    assert examined(jpeg(SCENE, 50).resize((400, 260))).worn_quality is None


# The edge list

ODD = {
    "one pixel": even(7, 1, 1),
    "a row": even(7, 3000, 1),
    "a column": even(7, 1, 3000),
    "tiny": np.asarray(scenery(9, 7)),
    "less than a tile": np.asarray(scenery(63, 40)),
    "a strip": np.asarray(scenery(2000, 20)),
    "black": even(0),
    "white": even(255),
    "gray": even(128),
    "black and large": even(0, 3000, 2000),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_are_examined(name: str) -> None:
    found = examine(ODD[name], jpeg_table=[1] * 64)
    height, width = ODD[name].shape[:2]
    assert (found.width, found.height) == (width, height)
    assert not found.wedge
    assert 0 < effective_pixels(Candidate(found, 1, "PNG")) <= width * height
    assert len(found.thumbnail) == 32 * 32


def test_black_and_white_are_cut_off_and_have_no_edge() -> None:
    assert (examine(even(0)).dark, examine(even(0)).sharpness) == (1, 0)
    assert (examine(even(255)).light, examine(even(255)).sharpness) == (1, 0)
    assert examine(even(128)).dark == examine(even(128)).light == 0


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0 by 5 pixels"):
        examine(np.empty((5, 0, 3), np.uint8))


def test_pixels_are_left_as_they_are() -> None:
    pixels = np.asarray(SCENE).copy()
    examine(pixels)
    assert (pixels == np.asarray(SCENE)).all()


SHAPES = st.tuples(st.integers(1, 80), st.integers(1, 80), st.just(3))


@given(arrays(np.uint8, SHAPES))
def test_whatever_the_pixels_all_shares_are_shares(pixels: Pixels) -> None:
    found = examine(pixels)
    shares = (
        found.wedge or 0.0,
        found.bars.share,
        found.detail,
        found.dark,
        found.light,
        found.middle,
    )
    assert all(0 <= share <= 1 for share in shares)
    assert found.sharpness >= 0
    assert np.isfinite(found.sharpness)

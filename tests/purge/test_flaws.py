from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from annclust.arrays import Pixels
from annclust.images.capture import Capture
from annclust.images.examination import Bars, Examination
from annclust.purge.candidate import Candidate
from annclust.purge.framing import with_proven_bars
from annclust.purge.keep_best import rank
from tests.images.scenery import examined, jpeg, scenery
from tests.purge.candidates import BARRED, BARS, CAMERA, OTHER, WIDE, photo

# Enlarging


def first_place(*photos: Candidate) -> int:
    return rank(photos).photos[0].place


def test_a_cameras_file_is_not_called_enlarged_by_one_of_no_camera() -> None:
    assert first_place(photo(2000, 1500, 900_000), photo(detail=0.2, capture=CAMERA)) == 1


@pytest.mark.parametrize("copied", [CAMERA, replace(CAMERA, taken_ns=None)])
def test_a_soft_photo_of_a_camera_stands_before_a_sharpened_smaller_copy(copied: Capture) -> None:
    sharpened = photo(2400, 1800, 2_000_000, capture=copied)
    soft = photo(detail=0.3, capture=CAMERA)
    ranked = rank([sharpened, soft]).photos
    assert (ranked[0].place, ranked[0].decided_by) == (1, "pixels")


def test_a_soft_photo_is_not_enlarged_if_its_smaller_copies_are_soft_too() -> None:
    assert first_place(photo(2400, 1800, 900_000, detail=0.55), photo(detail=0.2)) == 1


def test_a_crop_does_not_show_that_a_photo_was_enlarged() -> None:
    assert first_place(photo(1600, 1200, 900_000, thumbnail=OTHER), photo(detail=0.24)) == 1


# Colors and wedges


def test_a_photo_of_fog_is_not_put_behind_a_copy_with_a_cast() -> None:
    assert first_place(photo(1600, 1200, color=2.3), photo(color=1.8)) == 1


def test_a_camera_may_take_no_colors() -> None:
    assert rank([photo(color=1.0, capture=CAMERA), photo()]).photos[0].decided_by != "color"
    assert first_place(photo(), photo(color=1.0, capture=CAMERA)) == 1


def test_no_photo_of_less_than_half_the_pixels_wins_by_how_it_looks() -> None:
    assert first_place(photo(1600, 1200), photo(wedge=0.2)) == 1
    assert first_place(photo(3000, 2250), photo(wedge=0.2)) == 0
    gray = photo(color=1.0)
    assert first_place(photo(1600, 1200, capture=CAMERA), gray) == 1
    assert first_place(photo(3000, 2250, capture=CAMERA), gray) == 0


def test_a_gray_scan_stands_before_a_poorer_copy_that_was_given_colors() -> None:
    scan = photo(color=1.0, jpeg_quality=92.0)
    assert first_place(photo(3500, 2625, jpeg_quality=92.0), scan) == 1
    assert first_place(photo(jpeg_quality=60.0), scan) == 1
    assert first_place(photo(jpeg_quality=80.0), scan) == 0


def test_a_photo_that_was_blown_up_does_not_win_by_how_it_looks() -> None:
    assert first_place(photo(detail=0.1), photo(wedge=0.1)) == 1
    assert first_place(photo(detail=0.1), photo(4100, 3075, color=1.0)) == 1


def test_a_small_copy_that_stands_upright_does_not_win_by_it() -> None:
    small = photo(1600, 1200, capture=CAMERA)
    assert first_place(small, turned(photo(), 1)) == 1


def test_where_no_wedge_can_be_measured_none_is_denied() -> None:
    small = examined(scenery(31, 60))
    assert small.wedge is None
    assert examined(scenery(300, 80)).wedge is None
    assert examined(scenery(300, 200)).wedge == 0
    unknown = photo(3900, 2925, 4_100_000, wedge=None)
    ranked = rank([unknown, photo(wedge=0.1)]).photos
    assert ranked[0].decided_by != "wedge"


# Bars


def sky_above_water() -> Pixels:
    """A picture whose upper and lower parts grow even without an edge."""
    scene = np.asarray(scenery(300, 200), np.float64)
    y = np.linspace(-1, 1, 200)[:, np.newaxis, np.newaxis]
    share = np.clip(2.4 - 3 * np.abs(y), 0, 1)
    return (scene * share + 235 * (1 - share)).astype(np.uint8)


def thing_in_a_studio() -> Pixels:
    studio = np.full((200, 300, 3), 250, np.uint8)
    studio[70:130, 100:160] = np.asarray(scenery(60, 60))
    return studio


def on_one_side() -> Pixels:
    return np.concatenate([np.zeros((40, 300, 3), np.uint8), np.asarray(scenery(300, 200))])


@pytest.mark.parametrize("picture", [sky_above_water, thing_in_a_studio, on_one_side])
def test_an_even_background_is_no_bar(picture: object) -> None:
    assert callable(picture)
    assert examined(Image.fromarray(picture())).bars == Bars()
    assert examined(jpeg(Image.fromarray(picture()), 75)).bars == Bars()


def test_bars_count_where_another_photo_shows_the_rest() -> None:
    barred = photo(4000, 5000, bars=BARS, thumbnail=BARRED)
    assert with_proven_bars([barred, photo(1600, 1200)])[0] == barred
    for others in ([], [photo(1600, 1200, thumbnail=OTHER)], [barred]):
        assert with_proven_bars([barred, *others])[0].examination.bars == Bars()


def on_screen(picture: Image.Image, size: tuple[int, int], color: str = "black") -> Candidate:
    """A screenshot of a picture, or a copy made to have a shape."""
    screen = Image.new("RGB", size, color)
    shown = ImageOps.contain(picture, size)
    screen.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return Candidate(examined(screen), 9_000_000, "PNG")


@pytest.mark.parametrize(
    ("size", "color"),
    [((1080, 2340), "black"), ((480, 1040), "white"), ((480, 480), "white"), ((720, 320), "black")],
)
def test_bars_are_proven_however_little_lies_between_them(
    size: tuple[int, int], color: str
) -> None:
    scene, stranger = scenery(480, 320), scenery(480, 320, seed=1)
    barred = on_screen(scene, size, color)
    original, other = (Candidate(examined(each), 60_000, "JPEG") for each in (scene, stranger))
    assert with_proven_bars([barred, original])[0].examination.bars.share
    assert with_proven_bars([barred, other])[0].examination.bars == Bars()
    ranked = rank([barred, original]).photos
    assert (ranked[0].place, ranked[0].decided_by) == (1, "bars")
    assert ranked[0].reasons[0] == "the other one has bars, and shows no more between them"


def test_a_copy_with_the_same_bars_proves_none() -> None:
    scene = scenery(480, 320)
    scene.paste("white", (0, 0, 480, 14))
    scene.paste("white", (0, 306, 480, 320))
    barred = Candidate(examined(scene), 60_000, "JPEG")
    unseen = replace(barred, examination=replace(barred.examination, bars=Bars()))
    edited = Candidate(examined(ImageEnhance.Brightness(scene).enhance(0.9)), 60_000, "JPEG")
    assert barred.examination.bars.share
    for other in (unseen, edited):
        assert with_proven_bars([barred, other])[0].examination.bars == Bars()


def test_bars_are_better_than_a_small_copy() -> None:
    scene = scenery(960, 640)
    small = Candidate(examined(scene.resize((240, 160))), 9_000, "JPEG")
    ranked = rank([small, on_screen(scene, (960, 2080))]).photos
    assert (ranked[0].place, ranked[0].decided_by) == (1, "pixels")


def test_unproven_bars_take_nothing_from_a_photo() -> None:
    barred = photo(bars=Bars(top=0.4, bottom=0.4), thumbnail=BARRED)
    assert first_place(photo(2400, 1800, thumbnail=OTHER), barred) == 1


# Turns


def turned(photo: Candidate, quarters: int) -> Candidate:
    seen = photo.examination
    view = np.frombuffer(seen.thumbnail, np.uint8).reshape(32, 32)
    width, height = (seen.height, seen.width) if quarters % 2 else (seen.width, seen.height)
    thumbnail = np.rot90(view, quarters).tobytes()
    return replace(
        photo, examination=replace(seen, width=width, height=height, thumbnail=thumbnail)
    )


def noisy(seen: Examination, seed: int) -> bytes:
    """What a frame of the same scene shows a moment later."""
    view = np.frombuffer(seen.thumbnail, np.uint8).astype(np.int16)
    noise = np.random.default_rng(seed).integers(-25, 26, view.shape)
    return np.clip(view + noise, 0, 255).astype(np.uint8).tobytes()


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("shape", [(4000, 3000), (3000, 3000)])
def test_a_photo_stands_as_most_of_its_group(shape: tuple[int, int], quarters: int) -> None:
    upright = photo(*shape)
    lying = turned(replace(upright, size=9_000_000), quarters)
    frame = photo(*shape, thumbnail=noisy(upright.examination, 1), size=3_900_000)
    found = rank([lying, upright, frame])
    assert found.photos[-1].place == 0
    assert found.photos[-1].behind == "this one lies on its side, or upside down"


def test_of_two_that_lie_across_nobody_knows() -> None:
    lying = turned(photo(size=5_000_000), 1)
    assert rank([photo(), lying]).photos[0].decided_by == "bytes"


def test_copies_of_a_turned_photo_outvote_nobody() -> None:
    lying = turned(photo(), 1)
    copies = [replace(lying, size=size) for size in (3_900_000, 3_800_000, 3_700_000)]
    assert first_place(*copies, photo(size=4_000_000)) == 3


def test_a_cameras_photo_speaks_for_itself() -> None:
    upright = photo(size=3_900_000, capture=CAMERA)
    ranked = rank([turned(photo(4100, 3075, size=5_000_000), 1), upright]).photos
    assert (ranked[0].place, ranked[0].decided_by) == (1, "turn")


def test_a_tall_photo_among_wide_ones_of_the_scene_is_not_turned() -> None:
    tall = photo(3300, 4400, 6_000_000, thumbnail=OTHER)
    wide = [photo(), photo(thumbnail=noisy(photo().examination, 2))]
    assert first_place(*wide, tall) == 2


def test_a_crop_of_the_other_shape_tells_which_of_two_is_turned() -> None:
    scene = scenery(600, 400)
    crop = scene.crop((60, 40, 540, 360))
    seen = [examined(each) for each in (scene, scene.rotate(90, expand=True), crop)]
    photos = [Candidate(each, size, "JPEG") for each, size in zip(seen, (9, 12, 6), strict=True)]
    assert first_place(*photos) == 0


def test_thumbnails_of_the_group_are_of_one_view() -> None:
    assert examined(scenery(96, 66)).thumbnail == WIDE

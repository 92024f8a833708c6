from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageFilter

from annclust.images.capture import Capture
from annclust.purge.candidate import Candidate
from annclust.purge.keep_best import Ranked, rank
from tests.images.scenery import examined, jpeg, jpeg_bytes, scenery
from tests.purge.candidates import CAMERA, OTHER, SECOND, photo

EXPOSED = [Capture(exposure_seconds=0.01), Capture(f_number=8.0), Capture(iso=100)]


def first_of(*photos: Candidate) -> tuple[int, str | None]:
    first: Ranked = rank(photos).photos[0]
    return first.place, first.decided_by


# What the camera wrote


@pytest.mark.parametrize("written", EXPOSED)
def test_an_exposure_is_what_a_camera_writes(written: Capture) -> None:
    assert first_of(photo(size=9_000_000), photo(capture=written)) == (1, "camera")


def test_a_time_alone_is_no_camera() -> None:
    assert first_of(photo(size=9_000_000), photo(taken_ns=SECOND)) == (0, "kept bytes")


def test_a_raw_photo_is_a_cameras() -> None:
    assert first_of(photo(size=9_000_000), photo(kind="camera RAW")) == (1, "camera")


def test_what_nobody_could_read_does_not_lose() -> None:
    unread = photo(size=9_000_000, capture_read=False)
    assert first_of(photo(capture=CAMERA), unread) == (1, "bytes")
    assert first_of(photo(size=19_000_000), unread) == (1, "camera")


def test_what_the_camera_wrote_does_not_outweigh_gross_damage() -> None:
    ruined = photo(jpeg_quality=30.0, capture=CAMERA)
    assert first_of(ruined, photo(jpeg_quality=95.0)) == (1, "compression")
    assert first_of(photo(1600, 1200, capture=CAMERA), photo()) == (1, "pixels")


# Compression


@pytest.mark.parametrize(
    "copy",
    [photo(3700, 2775, jpeg_quality=98.0), photo(jpeg_quality=98.0, thumbnail=OTHER)],
    ids=["made smaller", "cropped"],
)
def test_a_copy_of_another_picture_does_not_win_by_a_high_number(copy: Candidate) -> None:
    original = photo(jpeg_quality=60.0, capture=CAMERA, size=3_000_000)
    assert first_of(copy, original) == (1, "camera")


def test_another_number_in_the_group_makes_no_worse_copy_win() -> None:
    kept = photo(jpeg_quality=30.0, capture=CAMERA)
    worse = photo(3900, 2925, jpeg_quality=29.0, capture=CAMERA)
    better = photo(jpeg_quality=75.0)
    assert first_of(kept, worse, better) == (2, "compression")


def test_a_gif_has_few_colors() -> None:
    found = rank([photo(kind="GIF"), photo(3900, 2925, jpeg_quality=50.0)]).photos[0]
    assert (found.place, found.decided_by) == (1, "compression")
    assert found.reasons[0] == "the other one is a GIF of 256 colors, of which another one has more"
    assert first_of(photo(kind="GIF"), photo(kind="ICO", size=5_000_000)) == (1, "kept bytes")


def test_a_png_of_few_colors_was_not_drawn_if_another_photo_has_all() -> None:
    few = photo(size=9_000_000, kind="PNG", colors=256)
    assert first_of(few, photo(jpeg_quality=80.0)) == (1, "compression")
    assert first_of(photo(100, 75, kind="PNG", colors=256), photo(100, 75))[1] != "compression"
    gray = photo(size=9_000_000, kind="PNG", colors=256, color=0.0)
    assert first_of(gray, photo(color=1.0))[1] != "compression"


def test_a_small_copy_does_not_win_by_its_colors() -> None:
    assert first_of(photo(1600, 1200), photo(kind="GIF")) == (1, "pixels")


@pytest.mark.parametrize("quality", [10, 20, 30])
def test_blocks_do_not_pass_for_detail(quality: int) -> None:
    soft = scenery(480, 320).filter(ImageFilter.GaussianBlur(1.5))
    original, copy = (examined(jpeg(soft, each)) for each in (90, quality))
    pair = Candidate(copy, 9_000, "JPEG"), Candidate(original, 60_000, "JPEG")
    assert first_of(*pair) == (1, "compression")


def test_an_edited_copy_does_not_beat_a_cameras_photo_by_its_number() -> None:
    original = photo(jpeg_quality=70.0, capture=CAMERA, size=3_000_000)
    assert first_of(photo(jpeg_quality=95.0), original) == (1, "camera")
    assert first_of(photo(jpeg_quality=95.0, capture=CAMERA), original) == (0, "compression")


def test_a_blurred_copy_does_not_win_by_its_number() -> None:
    blurred = photo(jpeg_quality=98.0, detail=0.2)
    assert first_of(blurred, photo(jpeg_quality=70.0, size=3_000_000)) == (1, "pixels")


def test_two_photos_of_another_picture_put_no_third_behind() -> None:
    others = [photo(3600, 2700, jpeg_quality=each, thumbnail=OTHER) for each in (60.0, 95.0)]
    alone = photo(jpeg_quality=70.0, size=3_000_000)
    assert first_of(*others, alone) == (2, "all pixels")


def test_where_the_quality_is_unknown_nothing_is_said_of_it() -> None:
    ranked = rank([photo(kind="WebP", size=5_000_000), photo(jpeg_quality=40.0)]).photos
    assert not any("compressed" in reason for reason in ranked[0].reasons)


def test_one_saved_again_does_not_lose_to_a_smaller_copy_without_a_trace() -> None:
    again = photo(jpeg_quality=95.0, worn_quality=85.0)
    assert first_of(photo(3600, 2700, size=3_500_000, jpeg_quality=95.0), again)[0] == 1


# Exports


def test_a_heif_made_from_a_jpeg_is_no_source() -> None:
    heif = photo(kind="HEIF", worn_quality=90.0, capture=CAMERA, size=1_000_000)
    assert first_of(heif, photo(jpeg_quality=90.0, capture=CAMERA)) == (1, "saved again")


def test_a_heif_is_no_source_of_a_sharper_jpeg() -> None:
    heif = photo(kind="HEIF", capture=CAMERA, size=1_600_000, sharpness=0.2)
    assert first_of(heif, photo(jpeg_quality=90.0, capture=CAMERA, sharpness=0.3))[0] == 1
    assert first_of(heif, photo(jpeg_quality=90.0, capture=CAMERA, sharpness=0.21))[0] == 0


def test_a_heif_is_no_source_of_a_jpeg_that_holds_much_more() -> None:
    ruined = photo(kind="HEIF", capture=CAMERA, size=600_000)
    assert first_of(ruined, photo(jpeg_quality=85.0, capture=CAMERA)) == (1, "kept bytes")


@pytest.mark.parametrize("copy", [photo(sharpness=0.2), photo(jpeg_quality=92.0, sharpness=0.2)])
def test_having_no_trace_makes_no_original(copy: Candidate) -> None:
    again = photo(jpeg_quality=95.0, worn_quality=80.0)
    assert first_of(copy, again) == (1, "sharpness")
    assert first_of(photo(jpeg_quality=82.0, sharpness=0.2), again) == (0, "saved again")


def test_an_export_of_another_size_is_told_by_its_pixels() -> None:
    heif = photo(kind="HEIF", capture=CAMERA, size=1_800_000)
    assert first_of(photo(1600, 1200, capture=CAMERA), heif) == (1, "pixels")


# Bytes


def test_noise_does_not_win_by_its_bytes_over_another_moment() -> None:
    noisy = photo(size=9_000_000, sharpness=0.2, capture=replace(CAMERA, taken_ns=2 * SECOND))
    assert first_of(noisy, photo(capture=CAMERA)) == (1, "sharpness")
    assert first_of(replace(noisy, capture=CAMERA), photo(capture=CAMERA)) == (0, "kept bytes")


@pytest.mark.parametrize("quality", [95, 98, 100])
def test_a_quality_that_somebody_chose_is_no_merit(quality: int) -> None:
    scene = jpeg(scenery(480, 320), 85).convert("RGB")
    files = [jpeg_bytes(each, quality) for each in (scene, scene.crop((6, 6, 474, 314)))]
    original = jpeg_bytes(scene, 86)
    photos = [
        Candidate(examined(Image.open(io.BytesIO(file))), len(file), "JPEG")
        for file in (*files, original)
    ]
    assert first_of(photos[1], photos[2]) == (1, "kept bytes")
    assert first_of(photos[0], photos[2])[1] != "kept bytes"


def test_of_as_many_bytes_the_format_that_cameras_write_is_first() -> None:
    found = rank([photo(kind="WebP", size=3_500_000), photo()]).photos[0]
    assert (found.place, found.decided_by) == (1, "kept bytes")
    assert found.reasons[0] == "of a format that cameras write: JPEG against WebP"


# All pixels


def test_a_bright_sky_takes_no_pixels_from_a_photo() -> None:
    bright = photo(light=0.3, size=4_400_000, sharpness=0.4)
    assert first_of(photo(), bright) == (1, "sharpness")
    assert first_of(replace(photo(), size=4_400_000), photo(light=0.3)) == (0, "exposure")

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import rawpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from annclust.images.decode_workers import DecodeWorkers
from annclust.images.decoded_image import UndecodableError
from annclust.images.decoding import decode_view
from annclust.images.formats import RAW, RAW_NEEDS_AN_EXTRA, is_for_want_of_rawpy
from annclust.images.raw_photo import is_rawpy_there
from scripts.faults.hostile.raw_photos import dng
from tests.images.samples import (
    ENOUGH_PIXELS,
    GEOMETRY,
    ONE_WORKER,
    STORED_BY,
    as_stored,
    difference,
    encode,
    job,
    landscape,
    only,
    reason_against,
    seen,
)
from tests.images.test_memory_need import claimed, smooth, taken_for

SENSOR = Image.new("RGB", (480, 320), "red")  # not what the preview shows
PREVIEW = encode(landscape(), "jpg")


def with_preview(preview: bytes = PREVIEW, orientation: int = 1) -> bytes:
    return dng(SENSOR, preview=preview, preview_size=(96, 64), orientation=orientation)


def test_the_preview_is_seen_and_the_size_is_that_of_the_sensor() -> None:
    image = seen(with_preview())
    assert (image.format, image.width, image.height) == (RAW, 480, 320)
    np.testing.assert_array_equal(image.pixels, seen(PREVIEW).pixels)


@pytest.mark.parametrize("orientation", STORED_BY)
def test_how_the_camera_was_held_counts(orientation: int) -> None:
    upright = landscape(64, 96)
    preview = encode(as_stored(upright, orientation), "jpg", quality=98)
    image = seen(dng(SENSOR, preview=preview, preview_size=(96, 64), orientation=orientation))
    assert difference(image.pixels, seen(encode(upright, "png")).pixels) < 3
    assert (image.width > image.height) == (orientation < 5)

    developed = seen(dng(as_stored(upright, orientation), orientation=orientation))
    assert (developed.width, developed.height) == upright.size
    corners = [developed.pixels[y, x].argmax() for y, x in ((0, -1), (-1, 0))]
    assert corners == [0, 1]  # red grows to the right, green downwards


def test_what_the_preview_says_of_itself_counts_more() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 1
    jpeg = encode(landscape(), "jpg", exif=exif)
    preview = jpeg[:2] + jpeg[20:]  # as cameras write it: EXIF first, and no JFIF
    np.testing.assert_array_equal(
        seen(with_preview(preview, orientation=3)).pixels, seen(PREVIEW).pixels
    )


def test_a_photo_without_preview_is_developed() -> None:
    photo = landscape(480, 320)
    image = seen(dng(photo))
    assert (image.format, image.width, image.height) == (RAW, 480, 320)
    middle = slice(4, -4)
    expected = np.asarray(ImageOps.autocontrast(Image.fromarray(seen(encode(photo, "png")).pixels)))
    likeness = np.corrcoef(image.pixels[middle, middle].ravel(), expected[middle, middle].ravel())
    assert likeness[0, 1] > 0.95


def test_a_tiny_preview_does_only_if_there_is_nothing_better() -> None:
    tiny = encode(Image.new("RGB", (24, 16), "blue"), "jpg")
    data = dng(SENSOR, preview=tiny, preview_size=(24, 16))
    assert seen(data).pixels[14, 14].argmax() == 0  # red, as the sensor saw it

    damaged = dng(SENSOR, preview=tiny, preview_size=(24, 16), damaged=True)
    assert seen(damaged).pixels[14, 14].argmax() == 2  # blue
    assert reason_against(dng(SENSOR, damaged=True)).startswith("damaged")


def test_a_preview_that_is_broken_or_no_jpeg_is_passed_over() -> None:
    plain = np.full((64, 96, 3), 200, dtype=np.uint8).tobytes()
    for preview in (plain[:300], plain, b"\xff\xd8\xff" + bytes(500), PREVIEW[:9]):
        for compression in (1, 7):
            data = dng(SENSOR, preview=preview, preview_size=(96, 64), compression=compression)
            assert seen(data).pixels[14, 14].argmax() == 0


def test_gray_photos_are_developed() -> None:
    image = seen(dng(landscape(480, 320), gray=True))
    assert np.ptp(image.pixels.astype(int), axis=2).max() == 0
    assert image.pixels[14, -1, 0] > image.pixels[14, 0, 0]


def test_what_the_sensor_claims_counts_as_pixels() -> None:
    assert "more than the limit" in reason_against(dng(SENSOR), max_pixels=480 * 320 - 1)
    seen(dng(SENSOR))


def test_nobody_claims_twice() -> None:
    tiny = encode(Image.new("RGB", (960, 16), "blue"), "progressive.jpg")
    damaged = dng(SENSOR, preview=tiny, preview_size=(960, 16), damaged=True)
    claims: list[int] = []

    def claim(amount: int) -> bool:
        claims.append(amount)
        return True

    decode_view(damaged, GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=claim)
    assert len(claims) == 1


@pytest.mark.parametrize("act", ["extract_thumb", "postprocess"])
def test_lack_of_memory_is_no_verdict(act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> object:
        raise rawpy.LibRawUnsufficientMemoryError(b"Unsufficient memory")

    tiny = encode(landscape(24, 16), "jpg")

    class Short:
        """A raw photo that takes more memory than there is."""

        def __init__(self, photo: rawpy.RawPy) -> None:
            self._photo = photo

        def __getattr__(self, name: str) -> object:
            return fail if name == act else getattr(self._photo, name)

    imread = rawpy.imread
    monkeypatch.setattr(rawpy, "imread", lambda file: Short(imread(file)))
    with pytest.raises(UndecodableError) as caught:
        seen(dng(SENSOR, preview=tiny, preview_size=(24, 16)))
    assert caught.value.retry


def test_what_developing_takes_is_asked_for_first(tmp_path: Path) -> None:
    with pytest.raises(UndecodableError, match="takes more memory than is allowed"):
        decode_view(dng(SENSOR), GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=lambda _amount: False)
    small, large = (dng(smooth("RGB", side)) for side in (500, 3000))
    assert taken_for(small, large, tmp_path / "photo") < claimed(large) + (12 << 20)


def test_a_preview_with_too_many_pixels_is_refused() -> None:
    assert "more than the limit" in reason_against(with_preview(), max_pixels=6000)


@pytest.mark.parametrize("end", [-200, -2000, 200_000, 300])
def test_a_file_that_was_cut_short_is_told(end: int) -> None:
    reason = reason_against(dng(SENSOR, preview=PREVIEW, preview_size=(96, 64))[:end])
    assert reason.startswith(("truncated ", "damaged "))


@pytest.mark.parametrize(
    "begin", [b"FUJIFILMCCD-RAW 0201", b"II*\0\x10\0\0\0CR\x02\0", b"\0\0\0\x18ftypcrx \0\0\0\x01"]
)
def test_what_is_no_raw_photo_after_all_is_told(begin: bytes) -> None:
    assert reason_against(begin + bytes(5000)) == f"damaged {RAW}, or of an unsupported kind"


def test_without_rawpy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_rawpy_there()
    monkeypatch.setitem(sys.modules, "rawpy", None)
    assert not is_rawpy_there()
    assert reason_against(with_preview()) == RAW_NEEDS_AN_EXTRA
    assert is_for_want_of_rawpy(RAW_NEEDS_AN_EXTRA)
    assert is_for_want_of_rawpy("unsupported format (camera RAW)")  # what versions before said
    assert not is_for_want_of_rawpy("not an image")


def test_workers_read_raw_photos(tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    path.write_bytes(with_preview())
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        result = only(workers.run([job(path)]))
    assert result.image is not None
    assert result.image.format == RAW
    np.testing.assert_array_equal(result.image.pixels, seen(PREVIEW).pixels)


@pytest.mark.parametrize("whole", [with_preview(), dng(SENSOR.resize((48, 32)))])
@given(mutation=st.data())
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_mutilated_file_gives_a_picture_or_a_reason(
    whole: bytes, mutation: st.DataObject
) -> None:
    mutant = bytearray(whole)
    places = st.integers(0, 400) | st.integers(len(whole) - 400, len(whole) - 1)
    for _ in range(mutation.draw(st.integers(1, 4))):
        mutant[mutation.draw(places)] = mutation.draw(st.integers(0, 255))
    try:
        outcome = str(seen(bytes(mutant)).pixels.shape)
    except UndecodableError as error:
        outcome = error.reason
    assert outcome == "(28, 28, 3)" or len(outcome.split()) >= 2

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ExifTags, Image, JpegImagePlugin

from annclust.images.decode_worker import look_for
from annclust.images.decode_workers import DecodeWorkers
from annclust.images.decoded_image import UndecodableError
from annclust.images.decoding import decode_as, decode_view
from annclust.images.memory_need import memory_needed
from annclust.images.picture import FULL, LARGE, PictureWish
from annclust.images.wish import EXAMINATION, VIEW, Wish
from tests.images.samples import ENCODINGS, ENOUGH_PIXELS, GEOMETRY, ONE_WORKER, encode, job, only
from tests.images.watching import peak_memory


def claimed(data: bytes, wish: Wish = VIEW) -> int:
    """What is asked for before a file is decoded."""
    claims: list[int] = []

    def claim(amount: int) -> bool:
        claims.append(amount)
        return True

    decode_as(look_for(wish, GEOMETRY), data, max_pixels=ENOUGH_PIXELS, claim=claim)
    (amount,) = claims
    return amount


def smooth(mode: str, side: int) -> Image.Image:
    """A picture that shrinks well, and takes as much memory as any."""
    ramp = Image.linear_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    return ramp if mode == "L" else Image.merge(mode, [ramp] * len(mode))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("extension", sorted(ENCODINGS.keys() - {"ico"}))
def test_decoding_takes_no_more_than_was_asked_for(
    tmp_path: Path, extension: str, mode: str
) -> None:
    small, large = (encode(smooth(mode, side), extension) for side in (500, 3000))
    assert taken_for(small, large, tmp_path / "photo") < claimed(large) + LIBRARIES


LIBRARIES = 12 << 20
"""What a decoder loads, or keeps, however large a picture is."""


@pytest.mark.parametrize("wish", [LARGE, FULL, EXAMINATION], ids=["large", "full", "examination"])
@pytest.mark.parametrize("extension", ["jpg", "png", "gif", "webp", "heic", "avif"])
def test_nor_does_what_is_made_of_it(tmp_path: Path, extension: str, wish: Wish) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # it must be turned
    held = {"exif": exif} if extension in ("jpg", "png", "webp") else {}
    small, large = (encode(smooth("RGB", side), extension, **held) for side in (500, 3000))
    taken = taken_for(small, large, tmp_path / "photo", wish)
    assert taken < claimed(large, wish) + LIBRARIES


def test_what_is_shrunk_costs_no_more_than_is_shown() -> None:
    giant, shown = (encode(smooth("RGB", side), "jpg") for side in (3000, 1500))
    wish = PictureWish(1500, "JPEG")
    assert claimed(giant, wish) == pytest.approx(claimed(shown, wish), rel=0.01)


def taken_for(small: bytes, large: bytes, path: Path, wish: Wish = VIEW) -> int:
    """Bytes that a worker takes for a large file, beside those of the file and a small one's."""
    asked = replace(job(path), wish=wish)
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        path.write_bytes(small)
        assert only(workers.run([asked])).reason is None
        before = peak_memory(workers.pids[0])
        path.write_bytes(large)
        assert only(workers.run([asked])).reason is None
        return peak_memory(workers.pids[0]) - before - len(large)


def test_what_is_shrunk_while_it_is_read_costs_little() -> None:
    picture = smooth("RGB", 3000)
    assert claimed(encode(picture, "jpg")) < 1 << 20
    assert claimed(encode(picture, "progressive.jpg")) >= 3000 * 3000 * 3


def test_a_scan_for_each_color_takes_as_much_as_a_progressive_one() -> None:
    picture = smooth("RGB", 400)
    apart = encode(picture, "jpg", streamtype=0).replace(  # the scan now claims to be of one color
        b"\xff\xda\x00\x0c\x03", b"\xff\xff\xda\x00\x0c\x01"
    )
    opened = JpegImagePlugin.JpegImageFile(io.BytesIO(encode(picture, "jpg")))
    opened.draft(None, (50, 50))
    together = memory_needed(opened, "JPEG", opened.size, encode(picture, "jpg"))
    assert memory_needed(opened, "JPEG", (400, 400), apart) > 8 * together
    assert memory_needed(opened, "JPEG", (400, 400), apart[:100]) > 8 * together


@pytest.mark.parametrize("mode", ["I;16", "F"])
def test_deep_pixels_cost_more(tmp_path: Path, mode: str) -> None:
    small, large = (
        encode(Image.new(mode, (side, side)), "lzw.tif", strip_size=1 << 30) for side in (100, 2500)
    )
    assert taken_for(small, large, tmp_path / "photo") < claimed(large) + LIBRARIES


def test_who_is_refused_memory_is_told_so() -> None:
    with pytest.raises(UndecodableError) as caught:
        decode_view(
            encode(smooth("L", 50), "png"),
            GEOMETRY,
            max_pixels=ENOUGH_PIXELS,
            claim=lambda _amount: False,
        )
    assert caught.value.reason == "decoding this PNG takes more memory than is allowed"
    assert not caught.value.retry


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Pixel allocation failed: Out of memory"),
        RuntimeError("Memory allocation error: Unspecified: Allocating 199756815 bytes failed"),
        OSError("out of memory when reading image file"),
        MemoryError(),
    ],
)
def test_decoders_that_run_out_of_memory_do_not_blame_the_file(error: Exception) -> None:
    def fail(_amount: int) -> bool:
        raise error

    with pytest.raises(UndecodableError) as caught:
        decode_view(encode(smooth("L", 50), "png"), GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=fail)
    assert caught.value.reason == "there was too little memory to decode this PNG"
    assert caught.value.retry

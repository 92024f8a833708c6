from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from annclust.images.decode_workers import DecodeWorkers
from annclust.images.decoding import UndecodableError, decode_square
from tests.images.samples import ENCODINGS, ENOUGH_PIXELS, GEOMETRY, ONE_WORKER, encode, job, only
from tests.images.watching import peak_memory


def claimed(data: bytes) -> int:
    """What is asked for before a file is decoded."""
    claims: list[int] = []
    decode_square(data, GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=claims.append)
    (claim,) = claims
    return claim


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
    path = tmp_path / "photo"
    with DecodeWorkers(GEOMETRY, ONE_WORKER) as workers:
        path.write_bytes(small)
        assert only(workers.run([job(path)])).image is not None
        before = peak_memory(workers.pids[0])
        path.write_bytes(large)
        assert only(workers.run([job(path)])).image is not None
        taken = peak_memory(workers.pids[0]) - before
    assert taken < claimed(large) + len(large) + (12 << 20)


def test_what_is_shrunk_while_it_is_read_costs_little() -> None:
    picture = smooth("RGB", 3000)
    assert claimed(encode(picture, "jpg")) < 1 << 20
    assert claimed(encode(picture, "progressive.jpg")) >= 3000 * 3000 * 3


def test_deep_pixels_cost_more() -> None:
    deep = encode(Image.new("I;16", (500, 500)), "png")
    assert claimed(deep) > claimed(encode(Image.new("L", (500, 500)), "png"))


def test_who_is_refused_memory_is_told_so() -> None:
    def refuse(_amount: int) -> None:
        raise MemoryError

    with pytest.raises(UndecodableError) as caught:
        decode_square(
            encode(smooth("L", 50), "png"), GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=refuse
        )
    assert caught.value.reason == "decoding this PNG takes more memory than is allowed"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Pixel allocation failed: Out of memory"),
        RuntimeError("Memory allocation error: Unspecified: Allocating 199756815 bytes failed"),
        OSError("out of memory when reading image file"),
    ],
)
def test_decoders_that_run_out_of_memory_do_not_blame_the_file(error: Exception) -> None:
    def fail(_amount: int) -> None:
        raise error

    with pytest.raises(UndecodableError, match="takes more memory than is allowed"):
        decode_square(
            encode(smooth("L", 50), "png"), GEOMETRY, max_pixels=ENOUGH_PIXELS, claim=fail
        )

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annclust.purge.candidate import Candidate
from annclust.purge.framing import with_proven_bars
from annclust.purge.keep_best import rank
from annclust.purge.measures import (
    clipped,
    framed_pixels,
    held_pixels,
    quality,
    shown_pixels,
    size_of,
)
from tests.purge.candidates import CAMERA, candidates, photo


def told(one: Candidate, other: Candidate) -> tuple[str, ...]:
    """Reasons for the first of two, which must be the first in a ranking."""
    ranked = rank([other, one]).photos
    assert ranked[0].place == 1
    return ranked[0].reasons


def test_numbers_are_told_with_as_many_digits_as_tell_them_apart() -> None:
    assert told(photo(size=4_000_000), photo(size=3_999_990)) == (
        "more bytes: 4,000.00 against 3,999.99 kB",
    )


def test_frames_of_the_heaviest_kind_with_fewer_bytes_do_not_claim_more() -> None:
    group = [photo(size=4_000_000), photo(size=3_000_000), photo(size=1_700_000, kind="HEIF")]
    ranked = rank(group).photos
    assert [each.place for each in ranked] == [0, 1, 2]
    assert ranked[1].reasons[0] == "of the format and size of the one that has most in its bytes"


def test_photos_of_two_sizes_are_not_called_sharper() -> None:
    reasons = told(photo(sharpness=0.4), photo(1600, 1200, sharpness=0.2))
    assert not any("sharper" in reason for reason in reasons)


def test_detail_is_not_called_size() -> None:
    reasons = told(photo(), photo(3999, 2999, detail=0.5))
    assert reasons[0] == "more detail: as much as 12 against 6.0 megapixels hold"


def test_what_was_saved_again_is_not_said_to_have_more_bytes() -> None:
    reasons = told(
        photo(jpeg_quality=92.0), photo(size=3_000_000, jpeg_quality=98.0, worn_quality=90.0)
    )
    assert reasons[0] == "the other one was saved again: 98 for pixels of 90 quality"


def test_few_pixels_are_not_told_in_millions() -> None:
    assert told(photo(640, 480), photo(1, 1))[0] == "larger: 307,200 against 1.0 pixels"


def test_what_is_said_beside_a_photo_is_said_of_it() -> None:
    ranked = rank([photo(jpeg_quality=40.0, capture=CAMERA), photo(jpeg_quality=92.0)]).photos
    assert ranked[1].behind == "another one is better: less compressed: quality 92 against 40"
    heif = photo(kind="HEIF", size=1_800_000, capture=CAMERA)
    ranked = rank([photo(jpeg_quality=90.0, capture=CAMERA), heif]).photos
    assert ranked[1].behind.startswith("this one is a JPEG of the moment of a HEIF")


def test_small_differences_are_told_too() -> None:
    frames = [photo(sharpness=each) for each in (0.4, 0.3637, 0.3636)]
    assert rank(frames).photos[1].reasons == ("sharper by 0.03%",)


@pytest.mark.parametrize("unread", [True, False])
def test_only_a_read_camera_is_said_to_have_written(unread: bool) -> None:
    better = photo(capture_read=False) if unread else photo(capture=CAMERA)
    assert ("still has what" in told(better, photo())[0]) is not unread


MEASURES = {
    "larger": lambda photo: held_pixels(photo) / 1e6,
    "more detail": lambda photo: held_pixels(photo) / 1e6,
    "less compressed": quality,
    "more bytes": lambda photo: photo.size / 1e3,
    "without bars and empty corners": lambda photo: framed_pixels(photo) / 1e6,
    "that are not empty, black or white": lambda photo: shown_pixels(photo) / 1e6,
    "cut off to black or white": lambda photo: 100 * clipped(photo),
}
NUMBERS = re.compile(r"([\d.,e+-]+)%? against ([\d.,e+-]+)%?")


@given(st.lists(candidates(), min_size=2, max_size=5))
def test_each_number_is_true_of_the_pair_it_is_said_of(photos: list[Candidate]) -> None:
    framed, ranked = with_proven_bars(photos), rank(photos).photos
    order = [framed[each.place] for each in ranked]
    for at, each in enumerate(ranked[:-1]):
        for reason in each.reasons:
            check(reason, order[at], order[at + 1])
    for each, photo_behind in zip(ranked, order, strict=True):
        check(each.behind, order[0], photo_behind)


def check(reason: str, better: Candidate, worse: Candidate) -> None:
    """Whether what a reason says is so."""
    found = NUMBERS.search(reason)
    if found:
        measure = next(MEASURES[words] for words in MEASURES if words in reason)
        few = 1e6 if reason.endswith((" pixels", " pixels hold")) else 1
        for text, measured in zip(found.groups(), map(measure, (better, worse)), strict=True):
            error = 0.6 if "%" in reason else 0
            number = float(text.replace(",", ""))
            assert number == pytest.approx(few * measured, rel=0.06, abs=error)
        assert found[1] != found[2]
    one, other = better.examination, worse.examination
    by = re.match(r"sharper by (\d+)%", reason)
    assert not by or 100 * (one.sharpness / other.sharpness - 1) == pytest.approx(int(by[1]), abs=1)
    claims = {
        "more bytes": better.size > worse.size,
        "larger": one.pixels > other.pixels,
        "more detail": held_pixels(better) > held_pixels(worse),
        "less compressed": (quality(better) or 0) > (quality(worse) or 0),
        "sharper": one.sharpness > other.sharpness and size_of(better) == size_of(worse),
        "no empty corners": one.wedge == 0 and bool(other.wedge),
        "the other one has empty corners": bool(other.wedge),
        "in color": one.color > other.color,
        "the other one is a PNG": worse.format == "PNG",
        "more in its bytes: JPEG against JPEG": False,
    }
    assert all(so for words, so in claims.items() if reason.startswith(words)), reason

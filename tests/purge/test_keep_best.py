from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annclust.images.capture import Capture
from annclust.purge.candidate import Candidate
from annclust.purge.criteria import Rule
from annclust.purge.keep_best import Ranked, rank
from tests.purge.candidates import BARRED, BARS, CAMERA, OTHER, SECOND, WIDE, candidates, photo


def first_of(*photos: Candidate) -> Ranked:
    """The winner, which must win in whatever order the photos come."""
    forward, backward = rank(photos), rank(photos[::-1])
    assert photos[forward.photos[0].place] == photos[::-1][backward.photos[0].place]
    return forward.photos[0]


# Plain examples: the first of two, the rule and the words


ORIGINAL = photo(jpeg_quality=92.0)

COPIES: dict[str, tuple[Candidate, Rule, str]] = {
    "turned by 8 degrees": (photo(4400, 3500, wedge=0.2), "wedge", "no empty corners"),
    "without colors": (photo(color=1.0), "color", "in color"),
    "smaller": (photo(1600, 1200, 400_000), "pixels", "larger: 12 against 1.9 megapixels"),
    "cropped by half": (photo(2800, 2100, 5_000_000), "pixels", "12 against 5.9 megapixels"),
    "a screenshot with bars": (
        photo(4000, 5000, bars=BARS, thumbnail=BARRED, kind="PNG"),
        "bars",
        "the other one has bars, and shows no more between them",
    ),
    "enlarged": (
        photo(8000, 6000, 9_000_000, detail=0.25),
        "enlarged",
        "enlarged: a smaller one has its detail",
    ),
    "saved again at 60": (photo(jpeg_quality=60.0), "compression", "quality 92 against 60"),
    "saved again at 98": (
        photo(size=9_000_000, jpeg_quality=98.0, worn_quality=90.0),
        "saved again",
        "the other one was saved again: 98 for pixels of 90 quality",
    ),
    "as PNG": (
        photo(size=20_000_000, kind="PNG", worn_quality=92.0),
        "saved again",
        "the other one is a PNG made from a JPEG",
    ),
    "as PNG, without a trace": (photo(size=20_000_000, kind="PNG"), "kept bytes", "JPEG against"),
    "with a margin cut off": (
        photo(3600, 2700, 5_000_000),
        "all pixels",
        "shows more: 12 against 9.7",
    ),
    "with fewer bytes": (
        photo(size=2_000_000, jpeg_quality=92.0),
        "kept bytes",
        "more bytes: 4,000 against 2,000 kB",
    ),
    "unsharp": (photo(sharpness=0.2), "sharpness", "sharper by 50%"),
    "with half a percent fewer": (
        photo(size=3_980_000, jpeg_quality=92.0),
        "bytes",
        "4,000 against 3,980 kB",
    ),
    "blown out": (photo(light=0.08), "exposure", "0% against 8% cut off to black or white"),
    "nearly black": (photo(middle=0.02), "exposure", "nearly all black or white"),
}


@pytest.mark.parametrize("name", COPIES)
def test_the_original_stands_before_a_copy(name: str) -> None:
    copy, rule, words = COPIES[name]
    first = first_of(ORIGINAL, copy)
    assert first.place == 0
    assert first.decided_by == rule
    assert words in first.reasons[0]


def test_what_the_camera_wrote_stands_before_more_bytes() -> None:
    edited = replace(photo(size=9_000_000), capture=ORIGINAL.capture)
    first = first_of(photo(capture=CAMERA), edited)
    assert (first.place, first.decided_by) == (0, "camera")


def test_a_heic_stands_before_the_jpeg_made_from_it_whatever_its_bytes() -> None:
    for size, quality in ((1_500_000, 80.0), (3_000_000, 90.0), (9_000_000, 100.0)):
        exported = photo(size=size, jpeg_quality=quality, capture=CAMERA)
        first = first_of(photo(size=1_800_000, kind="HEIF", capture=CAMERA), exported)
        assert (first.place, first.decided_by) == (0, "export")
        assert first.reasons[0].startswith("the other one is a JPEG")


def test_a_heic_of_another_moment_is_no_source() -> None:
    later = replace(CAMERA, taken_ns=2 * SECOND)
    heic = photo(size=1_800_000, kind="HEIF", capture=later)
    assert first_of(heic, photo(size=9_000_000, capture=CAMERA)).place == 1


def test_a_drawing_as_png_stands_before_a_jpeg_of_it() -> None:
    drawing = photo(size=300_000, kind="PNG")
    assert first_of(drawing, photo(size=900_000, jpeg_quality=80.0, worn_quality=80.0)).place == 0


# Bursts


def test_the_sharpest_frame_of_a_burst_is_first_though_noise_has_more_bytes() -> None:
    burst = [
        photo(size=4_000_000, sharpness=0.20, taken_ns=1 * SECOND),
        photo(size=3_600_000, sharpness=0.30, taken_ns=2 * SECOND),
        photo(size=4_200_000, sharpness=0.15, taken_ns=3 * SECOND),
    ]
    found = rank(burst)
    assert [each.place for each in found.photos] == [1, 0, 2]
    assert found.compared_as == "frames"
    assert found.photos[0].reasons == ("sharper by 50%",)


def test_of_frames_as_sharp_the_better_exposed_is_first() -> None:
    burst = [photo(light=0.07, sharpness=0.31), photo(light=0.0, sharpness=0.30)]
    assert first_of(*burst).place == 1


def test_copies_and_frames_are_told_apart() -> None:
    assert rank([photo(), photo(1600, 1200)]).compared_as == "copies"
    assert rank([photo(), photo(sharpness=0.1)]).compared_as == "frames"
    assert rank([photo(), photo(size=3_900_000)]).compared_as == "copies"
    moved = photo(size=3_900_000, thumbnail=OTHER)
    assert rank([photo(), moved]).compared_as == "frames"
    assert rank([photo()]).compared_as == "copies"


@pytest.mark.parametrize(
    ("seconds", "thumbnail", "compared_as"),
    [
        (3, OTHER, "frames"),
        (3, WIDE, "copies"),
        (0.4, OTHER, "copies"),
        (2 * 3600, OTHER, "copies"),
        (5.5 * 3600 + 0.4, OTHER, "copies"),
    ],
)
def test_frames_are_of_two_times_that_no_program_makes_of_one(
    seconds: float, thumbnail: bytes, compared_as: str
) -> None:
    smaller = photo(1600, 1200, taken_ns=round(seconds * SECOND), thumbnail=thumbnail)
    assert rank([photo(taken_ns=0), smaller]).compared_as == compared_as


# Order


def test_photos_that_nothing_tells_apart_stay_as_given() -> None:
    found = rank([photo(), photo(), photo()])
    assert [each.place for each in found.photos] == [0, 1, 2]
    assert all(each == Ranked(each.place, None, (), "") for each in found.photos)


def test_a_group_of_one_has_no_reasons() -> None:
    assert rank([photo()]).photos == (Ranked(0, None, (), ""),)


def test_the_last_one_knows_why_it_stands_behind_the_first() -> None:
    found = rank([photo(1600, 1200), ORIGINAL, photo(color=1.0)])
    assert [each.place for each in found.photos] == [1, 0, 2]
    assert [each.behind for each in found.photos] == [
        "",
        "another one is better: larger: 12 against 1.9 megapixels",
        "another one is better: in color",
    ]


GROUPS = st.lists(candidates(), min_size=1, max_size=6)


@given(GROUPS, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_photos_come(
    photos: list[Candidate], chance: Random
) -> None:
    shuffled = list(photos)
    chance.shuffle(shuffled)
    assert classes(photos) == classes(shuffled)


def classes(photos: list[Candidate]) -> list[tuple[Rule | None, list[str]]]:
    """What puts photos before the next ones; those that nothing tells apart are together.

    (Reasons name the next one, which may be any of those.)
    """
    ranked = rank(photos).photos
    found: list[tuple[Rule | None, list[str]]] = []
    together: list[str] = []
    for each in ranked:
        together.append(repr(photos[each.place]))
        if each.decided_by or each is ranked[-1]:
            found.append((each.decided_by, sorted(together)))
            together = []
    return found


@given(GROUPS)
def test_every_photo_has_one_place_and_all_but_ties_have_a_reason(photos: list[Candidate]) -> None:
    found = rank(photos).photos
    assert sorted(each.place for each in found) == list(range(len(photos)))
    for each in found:
        assert bool(each.decided_by) == bool(each.reasons)
    assert found[-1].decided_by is None


def original_of(photo: Candidate, quality: float, capture: Capture) -> Candidate:
    """A photo as JPEG, once saved, in all its colors."""
    seen = replace(photo.examination, jpeg_quality=quality, worn_quality=None, color=40.0)
    return replace(photo, examination=seen, format="JPEG", capture=capture)


@given(
    candidates(),
    st.sampled_from([10.0, 20.0, 30.0]),
    st.floats(0.5, 3),
    st.sampled_from([Capture(), CAMERA]),
)
def test_a_ruined_copy_never_wins_however_sharp_its_blocks_are(
    photo: Candidate, quality: float, sharper: float, capture: Capture
) -> None:
    original = original_of(photo, 75.0, capture)
    seen = replace(
        original.examination,
        detail=1.0,
        sharpness=sharper * original.examination.sharpness,
        jpeg_quality=quality,
    )
    assert rank([replace(original, examination=seen), original]).photos[0].place == 1


@given(candidates(), st.sampled_from([60.0, 75.0, 92.0]), candidates())
def test_no_edit_of_its_size_without_a_camera_beats_a_cameras_photo(
    photo: Candidate, quality: float, other: Candidate
) -> None:
    original = original_of(photo, quality, CAMERA)
    seen, own = other.examination, original.examination
    edited = replace(
        own,
        detail=seen.detail,
        sharpness=seen.sharpness,
        dark=seen.dark,
        jpeg_quality=seen.jpeg_quality,
        worn_quality=seen.worn_quality,
    )
    copy = replace(other, examination=edited, capture=Capture(), capture_read=True)
    assume(copy.format != "camera RAW")
    assert rank([copy, original]).photos[0].place == 1


def worse_than(best: Candidate) -> Candidate:
    """A photo that is worse in everything, and stands the same way."""
    seen = best.examination
    worn = [each for each in (seen.jpeg_quality, seen.worn_quality) if each is not None]
    poorer = replace(
        seen,
        width=seen.width - 100,
        height=seen.height - 75,
        detail=seen.detail * 0.9,
        sharpness=seen.sharpness * 0.9,
        light=seen.light + 0.01,
        worn_quality=min([*worn, 90.0]) - 1,
    )
    return replace(best, examination=poorer, size=best.size * 9 // 10)


@given(GROUPS)
def test_one_that_is_worse_in_everything_changes_no_winner(photos: list[Candidate]) -> None:
    winner = photos[rank(photos).photos[0].place]
    more = [*photos, worse_than(winner)]
    assert more[rank(more).photos[0].place] == winner
